/// The kernel's numbers in the library's terms and back.
#pragma once

#include <procspace/procspace.hpp>

#include <cstdint>
#include <sys/types.h>

namespace shadow {

// Numbers that no process of this machine has: the kernel's own limit is 2^22.
constexpr procspace::Pid nobodys_number = 1U << 23;
/// For 0, which is no number to the library: the kernel's name for all that is outside of a pid namespace, such as the
/// session and the group of a process that was the first in a namespace and made neither of its own.
constexpr procspace::Pid outside_number = nobodys_number + 1;

inline procspace::Pid number(pid_t pid) {
    return pid != 0 ? static_cast<procspace::Pid>(pid) : outside_number;
}
inline pid_t kernel_number(procspace::Pid pid) {
    return pid != outside_number ? static_cast<pid_t>(pid) : 0;
}

/// An error as a call returns it; 0 for none.
inline std::int64_t failure(procspace::Errno error) {
    return -static_cast<std::int64_t>(error);
}

} // namespace shadow
