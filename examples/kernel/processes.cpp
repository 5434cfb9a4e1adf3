// The process tree on all processors at once: boot, fork, threads, sessions, groups, exit, reparent, wait, reap.
#include "tasks.hpp"

namespace kernel {
namespace {

using procspace::Errno;
using procspace::WaitFlag;

constinit const ThreadHandle* init = nullptr;
// Relaxed, all of them: read when all processors are done.
constinit std::atomic<unsigned> wrong{0};
constinit std::atomic<unsigned> orphans{0};
constinit std::atomic<unsigned> adopted{0}; // orphans that init has reaped

/// For what is checked 50,000 times.
void expect(bool holds) noexcept {
    wrong.fetch_add(holds ? 0 : 1, std::memory_order_relaxed);
}

/// A life: fork, exit, wait.
void live(Thread& shell, int code) noexcept {
    const Process& parent = *shell.process();
    const ThreadHandle thread = clone(shell).value;
    Process& child = *thread->process();
    run(thread.get());
    expect(child.ppid() == parent.pid() && child.pgid() == parent.pgid() && child.sid() == parent.sid());
    expect(thread->exit(code)); // the last one
    child.exit();
    run(&shell);
    const auto report = posix::wait4(shell, static_cast<std::int32_t>(child.pid()), 0);
    expect(report.value.pid == child.pid() && report.value.status.encoded == code);
    expect(child.state() == procspace::ProcessState::reaped && child.parent() == nullptr);
}

/// A job of two in a group of its own; then a session whose leader, of two threads, leaves a child behind.
void job(Thread& shell) noexcept {
    const ThreadHandle first = clone(shell).value, second = clone(shell).value;
    Process &one = *first->process(), &two = *second->process();
    expect(bool(posix::setpgid(one, 0, 0)) && bool(posix::setpgid(two, 0, static_cast<std::int32_t>(one.pid()))));
    expect(two.pgid() == one.pid() && two.sid() == one.sid());
    expect(bool(posix::setsid(two)) && two.pgid() == two.pid() && two.sid() == two.pid());

    const ThreadHandle sibling = clone(*second, as_thread).value, third = clone(*second).value;
    Process& orphan = *third->process();
    expect(sibling->process() == second->process() && two.thread_count() == 2 && orphan.sid() == two.pid());
    run(sibling.get());
    expect(!second->exit(0) && sibling->exit(0)); // it was the last one
    two.exit();
    run(&shell);
    expect(orphan.ppid() == 1 && orphan.parent()->is_init());
    one.exit();
    orphan.exit();
    orphans.fetch_add(1, std::memory_order_relaxed);
    for (int i = 0; i < 2; ++i)
        expect(bool(posix::wait4(shell, -1, 0)));
    expect(posix::wait4(shell, -1, 0).error == Errno::no_child);
}

/// All processors wait for the children of init.
void reap_orphans() noexcept {
    while (posix::wait4(**init, -1, WaitFlag::no_hang).value.pid != 0)
        adopted.fetch_add(1, std::memory_order_relaxed);
}

void lives() noexcept {
    const ThreadHandle shell = clone(**init).value;
    expect(bool(posix::setsid(*shell->process())));
    run(shell.get());
    for (unsigned i = 0; i < 5000 * scale; ++i) {
        live(*shell, static_cast<int>(i % 256));
        if (i % 64 == 0) {
            job(*shell);
            reap_orphans();
        }
    }
    run(nullptr); // first: another processor may reap it at once
    shell->process()->exit();
    orphans.fetch_add(1, std::memory_order_relaxed); // counts as one: it is init's to reap
}

} // namespace

void processes_scene() noexcept {
    Tree tree;
    const ThreadHandle first = boot(tree).value;
    init = &first;
    on_all_processors([] {
        for (unsigned i = 0; i < 100000 * scale; ++i)
            const ThreadHandle copy = *init;
    });
    check(first.use_count() == 1, "a million handles on each processor, and none is left or lost");

    on_all_processors(lives);
    reap_orphans();
    check(wrong.load(std::memory_order_relaxed) == 0, "50,000 lives on each processor go as they should");
    check(adopted.load(std::memory_order_relaxed) == orphans.load(std::memory_order_relaxed),
          "init has reaped each orphan, and once");
    const procspace::TreeCounts counts = tree.counts();
    check(counts.processes == 1 && counts.threads == 1 && counts.groups == 1 && counts.sessions == 1,
          "init is alone in the end");
    check(!procspace::check_invariants(tree), "all rules of the tree hold");
}

} // namespace kernel
