#pragma once
// wait4 and waitid: which child a program asks for, and what it is told. They never sleep: "nothing yet" is an answer,
// with a token to sleep by (process/wait.hpp).

#include "../fwd.hpp"
#include "../core/result.hpp"
#include "../process/thread.hpp"
#include "../process/wait.hpp"

#include <cstdint>
#include <limits>

namespace procspace {

/// The status of a child as wait4 encodes it. The exit code of a process that these functions report is such a number:
/// `exit_group(WaitStatus::exited(3).encoded)`. **Source**: wait(2); wait.h of POSIX.1-2017.
struct WaitStatus {
    int encoded = 0;

    [[nodiscard]] static constexpr WaitStatus exited(int code) noexcept { return {(code & 0xff) << 8}; }
    [[nodiscard]] static constexpr WaitStatus killed(int signal, bool core = false) noexcept {
        return {(signal & 0x7f) | (core ? 0x80 : 0)};
    }
    [[nodiscard]] static constexpr WaitStatus stopped(int signal) noexcept { return {(signal & 0xff) << 8 | 0x7f}; }
    [[nodiscard]] static constexpr WaitStatus continued() noexcept { return {0xffff}; }

    [[nodiscard]] constexpr bool is_continued() const noexcept { return encoded == 0xffff; }
    [[nodiscard]] constexpr bool is_stopped() const noexcept { return (encoded & 0xff) == 0x7f && !is_continued(); }
    [[nodiscard]] constexpr bool is_exited() const noexcept { return (encoded & 0x7f) == 0; }
    [[nodiscard]] constexpr bool is_killed() const noexcept { return !is_exited() && !is_stopped() && !is_continued(); }
    /// Returns the exit code, or the signal that stopped it. **Pre**: one of both.
    [[nodiscard]] constexpr int code() const noexcept { return encoded >> 8 & 0xff; }
    /// Returns the signal that killed it. **Pre**: that is what happened.
    [[nodiscard]] constexpr int signal() const noexcept { return encoded & 0x7f; }
    [[nodiscard]] constexpr bool has_core() const noexcept { return is_killed() && (encoded & 0x80) != 0; }

    friend constexpr bool operator==(WaitStatus, WaitStatus) noexcept = default;
};

/// The option bits of wait4 and waitid, by Linux's numbers.
struct WaitFlag {
    static constexpr std::uint32_t no_hang = 1;            ///< WNOHANG
    static constexpr std::uint32_t stopped = 2;            ///< WUNTRACED, WSTOPPED
    static constexpr std::uint32_t exited = 4;             ///< WEXITED
    static constexpr std::uint32_t continued = 8;          ///< WCONTINUED
    static constexpr std::uint32_t no_wait = 0x01000000;   ///< WNOWAIT
    static constexpr std::uint32_t no_thread = 0x20000000; ///< __WNOTHREAD
    static constexpr std::uint32_t all = 0x40000000;       ///< __WALL
    static constexpr std::uint32_t clone = 0x80000000;     ///< __WCLONE
};

/// What waitid's `which` says that its number is.
struct WaitId {
    static constexpr int all = 0;   ///< P_ALL
    static constexpr int pid = 1;   ///< P_PID
    static constexpr int pgid = 2;  ///< P_PGID
    static constexpr int pidfd = 3; ///< P_PIDFD: who has descriptors resolves it, and asks with `pid`
};

/// The answer of wait4 and waitid.
struct WaitReport {
    Pid pid = 0;             ///< the child; 0 if nothing has happened to those who are meant
    WaitStatus status{};     ///< of the child
    Usage usage{};           ///< of the child and of those that it had waited for
    bool blocks = false;     ///< WNOHANG was not among the options: the caller is to sleep, and to ask again
    std::uint64_t token = 0; ///< to sleep by: see WaitAnswer
};

/// What the functions below are made of.
template <class Traits>
struct BasicWaitCall {
    using Claim = BasicWaitClaim<Traits>;

    [[nodiscard]] static Result<WaitReport> ask(BasicThread<Traits>& caller, WaitSelector selector, std::uint32_t flags,
                                                Claim* claim) {
        WaitOptions options;
        options.exited = (flags & WaitFlag::exited) != 0;
        options.stopped = (flags & WaitFlag::stopped) != 0;
        options.continued = (flags & WaitFlag::continued) != 0;
        options.peek = (flags & WaitFlag::no_wait) != 0;
        options.own_children = (flags & WaitFlag::no_thread) != 0;
        options.thread = caller.tid();
        if ((flags & WaitFlag::all) != 0)
            options.clones = CloneChildren::all;
        else if ((flags & WaitFlag::clone) != 0)
            options.clones = CloneChildren::only;
        BasicProcess<Traits>& process = *caller.process();
        const WaitAnswer answer =
            claim != nullptr ? wait_claim(process, selector, options, *claim) : wait_poll(process, selector, options);
        if (answer.outcome == WaitOutcome::no_child)
            return Errno::no_child;
        WaitReport report;
        report.token = answer.token;
        if (answer.outcome == WaitOutcome::none) {
            report.blocks = (flags & WaitFlag::no_hang) == 0;
            return report;
        }
        report.pid = answer.event.pid;
        report.usage = answer.event.usage;
        report.status = status_of(answer.event);
        return report;
    }

