// The process tree on all processors at once: boot, fork, threads, sessions, groups, exit, reparent, wait, reap.
#include "tasks.hpp"

#include <procspace/debug/invariants.hpp>

namespace kernel {
namespace {

using procspace::WaitSelector;

constinit std::atomic<unsigned> wrong{0};
constinit std::atomic<unsigned> orphans{0};
constinit std::atomic<unsigned> adopted{0}; // orphans that init has reaped

/// For what is checked 50,000 times.
void expect(bool holds) noexcept {
    wrong.fetch_add(holds ? 0 : 1, std::memory_order_relaxed); // read when all processors are done
}

/// A life: fork, a thread, exit, wait.
void live(Process& shell, int code) noexcept {
    const auto child = spawn(shell);
    expect(bool(child));
    Process& process = *child.value;
    switch_to(&process);
    const auto thread = process.new_thread(process.pid()).try_build();
    expect(bool(thread) && thread.value->process().get() == &process);
    expect(process.ppid() == shell.pid() && process.pgid() == shell.pgid() && process.sid() == shell.sid());
    expect(thread.value->exit(code)); // the last one
    process.exit();
    switch_to(&shell);
    const auto answer = procspace::wait_poll(shell, WaitSelector::child(process.pid()));
    expect(answer.outcome == procspace::WaitOutcome::event && answer.event.status == code);
    expect(process.state() == procspace::ProcessState::reaped && process.parent() == nullptr);
}

/// A job of two in a group of its own; then a session whose leader leaves a child behind.
void jobs(Process& shell) noexcept {
    const auto first = spawn(shell);
    const auto second = spawn(shell);
    const auto group = first.value->try_create_group();
    expect(bool(group) && second.value->move_to_group(group.value));
    expect(second.value->pgid() == first.value->pid() && second.value->sid() == shell.sid());
    unsigned members = 0;
    group.value->for_each_process([&](const procspace::ProcessInfo&) { ++members; });
    expect(members == 2);

    const auto session = second.value->try_create_session();
    expect(bool(session) && second.value->sid() == second.value->pid());
    const auto orphan = spawn(*second.value);
    expect(orphan.value->sid() == second.value->pid());
    switch_to(second.value.get());
    second.value->exit();
    switch_to(&shell);
    expect(orphan.value->ppid() == 1 && orphan.value->parent()->is_init());
    first.value->exit();
    orphan.value->exit();
    orphans.fetch_add(1, std::memory_order_relaxed);
    for (int i = 0; i < 2; ++i)
        expect(procspace::wait_poll(shell, WaitSelector::any()).outcome == procspace::WaitOutcome::event);
    expect(procspace::wait_poll(shell, WaitSelector::any()).outcome == procspace::WaitOutcome::no_child);
}

/// Both processors wait for the children of init.
void reap_orphans(Process& init) noexcept {
    while (procspace::wait_poll(init, WaitSelector::any()).outcome == procspace::WaitOutcome::event)
        adopted.fetch_add(1, std::memory_order_relaxed);
}

void lives(unsigned processor) noexcept {
    const ProcessHandle init = system_tree().init();
    const auto shell = spawn(*init);
    expect(bool(shell) && bool(shell.value->try_create_session()));
    switch_to(shell.value.get());
    for (unsigned i = 0; i < 5000 * scale; ++i) {
        live(*shell.value, static_cast<int>(i % 256));
        if (i % 64 == processor) {
            jobs(*shell.value);
            reap_orphans(*init);
        }
    }
    switch_to(nullptr); // first: another processor may reap it at once
    shell.value->exit();
    orphans.fetch_add(1, std::memory_order_relaxed); // counts as one: it is init's to reap
}

} // namespace

void processes_scene() noexcept {
    const ProcessHandle init = system_tree().init();
    const std::size_t before = Heap::live_blocks();
    on_all_processors(lives);
    reap_orphans(*init);
    check(wrong.load(std::memory_order_relaxed) == 0, "50,000 lives on each processor go as they should");
    check(adopted.load(std::memory_order_relaxed) == orphans.load(std::memory_order_relaxed),
          "init has reaped each orphan, and once");
    const procspace::TreeCounts counts = system_tree().counts();
    check(counts.processes == 1 && counts.threads == 0 && counts.groups == 1 && counts.sessions == 1,
          "init is alone in the end");
    unsigned children = 0;
    init->for_each_child([&](const procspace::ProcessInfo&) { ++children; });
    check(children == 0, "and has no children");
    check(!procspace::check_invariants(system_tree()), "all rules of the tree hold");
    check(bool(time_used.try_reset(init->data<Task>()->ns)), "the time of init, which runs no more, goes to the total");
    check(Heap::live_blocks() == before, "processes: nothing is left on the heap");
}

} // namespace kernel
