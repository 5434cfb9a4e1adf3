#pragma once
// Plain values that describe processes: copied under the lock, read without it.

#include "../fwd.hpp"
#include "hosted.hpp"
#include "number_blocks.hpp"

#include <cstdint>
#include <memory>

namespace procspace {

/// What a process is in its life.
enum class ProcessState : unsigned char {
    living, ///< in the tree, may fork
    zombie, ///< has exited, is still in its parent's children
    reaped  ///< in no table; only handles keep it
};

/// A plain record of a process at one moment.
struct ProcessInfo {
    Pid pid;
    Pid ppid;
    Pid pgid;
    Pid sid;
    ProcessState state;
};

/// One process, for ever: the generation is given once per tree and never again, so that a number that is used anew is
/// told from the one of old. Holds nothing and keeps nothing: what a pidfd refers to. ProcessTree::find_process and
/// state_of take it; that it has exited comes as an effect (EffectKind::exited), once, for whoever polls.
struct ProcessId {
    Pid pid = 0;
    std::uint64_t generation = 0; ///< 0: no process

    friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

/// Processor time, in whatever unit the user counts.
struct Usage {
    std::uint64_t user = 0;
    std::uint64_t system = 0;

    Usage& operator+=(const Usage& other) noexcept {
        user += other.user;
        system += other.system;
        return *this;
    }
    friend bool operator==(const Usage&, const Usage&) = default;
};

/// More of a process at one moment.
struct ProcessDetails {
    int exit_signal = 0;            ///< for its parent; 0 for none. What is not SIGCHLD makes it a clone child
    int parent_death_signal = 0;    ///< for itself, when its parent exits; 0 for none
    bool has_execed = false;        ///< a thread of it has called exec; not inherited
    bool has_zombie_leader = false; ///< the thread with its number has exited, and others live
    Usage usage{};
    Usage children_usage{}; ///< of those that were waited for, and of those that they had waited for
};

/// The signals that the tree itself causes, by Linux's numbers. Others are numbers from 1 to 64.
struct Signal {
    static constexpr int none = 0;
    static constexpr int hup = 1;
    static constexpr int kill = 9;
    static constexpr int chld = 17;
    static constexpr int cont = 18;
    static constexpr int highest = 64;
};

/// The place of a process or group in the list of an Effects: the signals that it is to get, as bits from signal 1 on.
struct Posted {
    std::uint64_t signals = 0;
    std::shared_ptr<NumberHook> next{};
};

/// What a parent has declared about the signal SIGCHLD. **Source**: sigaction(2).
struct ChildPolicy {
    bool ignored = false; ///< SIG_IGN: no signal, and children that exit are reaped at once
    bool no_wait = false; ///< SA_NOCLDWAIT: children that exit are reaped at once
    bool no_stop = false; ///< SA_NOCLDSTOP: no signal for children that stop or continue
};

/// What happened to a child.
enum class ChildChange : unsigned char { exited, stopped, continued };

/// One change of one child, as its parent is told of it.
struct ChildEvent {
    ChildChange change = ChildChange::exited;
    Pid pid = 0;
    int status = 0; ///< the exit code, or the signal that stopped it
    Usage usage{};  ///< of the child and of the children it waited for
};

} // namespace procspace
