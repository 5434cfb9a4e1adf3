#pragma once
// What orphans a process or a group, and what follows: prctl's two calls, and the rule that stops from the terminal
// mean nothing where nobody could continue.

#include "../fwd.hpp"
#include "../core/result.hpp"
#include "../process/process.hpp"
#include "../process/process_group.hpp"
#include "../process/thread.hpp"
#include "kill.hpp"

namespace procspace {

/// The signals that stop a process unless it does something about them, by Linux's numbers.
struct StopSignal {
    static constexpr int stop = 19;
    static constexpr int tstp = 20;
    static constexpr int ttin = 21;
    static constexpr int ttou = 22;
};

namespace posix {

/// **Returns** whether nobody is left who would continue the stopped members of the caller's group: no member has a
/// parent in another group of the session. **Complexity**: constant. **Thread safety**: takes the tree lock.
/// **Source**: POSIX.1-2017, 3.264 Orphaned Process Group.
template <class Traits>
[[nodiscard]] bool is_orphaned(const BasicProcess<Traits>& process) {
    const auto group = process.group();
    return group == nullptr || group->is_orphaned();
}

/// **Returns** whether the default action of this signal stops the process: always for SIGSTOP, never in an orphaned
/// group or for init for the others. To be asked when the signal is taken, not when it is sent. **Complexity**:
/// constant. **Source**: signal(7); POSIX.1-2017, 2.4.3 Signal Actions; pid_namespaces(7).
template <class Traits>
[[nodiscard]] bool stops_by_default(const BasicProcess<Traits>& process, int signal) {
    if (signal == StopSignal::stop)
        return true;
    return signal >= StopSignal::tstp && signal <= StopSignal::ttou && !process.is_init() && !is_orphaned(process);
}

/// Makes the caller the one to whom its orphaned descendants go, with any `value` but 0, or no longer. Kept by exec,
/// not inherited. Cannot fail. **Source**: prctl(2), PR_SET_CHILD_SUBREAPER.
template <class Traits>
void set_child_subreaper(BasicProcess<Traits>& caller, unsigned long value) {
    caller.set_child_subreaper(value != 0);
}

/// Sets the signal that the process gets when the thread ends whose child it is; 0 for none. Not inherited.
/// **Errors**: invalid (no signal). **Complexity**: constant. **Thread safety**: takes the tree lock.
/// **Source**: prctl(2), PR_SET_PDEATHSIG.
template <class Traits>
[[nodiscard]] Result<void> set_parent_death_signal(BasicThread<Traits>& caller, int signal) {
    if (!is_valid_signal(signal))
        return Errno::invalid;
    caller.set_parent_death_signal(signal);
    return {};
}

} // namespace posix
} // namespace procspace
