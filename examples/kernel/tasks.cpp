// Tasks: how they are made, how a processor switches between them, and what its timer sees of the one that runs.
#include "tasks.hpp"

namespace kernel {

using procspace::Result;

Result<ThreadHandle> boot(Tree& tree) noexcept {
    auto ns = Namespace::try_create();
    if (!ns)
        return ns.error;
    const auto init = tree.new_init(1).try_build();
    if (!init)
        return init.error;
    *owner.get_mut(ns.value) = init.value->pid();
    return init.value->new_thread(init.value->pid()).data(Task{std::move(ns.value)}).try_build();
}

Result<ThreadHandle> clone(Thread& caller, std::uint64_t flags) noexcept {
    const Namespace& from = caller.data<Task>()->ns;
    auto made = posix::clone(caller, from, {.flags = flags}, procspace::AnyData(), Task());
    if (!made)
        return made.error;
    *owner.get_mut(made.value.ns) = made.value.process->pid(); // fresh in each fork, so that nobody else sees it
    made.value.thread->data<Task>()->ns = std::move(made.value.ns);
    return std::move(made.value.thread);
}

void run(const Thread* thread) noexcept {
    switch_to(thread != nullptr ? &thread->data<Task>()->ns : nullptr, thread);
}

// The fields that need no lock, and a question that takes the lock of the tree.
bool is_possible(const Thread& running) noexcept {
    const Process& process = *running.process();
    const procspace::ProcessInfo info = process.info();
    return info.pid == *owner.current<Traits>() && (info.ppid != 0) == !process.is_init() && info.pgid != 0 &&
           info.sid != 0 && info.state != procspace::ProcessState::reaped && process.exit_code() >= 0 &&
           process.thread_count() <= 2;
}

} // namespace kernel