    [[nodiscard]] static Result<WaitReport> wait4(BasicThread<Traits>& caller, std::int32_t pid, std::uint32_t options,
                                                  Claim* claim) {
        constexpr std::uint32_t known = WaitFlag::no_hang | WaitFlag::stopped | WaitFlag::continued |
                                        WaitFlag::no_thread | WaitFlag::all | WaitFlag::clone;
        if ((options & ~known) != 0)
            return Errno::invalid;
        if (pid == std::numeric_limits<std::int32_t>::min())
            return Errno::no_process;
        const WaitSelector selector = pid > 0     ? WaitSelector::child(static_cast<Pid>(pid))
                                      : pid == -1 ? WaitSelector::any()
                                      : pid == 0  ? WaitSelector::group(caller.process()->pgid())
                                                  : WaitSelector::group(static_cast<Pid>(-pid));
        return ask(caller, selector, options | WaitFlag::exited, claim);
    }

    [[nodiscard]] static Result<WaitReport> waitid(BasicThread<Traits>& caller, int which, std::int32_t id,
                                                   std::uint32_t options, Claim* claim) {
        constexpr std::uint32_t events = WaitFlag::exited | WaitFlag::stopped | WaitFlag::continued;
        constexpr std::uint32_t known =
            events | WaitFlag::no_hang | WaitFlag::no_wait | WaitFlag::no_thread | WaitFlag::all | WaitFlag::clone;
        if ((options & ~known) != 0 || (options & events) == 0)
            return Errno::invalid;
        if (which == WaitId::all)
            return ask(caller, WaitSelector::any(), options, claim);
        if (which == WaitId::pid && id > 0)
            return ask(caller, WaitSelector::child(static_cast<Pid>(id)), options, claim);
        if (which == WaitId::pgid && id >= 0)
            return ask(caller, WaitSelector::group(id > 0 ? static_cast<Pid>(id) : caller.process()->pgid()), options,
                       claim);
        return which == WaitId::pidfd && id >= 0 ? Errno::bad_file : Errno::invalid;
    }

private:
    [[nodiscard]] static WaitStatus status_of(const ChildEvent& event) noexcept {
        switch (event.change) {
        case ChildChange::stopped:
            return WaitStatus::stopped(event.status);
        case ChildChange::continued:
            return WaitStatus::continued();
        default:
            return {event.status};
        }
    }
};

namespace posix {

/// Asks for a child of the caller's process: `pid` above 0 is the one with this number, -1 any, 0 one of the caller's
/// group, below -1 one of the group with that number. An exit is always waited for, and a child that has exited is
/// reaped; stops and continuations by option, each told once.
/// **Errors**: invalid (unknown option bits); no_process (the most negative number); no_child (no child is meant).
/// **Complexity**: constant for a child by its number; otherwise see wait_poll(). No allocation.
/// **Thread safety**: takes the tree lock; of concurrent callers one gets each change.
/// **Source**: wait4(2), wait(2); POSIX.1-2017, wait.
template <class Traits>
[[nodiscard]] Result<WaitReport> wait4(BasicThread<Traits>& caller, std::int32_t pid, std::uint32_t options) {
    return BasicWaitCall<Traits>::wait4(caller, pid, options, nullptr);
}
/// The same, but a child that has exited is claimed: for who has to hand its status over first, which may fail.
template <class Traits>
[[nodiscard]] Result<WaitReport> wait4(BasicThread<Traits>& caller, std::int32_t pid, std::uint32_t options,
                                       BasicWaitClaim<Traits>& claim) {
    return BasicWaitCall<Traits>::wait4(caller, pid, options, &claim);
}

/// Asks for a child by `which` and `id`: any, the one with this number, or one of a group, 0 being the caller's. Only
/// what the options name is waited for; with WNOWAIT it is left for the next who asks.
/// **Errors**: invalid (unknown option bits; none of WEXITED, WSTOPPED, WCONTINUED; P_PID with a number below 1, P_PGID
/// with one below 0; an unknown `which`); bad_file (P_PIDFD: the tree has no descriptors); no_child (no child is meant;
/// zombies are not, without WEXITED). **Complexity** and **Thread safety**: as wait4(). **Source**: waitid(2).
template <class Traits>
[[nodiscard]] Result<WaitReport> waitid(BasicThread<Traits>& caller, int which, std::int32_t id,
                                        std::uint32_t options) {
    return BasicWaitCall<Traits>::waitid(caller, which, id, options, nullptr);
}
/// The same with a claim.
template <class Traits>
[[nodiscard]] Result<WaitReport> waitid(BasicThread<Traits>& caller, int which, std::int32_t id, std::uint32_t options,
                                        BasicWaitClaim<Traits>& claim) {
    return BasicWaitCall<Traits>::waitid(caller, which, id, options, &claim);
}

} // namespace posix
} // namespace procspace
