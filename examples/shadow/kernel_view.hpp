/// The kernel's account of the tree, in the same terms as the mirror's.
#pragma once

#include "view.hpp"

#include <optional>
#include <set>
#include <sys/types.h>

namespace shadow {

/// What the kernel tells about one process; nothing when there is none of that number. Of its tasks the `chosen` ones
/// are looked up in full, unless they are hidden. What they share with others through kcmp(2) is not in here: that is a
/// question about two.
std::optional<ProcessView> kernel_view(pid_t pid, const std::set<pid_t>& chosen);

} // namespace shadow
