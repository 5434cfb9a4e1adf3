// The POSIX rules: what a shell does with two jobs and a terminal, as a script. In a tree of its own.
#include "tasks.hpp"

#include <procspace/posix/clone.hpp>
#include <procspace/posix/job_control.hpp>
#include <procspace/posix/kill.hpp>
#include <procspace/posix/orphan.hpp>
#include <procspace/posix/terminal.hpp>
#include <procspace/posix/wait.hpp>

namespace kernel {
namespace {

namespace posix = procspace::posix;
using procspace::CloneFlag;
using procspace::Errno;
using procspace::Signal;
using procspace::StopSignal;
using procspace::WaitFlag;
using procspace::WaitStatus;
using Thread = procspace::BasicThread<Traits>;
using Cloned = procspace::BasicCloned<Traits>;
using Effect = procspace::BasicEffect<Traits>;

static_assert(share_files == CloneFlag::files && new_host == CloneFlag::new_uts);

std::int32_t number(const Cloned& task) noexcept {
    return static_cast<std::int32_t>(task.process->pid());
}

/// What a kernel does when a task takes a signal, as far as this script goes.
void take(const Effect& effect) noexcept {
    if (effect.signal == StopSignal::tstp)
        effect.process->stop(effect.signal);
    else if (effect.signal == Signal::cont)
        effect.process->resume();
}

/// Returns how many processes got the signal.
unsigned kill(const Process& caller, std::int32_t pid, int signal) noexcept {
    unsigned sent = 0;
    const auto outcome = posix::kill(
        caller, pid, signal, [](const ProcessHandle&) { return true; },
        [&](const Effect& effect) {
            ++sent;
            take(effect);
        });
    return outcome ? sent : 0;
}

/// Returns how many children have this to tell.
unsigned wait_for(Thread& parent, std::uint32_t options, WaitStatus status) noexcept {
    unsigned told = 0;
    for (;;) {
        const auto report = posix::wait4(parent, -1, options | WaitFlag::no_hang);
        if (!report || report.value.pid == 0)
            return told;
        told += report.value.status == status ? 1 : 0;
    }
}

Cloned clone(Thread& caller, const Namespace& ns, std::uint64_t flags) noexcept {
    auto made = posix::clone(caller, ns, {.flags = flags}, 0, 0);
    check(bool(made), "clone");
    return std::move(made.value);
}

void script() noexcept {
    Tree tree;
    procspace::BasicTerminal<Traits> terminal(tree);
    const Namespace root;
    const ProcessHandle init = tree.new_init(1).build();
    const auto init_thread = init->new_thread(1).build();

    Cloned shell = clone(*init_thread, root, CloneFlag::new_uts);
    check(posix::setsid(*shell.process).value == shell.process->pid(), "setsid: the shell leads a session");
    check(posix::setsid(*shell.process).error == Errno::permission, "setsid: once");
    check(terminal.open(*shell.process), "the terminal becomes that of the session");
    check(posix::setpgid(*shell.process, 0, 0).error == Errno::permission, "setpgid: not for a session leader");

    // A pipeline of two, in the foreground.
    Cloned first = clone(*shell.thread, shell.ns, CloneFlag::files);
    Cloned second = clone(*shell.thread, shell.ns, 0);
    check(&files.get(first.ns) == &files.get(shell.ns) && &files.get(second.ns) != &files.get(shell.ns),
          "clone: CLONE_FILES shares the files");
    check(&host.get(first.ns) == &host.get(shell.ns) && &host.get(shell.ns) != &host.get(root),
          "clone: CLONE_NEWUTS gives a host of its own, which is inherited");
    check(bool(posix::setpgid(*shell.process, number(first), number(first))), "setpgid: a group for the pipeline");
    check(bool(posix::setpgid(*shell.process, number(second), number(first))), "setpgid: joined by the second");
    check(posix::setpgid(*first.process, number(second), 0).error == Errno::no_process, "setpgid: not for a sibling");
    check(terminal.set_foreground(*shell.process, number(first), procspace::TerminalSignal::taken).error == Errno::ok &&
              terminal.foreground_group(*shell.process).value == first.process->pid(),
          "tcsetpgrp: the pipeline is in the foreground");

    // ^Z, then `bg`.
    check(kill(*shell.process, -number(first), StopSignal::tstp) == 2, "kill: both are stopped");
    check(wait_for(*shell.thread, WaitFlag::stopped, WaitStatus::stopped(StopSignal::tstp)) == 2,
          "wait4: and reported");
    check(kill(*shell.process, -number(first), Signal::cont) == 2, "kill: both continue");
    check(wait_for(*shell.thread, WaitFlag::continued, WaitStatus::continued()) == 2, "wait4: and are reported");

    // One of them unshares its host, and takes that of the other back.
    check(bool(posix::unshare(*second.thread, second.ns, CloneFlag::new_uts)) &&
              &host.get(second.ns) != &host.get(first.ns),
          "unshare: a host of its own");
    check(bool(posix::setns(*second.thread, second.ns, first.ns, CloneFlag::new_uts)) &&
              &host.get(second.ns) == &host.get(first.ns),
          "setns: that of another");
    check(posix::setns(*second.thread, second.ns, first.ns, CloneFlag::files).error == Errno::invalid,
          "setns: files are no namespace");

    first.process->group_exit(WaitStatus::killed(Signal::kill).encoded);
    first.process->exit();
    check(wait_for(*shell.thread, 0, WaitStatus::killed(Signal::kill)) == 1, "wait4: one was killed");

    // The shell goes, and its terminal with it.
    check(!posix::is_orphaned(*second.process), "the shell could continue it");
    unsigned hang_ups = 0;
    shell.process->group_exit(WaitStatus::exited(3).encoded);
    shell.process->exit().deliver([&](const Effect& effect) {
        hang_ups += effect.kind == procspace::EffectKind::signal && effect.signal == Signal::hup ? 1 : 0;
    });
    check(hang_ups == 1, "the foreground group is hung up");
    check(posix::is_orphaned(*second.process) && posix::getppid(*second.process) == 1, "what is left is init's");
    check(wait_for(*init_thread, 0, WaitStatus::exited(3)) == 1, "wait4: the shell has exited");
    second.process->exit();
    check(wait_for(*init_thread, 0, WaitStatus::exited(0)) == 1, "wait4: the last one as well");
    check(posix::wait4(*init_thread, -1, WaitFlag::no_hang).error == Errno::no_child, "wait4: nobody is left");
}

} // namespace

void jobs_scene() noexcept {
    const std::size_t before = Heap::live_blocks();
    script();
    check(Heap::live_blocks() == before, "jobs: nothing is left on the heap");
}

} // namespace kernel
