/// A picture of the tree in the terms in which the library and the kernel can be compared.
#pragma once

#include "event.hpp"
#include "resource_kind.hpp"

#include <array>
#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace shadow {

struct TaskView {
    pid_t tid = 0;
    bool known = true;    ///< false when all that was looked up, or may be, is that it lives
    bool stopped = false; ///< by job control
    bool leaving = false; ///< has let go of its resources: they can't be compared any more
    Image image;
    std::array<std::uint64_t, resource_kinds> resources{}; ///< equal numbers: the same thing
    std::array<std::uint64_t, resource_kinds> names{};     ///< of namespaces, their inode numbers
};

struct ProcessView {
    pid_t pid = 0;
    pid_t ppid = 0;
    pid_t pgid = 0;
    pid_t sid = 0;
    bool zombie = false;
    bool terminal_known = true;  ///< false where strangers may do with the terminal what they like
    Device terminal;             ///< the controlling one
    pid_t foreground = -1;       ///< the group in the foreground there; -1 without a terminal
    std::vector<TaskView> tasks; ///< the living, ascending
};

using TreeView = std::vector<ProcessView>; ///< ascending by pid

} // namespace shadow
