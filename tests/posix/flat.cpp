// What an operation costs does not grow with whom it does not concern: the instructions of each are counted in a small
// tree and in a large one. Exact, and independent of the machine's load.

#include <procspace/posix/job_control.hpp>
#include <procspace/posix/kill.hpp>
#include <procspace/posix/wait.hpp>
#include <procspace/process/exec.hpp>
#include <procspace/process/tree.hpp>

#include "support/single_step.hpp"

#include <cstdio>

#if PROCSPACE_CAN_SINGLE_STEP

#include <cstdlib>
#include <iterator>
#include <memory>
#include <thread>
#include <utility>

namespace {

using procspace::Pid;
using support::mark;
using ProcessHandle = std::shared_ptr<procspace::Process>;
using ThreadHandle = std::shared_ptr<procspace::Thread>;
namespace posix = procspace::posix;

constexpr Pid few = 8;
constexpr Pid many = 2'000;

constexpr const char* operations[] = {
    "a thread ends whose siblings have children",
    "the leader execs who has children",
    "another thread execs who has children",
    "a parent leaves the group of its children for a new one",
    "a parent joins a small group of strangers",
    "a parent joins a large group of strangers",
    "a child is moved among its siblings",
    "a parent leaves the session of its children",
    "one process among others is signalled",
    "one child among others is waited for",
    "a clone with CLONE_PARENT",
    "a process exits that has siblings",
};

void need(bool held) {
    if (!held)
        std::_Exit(1);
}

/// A process with children, all of them its leader's.
std::pair<ProcessHandle, ThreadHandle> parent_of(const ProcessHandle& parent, Pid children, bool own_group = false) {
    auto process = parent->fork().build();
    if (own_group)
        process->create_group();
    auto leader = process->new_thread(process->pid()).build();
    for (Pid i = 0; i < children; ++i)
        static_cast<void>(process->fork().build());
    return {process, leader};
}

/// Each operation stands between two marks; what it needs is made before, and what it leaves ends after them.
[[noreturn]] void live(Pid others) {
    std::thread([] {}).join(); // else shared_ptr counts without atomics
    procspace::ProcessTree tree;
    const auto init = tree.new_init(1).build();
    const auto made = parent_of(init, others);
    const ProcessHandle& shell = made.first;
    need(posix::setsid(*shell).value == shell->pid());
    const auto inherit = [&] { return parent_of(shell, others); };
    bool held = true;
    {
        const auto [process, leader] = inherit();
        const auto thread = process->new_thread().build();
        static_cast<void>(process->fork().options({.thread = thread->tid()}).build());
        mark();
        held &= !thread->exit(0);
        mark();
    }
    {
        const auto [process, leader] = inherit();
        mark();
        held &= leader->exec();
        mark();
        const auto thread = process->new_thread().build();
        leader->exit(0);
        mark();
        held &= thread->exec();
        mark();
        held &= thread->tid() == process->pid();
    }
    {
        const auto [process, leader] = inherit();
        mark();
        held &= posix::setpgid(*process, 0, 0).error == procspace::Errno::ok;
        mark();
        const auto stranger = shell->fork().build();
        held &= stranger->create_group() != nullptr;
        mark();
        held &= posix::setpgid(*process, 0, static_cast<std::int32_t>(stranger->pgid())).error == procspace::Errno::ok;
        mark();
    }
    {
        const auto [process, leader] = parent_of(shell, others, true);
        mark();
        held &= posix::setpgid(*process, 0, static_cast<std::int32_t>(shell->pgid())).error == procspace::Errno::ok;
        mark();
    }
    const auto [parent, waiter] = inherit();
    const auto child = parent->children()[others / 2];
    const auto number = static_cast<std::int32_t>(child->pid());
    mark();
    held &= posix::setpgid(*parent, number, 0).error == procspace::Errno::ok;
    mark();
    {
        const auto [process, leader] = inherit();
        mark();
        held &= posix::setsid(*process).value == process->pid();
        mark();
    }
    int sent = 0;
    mark();
    static_cast<void>(posix::kill(
        *shell, number, 15, [](const auto&) { return true; }, [&](const auto&) { ++sent; }));
    mark();
    child->exit();
    mark();
    held &= posix::wait4(*waiter, number, 0).value.pid == child->pid();
    mark();
    const auto caller = parent->children()[others / 4];
    mark();
    const auto sibling = caller->fork().options({.sibling = true}).build();
    mark();
    held &= sibling->parent() == parent;
    mark();
    sibling->exit();
    mark();
    need(held && sent == 1 && sibling->is_zombie());
    std::_Exit(0);
}

/// The instructions of each operation.
struct Counts {
    long instructions[std::size(operations)]{};
    int stretches = 0;

    explicit Counts(Pid others) {
        stretches = support::single_step([others] { live(others); },
                                         [&](int stretch, const support::Tracee&) {
                                             instructions[stretch % static_cast<int>(std::size(operations))] += 1;
                                         });
    }
};

} // namespace

int main() {
    const Counts small(few);
    const Counts large(many);
    if (small.stretches < 0 || large.stretches < 0) {
        std::puts("skipped: ptrace is not to be had here");
        return 77;
    }
    constexpr int all = static_cast<int>(std::size(operations));
    if (small.stretches != all || large.stretches != all) {
        std::printf("an operation was refused: %d and %d of %d were done\n", small.stretches, large.stretches, all);
        return 1;
    }
    // The trees inside are some steps deeper, the heap takes other ways: an instruction for each of them would be seen.
    bool flat = true;
    for (std::size_t i = 0; i < std::size(operations); ++i) {
        const bool passed = large.instructions[i] < small.instructions[i] + many / 10;
        std::printf("%s: %ld instructions with %u others, %ld with %u%s\n", operations[i], small.instructions[i], few,
                    large.instructions[i], many, passed ? "" : ": NOT FLAT");
        flat &= passed;
    }
    return flat ? 0 : 1;
}

#else

int main() {
    std::puts("skipped: only x86-64 under Linux, and without sanitizers, whose code is other code");
    return 77;
}

#endif
