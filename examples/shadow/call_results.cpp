/// What a call was, in words, and what it has told its caller.
#include "call.hpp"
#include "text.hpp"

#include <csignal>
#include <ios>
#include <sys/wait.h>

namespace shadow {

std::string describe(const Call& call) {
    switch (call.kind) {
    case Call::Kind::setsid:
        return "setsid()";
    case Call::Kind::setpgid:
        return join("setpgid(", call.pid, ", ", call.pgid, ")");
    case Call::Kind::subreaper:
        return join("prctl(PR_SET_CHILD_SUBREAPER, ", call.on ? 1 : 0, ")");
    case Call::Kind::death_signal:
        return join("prctl(PR_SET_PDEATHSIG, ", call.signal, ")");
    case Call::Kind::wait:
        return join("wait4(", call.pid, ", 0x", std::hex, call.flags, ")");
    case Call::Kind::waitid:
        return join("waitid(", call.which, ", ", call.pid, ", 0x", std::hex, call.flags, ")");
    case Call::Kind::kill:
        return join("kill(", call.pid, ", ", call.signal, ")");
    case Call::Kind::tgkill:
        return join("tgkill(", call.pid, ", ", call.tid, ", ", call.signal, ")");
    case Call::Kind::getsid:
        return join("getsid(", call.pid, ")");
    case Call::Kind::getpgid:
        return join("getpgid(", call.pid, ")");
    case Call::Kind::getppid:
        return "getppid()";
    case Call::Kind::take_terminal:
        return join("ioctl(", call.fd, ", TIOCSCTTY, ", call.address, ")");
    case Call::Kind::leave_terminal:
        return join("ioctl(", call.fd, ", TIOCNOTTY)");
    case Call::Kind::get_foreground:
        return join("ioctl(", call.fd, ", TIOCGPGRP)");
    case Call::Kind::set_foreground:
        return join("ioctl(", call.fd, ", TIOCSPGRP)");
    case Call::Kind::get_terminal_session:
        return join("ioctl(", call.fd, ", TIOCGSID)");
    default:
        return "a call";
    }
}

Waited waited_for(pid_t tid, const Call& call, std::int64_t result) {
    Waited out;
    if (call.kind == Call::Kind::wait) {
        if (result <= 0)
            return {};
        out.number = static_cast<pid_t>(result);
        if (call.address == 0 || !ptrace::read_memory(tid, call.address, &out.status, sizeof out.status))
            out.kind = Waited::Kind::unknown;
        else if (WIFCONTINUED(out.status))
            out.kind = Waited::Kind::continued;
        else
            out.kind = WIFSTOPPED(out.status) ? Waited::Kind::stopped : Waited::Kind::ended;
        return out;
    }
    if (result != 0)
        return {};
    siginfo_t info{};
    if (call.address == 0 || !ptrace::read_memory(tid, call.address, &info, sizeof info))
        return {Waited::Kind::unknown, 0, 0};
    if (info.si_signo != SIGCHLD || info.si_pid == 0)
        return {};
    out.number = info.si_pid;
    switch (info.si_code) {
    case CLD_STOPPED:
        out.kind = Waited::Kind::stopped;
        out.status = info.si_status << 8 | 0x7f;
        break;
    case CLD_CONTINUED:
        out.kind = Waited::Kind::continued;
        out.status = 0xffff;
        break;
    default:
        out.kind = Waited::Kind::ended;
        out.status = ptrace::ended_status(info);
        break;
    }
    return out;
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
