/// Small helpers for lines of text.
#pragma once

#include <csignal>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <string>
#include <sys/wait.h>

namespace shadow {

template <class... Parts>
std::string join(const Parts&... parts) {
    std::ostringstream out;
    (out << ... << parts);
    return out.str();
}

inline std::string signal_name(int signal) {
    const char* name = ::sigabbrev_np(signal);
    return name != nullptr ? join("SIG", name) : join("signal ", signal);
}

/// What a call returned, as the kernel has it: below 0 is an error.
inline std::string describe_result(std::int64_t result) {
    if (result >= 0)
        return join(result);
    const char* name = ::strerrorname_np(static_cast<int>(-result));
    constexpr int restart = 512; // ERESTARTSYS: repeated after the signal
    return name != nullptr ? name : result == -restart ? "ERESTARTSYS" : join("error ", -result);
}

/// A wait status in words.
inline std::string describe_status(int status) {
    if (WIFSIGNALED(status))
        return join("killed by ", signal_name(WTERMSIG(status)), WCOREDUMP(status) ? ", core dumped" : "");
    return join("status ", WEXITSTATUS(status));
}

/// The words for a terminal's colours; all empty where colour is not wanted.
struct Colours {
    const char* bold = "";
    const char* dim = "";
    const char* good = "";
    const char* bad = "";
    const char* plain = "";

    /// Colour is for terminals, and for people who have not set NO_COLOR.
    static Colours for_stream(int fd);
};

} // namespace shadow
