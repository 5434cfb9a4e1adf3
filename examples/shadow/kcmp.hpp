/// kcmp(2): what two tasks share that has no name in /proc.
#pragma once

#include <optional>
#include <sys/types.h>

namespace shadow::kcmp {

enum class Shared { fs, files, sighand, vm };

/// -1, 0 or 1 in the kernel's own order of the two objects; nothing when either task is gone or may not be compared.
std::optional<int> order(Shared what, pid_t a, pid_t b);

} // namespace shadow::kcmp
