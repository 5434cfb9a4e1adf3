#pragma once
// TerminalLink: what a session and its controlling terminal know of each other. The rules are in posix/terminal.hpp.

#include "../fwd.hpp"

#include <cstdint>

namespace procspace {

/// A group as a terminal names it: by a number that it keeps when the group has gone. A group that is made with the
/// number later, by another process, is not meant.
struct Foreground {
    Pid pgid = 0;            ///< 0 for none
    std::uint64_t stamp = 0; ///< the tree's latest generation when the number was set
};

/// The tree's part of a terminal. Guarded by the tree lock.
template <class Traits>
struct BasicTerminalLink {
    BasicSession<Traits>* session = nullptr;
    Foreground foreground{};
};

} // namespace procspace
