#pragma once
// The names of signals and errors, by Linux's numbers.

#include "procspace/core/result.hpp"
#include "procspace/posix/orphan.hpp"

#include <optional>
#include <string>

namespace jobs {

/// Signals that the library itself has no need to know.
struct Key {
    static constexpr int interrupt = 2;                         ///< SIGINT, which ^C sends
    static constexpr int quit = 3;                              ///< SIGQUIT, which ^\ sends
    static constexpr int suspend = procspace::StopSignal::tstp; ///< SIGTSTP, which ^Z sends
};
inline constexpr int sigpipe = 13;
inline constexpr int sigterm = 15;

/// Returns `SIGTSTP` for 20.
std::string signal_name(int signal);
/// Returns 20 for `TSTP`, `SIGTSTP` and `20`.
std::optional<int> signal_number(const std::string& text);
/// Returns `SIGHUP 1, SIGINT 2, ...`.
std::string all_signals();

/// Returns `ESRCH` for Errno::no_process.
std::string error_name(procspace::Errno error);
/// Returns `No such process` for Errno::no_process.
std::string error_text(procspace::Errno error);

/// Returns the number that the whole text is, if it is one from 0 on.
std::optional<int> number_in(const std::string& text);

} // namespace jobs
