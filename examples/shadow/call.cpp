#include "call.hpp"

#include "proc.hpp"

#include <csignal>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace shadow {
namespace {

constexpr std::uint64_t signal_mask = 0xff; // the low byte of clone's flags is the exit signal

Call fork_call(std::uint64_t flags, int exit_signal) {
    Call call;
    call.kind = Call::Kind::fork;
    call.flags = flags;
    call.exit_signal = exit_signal;
    return call;
}

Call clone3_call(pid_t tid, const ptrace::SyscallStop& stop) {
    clone_args args{};
    // Older callers pass a shorter structure: what it lacks is zero.
    const std::size_t size = stop.args[1] < sizeof args ? static_cast<std::size_t>(stop.args[1]) : sizeof args;
    if (!ptrace::read_memory(tid, stop.args[0], &args, size))
        return fork_call(0, SIGCHLD); // the call will fail with EFAULT
    return fork_call(args.flags, static_cast<int>(args.exit_signal));
}

/// Of all signals only SIGKILL takes others out of the stops in which they are held, or out of the middle of a call.
std::optional<Call> kill_call(std::uint64_t signal) {
    if (static_cast<int>(signal) != SIGKILL)
        return std::nullopt;
    Call call;
    call.kind = Call::Kind::kill;
    return call;
}

} // namespace

std::optional<Call> tree_changing_call(pid_t tid, const ptrace::SyscallStop& stop) {
    if (!stop.native)
        return std::nullopt; // a 32-bit program: its numbers mean other calls
    Call call;
    switch (stop.number) {
#ifdef SYS_fork
    case SYS_fork:
        return fork_call(0, SIGCHLD);
#endif
#ifdef SYS_vfork
    case SYS_vfork:
        return fork_call(CLONE_VM | CLONE_VFORK, SIGCHLD);
#endif
    case SYS_clone:
        return fork_call(stop.args[0] & 0xffffffffU & ~signal_mask, static_cast<int>(stop.args[0] & signal_mask));
    case SYS_clone3:
        return clone3_call(tid, stop);
    case SYS_execve:
    case SYS_execveat:
        call.kind = Call::Kind::exec;
        return call;
    case SYS_setsid:
        call.kind = Call::Kind::setsid;
        return call;
    case SYS_setpgid:
        call.kind = Call::Kind::setpgid;
        call.pid = static_cast<pid_t>(stop.args[0]);
        call.pgid = static_cast<pid_t>(stop.args[1]);
        return call;
    case SYS_unshare:
        call.kind = Call::Kind::unshare;
        call.flags = stop.args[0];
        return call;
    case SYS_setns:
        call.kind = Call::Kind::setns;
        call.fd = static_cast<int>(stop.args[0]);
        call.flags = stop.args[1] & 0xffffffffU;
        return call;
    case SYS_prctl:
        if (static_cast<int>(stop.args[0]) != PR_SET_CHILD_SUBREAPER)
            return std::nullopt;
        call.kind = Call::Kind::subreaper;
        call.on = stop.args[1] != 0;
        return call;
    case SYS_wait4:
        call.kind = Call::Kind::wait;
        call.address = stop.args[1];
        call.flags = stop.args[2];
        return call;
    case SYS_waitid:
        call.kind = Call::Kind::waitid;
        call.address = stop.args[2];
        call.flags = stop.args[3];
        return call;
    case SYS_rt_sigaction:
        if (static_cast<int>(stop.args[0]) != SIGCHLD || stop.args[1] == 0)
            return std::nullopt;
        call.kind = Call::Kind::sigchld_action;
        call.address = stop.args[1];
        return call;
    case SYS_kill:
    case SYS_tkill:
    case SYS_rt_sigqueueinfo:
    case SYS_pidfd_send_signal:
        return kill_call(stop.args[1]);
    case SYS_tgkill:
    case SYS_rt_tgsigqueueinfo:
        return kill_call(stop.args[2]);
    case SYS_exit_group:
        call.kind = Call::Kind::exit_group;
        return call;
    default:
        return std::nullopt;
    }
}

bool is_deadly(pid_t tid, int signal) {
    switch (signal) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return false;
    default:
        return !proc::handles_signal(tid, signal);
    }
}

Taken taken_child(pid_t tid, const Call& call, std::int64_t result) {
    if (call.kind == Call::Kind::wait) {
        if (result <= 0)
            return {};
        const auto number = static_cast<pid_t>(result);
        int status = 0;
        if (call.address == 0 || !ptrace::read_memory(tid, call.address, &status, sizeof status))
            return {Taken::Kind::unknown, number};
        if (WIFEXITED(status) || WIFSIGNALED(status))
            return {Taken::Kind::child, number};
        return {};
    }
    if (result != 0 || (call.flags & WNOWAIT) != 0)
        return {};
    siginfo_t info{};
    if (call.address == 0 || !ptrace::read_memory(tid, call.address, &info, sizeof info))
        return {Taken::Kind::unknown, 0};
    const bool ended = info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
    if (info.si_signo != SIGCHLD || info.si_pid == 0 || !ended)
        return {};
    return {Taken::Kind::child, info.si_pid};
}

std::optional<ChildRule> child_rule(pid_t tid, const Call& call) {
    // What the kernel reads, not what libc declares: the handler and the flags come first on both architectures.
    struct {
        std::uint64_t handler;
        std::uint64_t flags;
    } action{};
    if (!ptrace::read_memory(tid, call.address, &action, sizeof action))
        return std::nullopt;
    constexpr std::uint64_t ignore = 1; // SIG_IGN
    return ChildRule{action.handler == ignore, (action.flags & SA_NOCLDWAIT) != 0};
}

} // namespace shadow
