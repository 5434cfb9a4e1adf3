// Every operation of the process half that examples/kernel uses, or of posix/, once: what its code costs a kernel.
#include "../../examples/kernel/tasks.hpp"

using namespace kernel;
using Group = procspace::BasicProcessGroup<Traits>;
using procspace::WaitSelector;

namespace probe { // not global: hosted headers have names like fork there
void tree_create(void* place) {
    ::new (place) Tree;
}
void tree_destroy(Tree* tree) {
    tree->~Tree();
}
void new_init(Tree& tree, procspace::Result<ProcessHandle>& out) {
    auto made = tree.new_init(1).try_build();
    out.value.swap(made.value);
    out.error = made.error;
}
void fork(Process& parent, procspace::Result<ProcessHandle>& out) {
    auto made = parent.fork().try_build();
    out.value.swap(made.value);
    out.error = made.error;
}
bool fork_in_two_steps(Process& parent) {
    auto prepared = parent.fork().prepare();
    return prepared && prepared.value.publish();
}
void new_thread(Process& process, procspace::Result<std::shared_ptr<Thread>>& out) {
    auto made = process.new_thread().try_build();
    out.value.swap(made.value);
    out.error = made.error;
}
bool thread_exit(Thread& thread) {
    return thread.exit(0);
}
void process_exit(Process& process) {
    process.exit();
}
procspace::WaitAnswer wait(Process& parent) {
    return procspace::wait_poll(parent, WaitSelector::any());
}
bool create_group(Process& process) {
    return bool(process.try_create_group());
}
bool create_session(Process& process) {
    return bool(process.try_create_session());
}
bool move_to_group(Process& process, const std::shared_ptr<Group>& group) {
    return process.move_to_group(group);
}
unsigned members(Group& group) {
    unsigned n = 0;
    group.for_each_process([&](const procspace::ProcessInfo&) { ++n; });
    return n;
}
std::size_t children(Process& process) {
    std::size_t n = 0;
    process.for_each_child([&](const procspace::ProcessInfo&) { ++n; });
    return n;
}
bool has_parent(Process& process) {
    return process.parent() != nullptr;
}
std::size_t processes(Tree& tree) {
    return tree.counts().processes + (tree.init() != nullptr);
}
} // namespace probe
