// The POSIX rules: what a shell does with two jobs and a terminal, as a script. In a tree of its own.
#include "tasks.hpp"

namespace kernel {
namespace {

using procspace::Errno;
using procspace::Signal;
using procspace::StopSignal;
using procspace::WaitFlag;
using procspace::WaitStatus;
using Effect = procspace::BasicEffect<Traits>;

static_assert(share_files == procspace::CloneFlag::files && new_host == procspace::CloneFlag::new_uts);

/// Sends a signal, which is taken at once. Returns how many processes got it.
unsigned kill(const Process& caller, std::int32_t pid, int signal) noexcept {
    unsigned sent = 0;
    const auto may_signal = [](const ProcessHandle&) { return true; };
    const auto send = [&](const Effect& effect) {
        ++sent;
        if (effect.signal == StopSignal::tstp)
            effect.process->stop(effect.signal);
        else if (effect.signal == Signal::cont)
            effect.process->resume();
    };
    return posix::kill(caller, pid, signal, may_signal, send) ? sent : 0;
}

/// Returns how many children have this to tell.
unsigned wait_for(Thread& parent, std::uint32_t options, WaitStatus status) noexcept {
    unsigned told = 0;
    for (;;) {
        const auto report = posix::wait4(parent, -1, options | WaitFlag::no_hang);
        if (report.value.pid == 0)
            return told;
        told += report.value.status == status ? 1 : 0;
    }
}

} // namespace

void jobs_scene() noexcept {
    Tree tree;
    procspace::BasicTerminal<Traits> terminal(tree);
    const ThreadHandle init = boot(tree).value;

    const ThreadHandle shell_thread = clone(*init, new_host).value;
    Process& shell = *shell_thread->process();
    check(posix::setsid(shell).value == shell.pid(), "setsid: the shell leads a session");
    check(terminal.open(shell), "the terminal becomes that of the session");
    check(posix::setpgid(shell, 0, 0).error == Errno::permission, "setpgid: not for a session leader");

    // A pipeline of two, in the foreground.
    const ThreadHandle first = clone(*shell_thread, share_files).value, second = clone(*shell_thread).value;
    Process &one = *first->process(), &two = *second->process();
    const auto pipeline = static_cast<std::int32_t>(one.pid()), other = static_cast<std::int32_t>(two.pid());
    const Namespace &ours = shell_thread->data<Task>()->ns, &its = first->data<Task>()->ns;
    Namespace& others = second->data<Task>()->ns;
    check(&files.get(its) == &files.get(ours) && &files.get(others) != &files.get(ours), "clone: CLONE_FILES");
    check(&host.get(ours) != &host.get(init->data<Task>()->ns), "clone: CLONE_NEWUTS gives a host of its own");
    check(&host.get(its) == &host.get(ours) && &host.get(others) == &host.get(ours), "which is inherited");
    check(bool(posix::setpgid(shell, pipeline, pipeline)), "setpgid: a group for the pipeline");
    check(bool(posix::setpgid(shell, other, pipeline)), "setpgid: joined by the second");
    check(posix::setpgid(one, other, 0).error == Errno::no_process, "setpgid: not for a sibling");
    check(terminal.set_foreground(shell, pipeline, procspace::TerminalSignal::taken) &&
              terminal.foreground_group(shell).value == one.pid(),
          "tcsetpgrp: the pipeline is in the foreground");

    // ^Z, then `bg`.
    check(kill(shell, -pipeline, StopSignal::tstp) == 2, "kill: both are stopped");
    check(wait_for(*shell_thread, WaitFlag::stopped, WaitStatus::stopped(StopSignal::tstp)) == 2, "wait4: is told");
    check(kill(shell, -pipeline, Signal::cont) == 2, "kill: both continue");
    check(wait_for(*shell_thread, WaitFlag::continued, WaitStatus::continued()) == 2, "wait4: is told");

    // One of them unshares its host, and takes that of the other back.
    check(posix::unshare(*second, others, new_host) && &host.get(others) != &host.get(its), "unshare: one of its own");
    check(posix::setns(*second, others, its, new_host) && &host.get(others) == &host.get(its), "setns: the other's");

    one.group_exit(WaitStatus::killed(Signal::kill).encoded);
    one.exit();
    check(wait_for(*shell_thread, 0, WaitStatus::killed(Signal::kill)) == 1, "wait4: one was killed");

    // The shell goes, and its terminal with it.
    check(!posix::is_orphaned(two), "the shell could continue it");
    shell.group_exit(WaitStatus::exited(3).encoded);
    unsigned hang_ups = 0;
    shell.exit().deliver([&](const Effect& effect) { hang_ups += effect.signal == Signal::hup ? 1 : 0; });
    check(hang_ups == 1, "the foreground group is hung up");
    check(posix::is_orphaned(two) && posix::getppid(two) == 1, "what is left is init's");
    check(wait_for(*init, 0, WaitStatus::exited(3)) == 1, "wait4: the shell has exited");
    two.exit();
    check(wait_for(*init, 0, WaitStatus::exited(0)) == 1, "wait4: the last one as well");
    check(posix::wait4(*init, -1, 0).error == Errno::no_child, "wait4: nobody is left");
}

} // namespace kernel
