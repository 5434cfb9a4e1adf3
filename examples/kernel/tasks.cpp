// Tasks: how they are made, how a processor switches between them, and what its timer sees of the one that runs.
#include "tasks.hpp"

namespace kernel {
namespace {

/// The tick's view of the running task: the fields that need no lock, and the lock itself, which this processor may
/// well have been about to take.
void watch(Cpu& cpu) noexcept {
    const auto* const task = static_cast<const Process*>(cpu.running);
    if (task == nullptr)
        return;
    const procspace::ProcessInfo info = task->info();
    const bool parented = info.ppid != 0 || task->is_init();
    const bool possible = info.pid == cpu.owner && parented && info.pgid != 0 && info.sid != 0 &&
                          info.state != procspace::ProcessState::reaped && task->exit_code() >= 0;
    const procspace::TreeCounts counts = system_tree().counts();
    const bool counted = counts.processes >= 1 && counts.groups >= 1 && counts.sessions >= 1;
    cpu.wrong.fetch_add(possible && counted ? 0 : 1, std::memory_order_relaxed); // as all counters of a processor
    cpu.looks.fetch_add(1, std::memory_order_relaxed);
}

} // namespace

Tree& system_tree() noexcept {
    return Tree::default_tree();
}

procspace::Result<ProcessHandle> spawn(Process& parent, std::uint64_t flags) noexcept {
    auto forked = Namespace::try_fork(parent.data<Task>()->ns, flags);
    if (!forked)
        return forked.error;
    auto child = parent.fork().data(Task{std::move(forked.value)}).try_build();
    if (child) // fork has given it a fresh one, which is nobody else's
        *owner.get_mut(child.value->data<Task>()->ns) = child.value->pid();
    return child;
}

void switch_to(Process* task) noexcept {
    const machine::MaskedInterrupts masked; // for the handler all three change at once
    procspace::PerCpuCurrent<Traits>::switch_to(task != nullptr ? &task->data<Task>()->ns : nullptr);
    this_cpu().owner = task != nullptr ? task->pid() : 0;
    this_cpu().running = task;
}

void tasks_scene() noexcept {
    auto made = Namespace::try_create();
    check(bool(made), "init has a namespace");
    *owner.get_mut(made.value) = 1;
    const ProcessHandle init = system_tree().new_init(1).data(Task{std::move(made.value)}).build();
    tick_hook.store(watch, std::memory_order_relaxed); // the tree is there before
    switch_to(init.get());
    check(*owner.current<Traits>() == init->pid(), "init runs");

    const auto child = spawn(*init, share_files | new_host);
    check(bool(child), "init forks");
    check(child.value->parent() == init && child.value->ppid() == 1, "its child is its child");
    const Namespace& ours = init->data<Task>()->ns;
    const Namespace& its = child.value->data<Task>()->ns;
    check(&files.get(ours) == &files.get(its), "clone: with the flag they share the files");
    check(&host.get(ours) != &host.get(its), "clone: and the child has a host of its own");
    switch_to(child.value.get());
    check(*owner.current<Traits>() == child.value->pid(), "the child runs");
    child.value->exit();
    check(child.value->is_zombie(), "it exits");
    switch_to(init.get());
    check(procspace::wait_poll(*init, procspace::WaitSelector::any()).event.pid == child.value->pid(), "and is reaped");
    switch_to(nullptr);
}

} // namespace kernel
