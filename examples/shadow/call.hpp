/// The system calls that change the process tree, in one form for all architectures.
#pragma once

#include "ptrace.hpp"

#include <cstdint>
#include <optional>
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
        subreaper,      ///< prctl(PR_SET_CHILD_SUBREAPER)
        wait,           ///< wait4
        waitid,         ///< waitid
        sigchld_action, ///< rt_sigaction(SIGCHLD): it decides whether dead children stay as zombies
        kill,           ///< sends SIGKILL, by whichever call
        exit_group,
        deadly_signal, ///< no call: a signal about to be delivered that ends the whole process
    };
    Kind kind = Kind::none;
    std::uint64_t flags = 0;   ///< fork, unshare, setns: CLONE_...; wait, waitid: options
    int exit_signal = 0;       ///< fork
    pid_t pid = 0;             ///< setpgid, in the caller's own numbers
    pid_t pgid = 0;            ///< setpgid
    int fd = -1;               ///< setns
    int signal = 0;            ///< deadly_signal
    bool on = false;           ///< subreaper
    std::uint64_t address = 0; ///< wait: the status; waitid: the siginfo; sigchld_action: the new action; 0 for none

    bool waits() const { return kind == Kind::wait || kind == Kind::waitid; }
    /// It ends only after the other threads of the process have: an exec, and the writing of a core.
    bool waits_for_siblings() const { return kind == Kind::exec || kind == Kind::deadly_signal; }
};

/// The call that begins at this stop, when it is one that changes the tree.
std::optional<Call> tree_changing_call(pid_t tid, const ptrace::SyscallStop& stop);

/// Whether the delivery of this signal ends the process of a task.
bool is_deadly(pid_t tid, int signal);

/// What a successful call to wait or waitid returned: a child that ended and was taken away (as opposed to one that
/// stopped, that goes on, or that was only looked at). In the numbers of the caller's pid namespace.
struct Taken {
    enum class Kind { nothing, child, unknown } kind = Kind::nothing;
    pid_t number = 0; ///< 0 for `unknown` when even that was not told
};
Taken taken_child(pid_t tid, const Call& call, std::int64_t result);

/// The two properties of an action for SIGCHLD that let dead children vanish unreaped.
struct ChildRule {
    bool ignored = false;
    bool no_zombies = false; ///< SA_NOCLDWAIT
};
std::optional<ChildRule> child_rule(pid_t tid, const Call& call);

} // namespace shadow
