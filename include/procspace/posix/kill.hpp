#pragma once
// Who gets a signal: the targets of kill and tgkill. Delivery is the user's.

#include "../fwd.hpp"
#include "../core/result.hpp"
#include "../process/effects.hpp"
#include "../process/process_group.hpp"
#include "job_control.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

namespace procspace::posix {

/// Linux's signals are from 1 to this.
inline constexpr int highest_signal = 64;

/// Returns whether a program may name this as a signal: 0 only asks.
[[nodiscard]] constexpr bool is_valid_signal(int signal) noexcept {
    return signal >= 0 && signal <= highest_signal;
}

/// How kill and tgkill look at one target: whether the signal is one, and whether the caller may send it.
/// `may_signal(const std::shared_ptr<Process>& target)` compares credentials; it is not asked for the caller itself,
/// and for SIGCONT only outside of the caller's session. **Source**: kill(2), ERRORS and NOTES.
template <class Traits, class MaySignal>
[[nodiscard]] Errno check_kill_permission(const BasicProcess<Traits>& caller,
                                          const std::shared_ptr<BasicProcess<Traits>>& target, int signal,
                                          MaySignal& may_signal) {
    if (!is_valid_signal(signal))
        return Errno::invalid;
    if (target.get() == &caller || (signal == Signal::cont && target->sid() == caller.sid()))
        return Errno::ok;
    return may_signal(target) ? Errno::ok : Errno::permission;
}

/// Calls `send(const BasicEffect<Traits>&)` for each process that gets the signal, without a lock; zombies are among
/// them, for whom a signal means nothing. `pid` above 0 is the process with this number or with a thread of it, 0 the
/// caller's group, below -1 the group with that number, -1 all but init and the caller.
/// **Errors**: no_process (no such process or group; nobody to signal with -1; the most negative number); invalid (no
/// signal, for the targets there are); permission (for a process, or for all members of a group; never with -1).
/// **Complexity**: linear in the targets, with -1 in the used numbers; no allocation.
/// **Thread safety**: takes the tree lock, for a batch of targets at a time. A signal for a group reaches the child of
/// a concurrent fork, or its parent before it. **Source**: kill(2); POSIX.1-2017, kill.
template <class Traits, class MaySignal, class Send>
[[nodiscard]] Result<void> kill(const BasicProcess<Traits>& caller, std::int32_t pid, int signal,
                                MaySignal&& may_signal, Send&& send) {
    using Process = BasicProcess<Traits>;
    using Look = BasicJobControl<Traits>;
    const auto send_to = [&](const std::shared_ptr<Process>& target) {
        const Errno refusal = check_kill_permission(caller, target, signal, may_signal);
        if (refusal == Errno::ok && signal != Signal::none)
            send(BasicEffect<Traits>{EffectKind::signal, target, target->id(), signal});
        return refusal;
    };

    if (pid > 0) {
        const auto target = Look::find_handle(caller, pid);
        return target != nullptr ? send_to(target) : Errno::no_process;
    }
    if (pid == std::numeric_limits<std::int32_t>::min())
        return Errno::no_process;
    if (pid == -1) {
        Errno answer = Errno::no_process;
        Pid from = 1;
        while (const auto target = Look::next_process(caller, from)) {
            from = target->pid() + 1;
            if (target.get() == &caller || target->is_init())
                continue;
            const Errno refusal = send_to(target);
            if (answer == Errno::no_process || refusal == Errno::invalid)
                answer = refusal == Errno::permission ? Errno::ok : refusal;
        }
        return answer;
    }
    const auto group = pid == 0 ? caller.group() : Look::find_group(caller, static_cast<Pid>(-pid));
    Errno answer = Errno::no_process; // the last error, unless one has got it
    if (group != nullptr)
        group->broadcast([&](const std::shared_ptr<Process>& target) {
            const Errno refusal = send_to(target);
            if (answer != Errno::ok)
                answer = refusal;
        });
    return answer;
}

/// Calls `send(const BasicEffect<Traits>&)` if the thread `tid` of process `tgid` gets the signal: its `tid` names it.
/// **Errors**: invalid (a number below 1; no signal); no_process (no such thread in that process); permission.
/// **Complexity**: constant; no allocation. **Thread safety**: takes the tree lock. **Source**: tgkill(2).
template <class Traits, class MaySignal, class Send>
[[nodiscard]] Result<void> tgkill(const BasicProcess<Traits>& caller, std::int32_t tgid, std::int32_t tid, int signal,
                                  MaySignal&& may_signal, Send&& send) {
    if (tgid <= 0 || tid <= 0)
        return Errno::invalid;
    const auto target = BasicJobControl<Traits>::find_thread(caller, tgid, tid);
    if (target == nullptr)
        return Errno::no_process;
    const Errno refusal = check_kill_permission(caller, target, signal, may_signal);
    if (refusal == Errno::ok && signal != Signal::none)
        send(BasicEffect<Traits>{EffectKind::signal, target, target->id(), signal, static_cast<Pid>(tid)});
    return refusal;
}

} // namespace procspace::posix
