/// The system calls that change the process tree or ask about it, in one form for all architectures.
#pragma once

#include "ptrace.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace shadow {

/// One call of a traced task that has begun and not yet returned.
struct Call {
    enum class Kind {
        none,
        fork, ///< fork, vfork, clone, clone3
        exec,
        setsid,
        setpgid,
        unshare,
        setns,
        subreaper,            ///< prctl(PR_SET_CHILD_SUBREAPER)
        wait,                 ///< wait4
        waitid,               ///< waitid
        sigchld_action,       ///< rt_sigaction(SIGCHLD): it decides whether dead children stay as zombies
        kill,                 ///< kill
        tgkill,               ///< tgkill
        other_kill,           ///< sends SIGKILL by any of the other calls
        getsid,               ///< getsid
        getpgid,              ///< getpgid, getpgrp
        getppid,              ///< getppid
        death_signal,         ///< prctl(PR_SET_PDEATHSIG)
        take_terminal,        ///< ioctl(TIOCSCTTY)
        leave_terminal,       ///< ioctl(TIOCNOTTY)
        get_foreground,       ///< ioctl(TIOCGPGRP)
        set_foreground,       ///< ioctl(TIOCSPGRP)
        get_terminal_session, ///< ioctl(TIOCGSID)
        hang_up,              ///< vhangup
        open,                 ///< open, creat, openat, openat2: may give a session leader its terminal
        exit_group,
        deadly_signal, ///< no call: a signal about to be delivered that ends the whole process
    };
    Kind kind = Kind::none;
    std::uint64_t flags = 0;   ///< fork, unshare, setns: CLONE_...; wait, waitid: options; open: O_...
    int exit_signal = 0;       ///< fork
    pid_t pid = 0;             ///< whom it names, in the caller's own numbers; waitid: its id; tgkill: the process
    pid_t pgid = 0;            ///< setpgid
    pid_t tid = 0;             ///< tgkill
    int which = 0;             ///< waitid: P_...
    int fd = -1;               ///< setns, terminals
    int signal = 0;            ///< kill and its kin, death_signal, deadly_signal
    bool on = false;           ///< subreaper
    std::uint64_t address = 0; ///< wait: the status; waitid: the siginfo; sigchld_action: the new action; 0 for none;
                               ///< terminals: the argument

    bool about_terminal() const {
        return kind == Kind::take_terminal || kind == Kind::leave_terminal || kind == Kind::get_foreground ||
               kind == Kind::set_foreground || kind == Kind::get_terminal_session;
    }
    bool waits() const { return kind == Kind::wait || kind == Kind::waitid; }
    bool kills() const; ///< sends SIGKILL
    /// It changes nothing, or nothing that the mirror knows of.
    bool only_asks() const;
    /// The library has a rule for what it returns; waits aside, which have one of their own.
    bool is_predicted() const;
    /// It ends only after the other threads of the process have: an exec, and the writing of a core.
    bool waits_for_siblings() const { return kind == Kind::exec || kind == Kind::deadly_signal; }
};

/// The call that begins at this stop, when it is one that changes the tree or asks about it.
std::optional<Call> followed_call(pid_t tid, const ptrace::SyscallStop& stop);

/// "setpgid(0, 12)"
std::string describe(const Call& call);

/// Whether the delivery of this signal ends the process of a task.
bool is_deadly(pid_t tid, int signal);

/// What a call to wait or waitid told. In the numbers of the caller's pid namespace.
struct Waited {
    enum class Kind {
        nothing, ///< no child, or none to whom something has happened
        ended,
        stopped,
        continued,
        unknown ///< the caller did not want to know
    };
    Kind kind = Kind::nothing;
    pid_t number = 0; ///< 0 for `unknown` when even that was not told
    int status = 0;   ///< as wait4 encodes it; 0 for `unknown`
    bool operator==(const Waited&) const = default;
};
Waited waited_for(pid_t tid, const Call& call, std::int64_t result);

/// The two properties of an action for SIGCHLD that let dead children vanish unreaped.
struct ChildRule {
    bool ignored = false;
    bool no_zombies = false; ///< SA_NOCLDWAIT
};
std::optional<ChildRule> child_rule(pid_t tid, const Call& call);

} // namespace shadow
