#include "call.hpp"

#include "proc.hpp"
#include "text.hpp"

#include <csignal>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
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

Call call_of(Call::Kind kind) {
    Call call;
    call.kind = kind;
    return call;
}

/// Of all signals only SIGKILL takes others out of the stops in which they are held, or out of the middle of a call.
std::optional<Call> other_kill_call(std::uint64_t signal) {
    if (static_cast<int>(signal) != SIGKILL)
        return std::nullopt;
    Call call = call_of(Call::Kind::other_kill);
    call.signal = SIGKILL;
    return call;
}

std::optional<Call> prctl_call(const ptrace::SyscallStop& stop) {
    Call call;
    switch (static_cast<int>(stop.args[0])) {
    case PR_SET_CHILD_SUBREAPER:
        call.kind = Call::Kind::subreaper;
        call.on = stop.args[1] != 0;
        return call;
    case PR_SET_PDEATHSIG:
        call.kind = Call::Kind::death_signal;
        // A whole word: what has bits beyond an int is no signal.
        call.signal = stop.args[1] <= 0xffff ? static_cast<int>(stop.args[1]) : -1;
        return call;
    default:
        return std::nullopt;
    }
}

std::optional<Call> ioctl_call(const ptrace::SyscallStop& stop) {
    Call call;
    switch (stop.args[1] & 0xffffffffU) {
    case TIOCSCTTY:
        call.kind = Call::Kind::take_terminal;
        break;
    case TIOCNOTTY:
        call.kind = Call::Kind::leave_terminal;
        break;
    case TIOCGPGRP:
        call.kind = Call::Kind::get_foreground;
        break;
    case TIOCSPGRP:
        call.kind = Call::Kind::set_foreground;
        break;
    case TIOCGSID:
        call.kind = Call::Kind::get_terminal_session;
        break;
    default:
        return std::nullopt;
    }
    call.fd = static_cast<int>(stop.args[0]);
    call.address = stop.args[2];
    return call;
}

Call open_call(std::uint64_t flags) {
    Call call = call_of(Call::Kind::open);
    call.flags = flags;
    return call;
}

Call openat2_call(pid_t tid, const ptrace::SyscallStop& stop) {
    std::uint64_t flags = 0; // struct open_how begins with them
    return open_call(ptrace::read_memory(tid, stop.args[2], &flags, sizeof flags) ? flags : 0);
}

} // namespace

std::optional<Call> followed_call(pid_t tid, const ptrace::SyscallStop& stop) {
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
        return call_of(Call::Kind::exec);
    case SYS_setsid:
        return call_of(Call::Kind::setsid);
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
        return prctl_call(stop);
    case SYS_ioctl:
        return ioctl_call(stop);
    case SYS_vhangup:
        return call_of(Call::Kind::hang_up);
#ifdef SYS_open
    case SYS_open:
        return open_call(stop.args[1]);
#endif
#ifdef SYS_creat
    case SYS_creat:
        return open_call(O_WRONLY);
#endif
    case SYS_openat:
        return open_call(stop.args[2]);
    case SYS_openat2:
        return openat2_call(tid, stop);
    case SYS_wait4:
        call.kind = Call::Kind::wait;
        call.pid = static_cast<pid_t>(stop.args[0]);
        call.address = stop.args[1];
        call.flags = stop.args[2] & 0xffffffffU;
        return call;
    case SYS_waitid:
        call.kind = Call::Kind::waitid;
        call.which = static_cast<int>(stop.args[0]);
        call.pid = static_cast<pid_t>(stop.args[1]);
        call.address = stop.args[2];
        call.flags = stop.args[3] & 0xffffffffU;
        return call;
    case SYS_getsid:
    case SYS_getpgid:
        call.kind = stop.number == SYS_getsid ? Call::Kind::getsid : Call::Kind::getpgid;
        call.pid = static_cast<pid_t>(stop.args[0]);
        return call;
#ifdef SYS_getpgrp
    case SYS_getpgrp:
        return call_of(Call::Kind::getpgid);
#endif
    case SYS_getppid:
        return call_of(Call::Kind::getppid);
    case SYS_rt_sigaction:
        if (static_cast<int>(stop.args[0]) != SIGCHLD || stop.args[1] == 0)
            return std::nullopt;
        call.kind = Call::Kind::sigchld_action;
        call.address = stop.args[1];
        return call;
    case SYS_kill:
        call.kind = Call::Kind::kill;
        call.pid = static_cast<pid_t>(stop.args[0]);
        call.signal = static_cast<int>(stop.args[1]);
        return call;
    case SYS_tgkill:
        call.kind = Call::Kind::tgkill;
        call.pid = static_cast<pid_t>(stop.args[0]);
        call.tid = static_cast<pid_t>(stop.args[1]);
        call.signal = static_cast<int>(stop.args[2]);
        return call;
    case SYS_tkill:
    case SYS_rt_sigqueueinfo:
    case SYS_pidfd_send_signal:
        return other_kill_call(stop.args[1]);
    case SYS_rt_tgsigqueueinfo:
        return other_kill_call(stop.args[2]);
    case SYS_exit_group:
        return call_of(Call::Kind::exit_group);
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

bool Call::kills() const {
    return (kind == Kind::kill || kind == Kind::tgkill || kind == Kind::other_kill) && signal == SIGKILL;
}

bool Call::only_asks() const {
    return kind == Kind::kill || kind == Kind::tgkill || kind == Kind::getsid || kind == Kind::getpgid ||
           kind == Kind::getppid || kind == Kind::get_foreground || kind == Kind::get_terminal_session;
}

bool Call::is_predicted() const {
    return only_asks() || about_terminal() || kind == Kind::setsid || kind == Kind::setpgid ||
           kind == Kind::subreaper || kind == Kind::death_signal;
}

} // namespace shadow
