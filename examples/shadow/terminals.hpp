/// Terminals, as the files of a traced task lead to them.
#pragma once

#include "call.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace shadow {

/// Which terminal: the slave's where there are two ends.
struct Device {
    std::uint32_t number = 0; ///< in the form of /proc/PID/stat; 0 for none
    auto operator<=>(const Device&) const = default;

    bool is_pseudo() const;
    std::string name() const; ///< "/dev/pts/3", or "tty 4:1" for what is no pseudo-terminal
};

/// What a descriptor of a task leads to.
struct TerminalFile {
    Device device;
    bool master = false;   ///< the other end of a pseudo-terminal
    bool readable = false; ///< opened for reading
    bool hung_up = false;
};
/// Nothing for what is no terminal, or can't be looked at.
std::optional<TerminalFile> terminal_file(pid_t pid, pid_t tid, int fd);

/// What the kernel looks at when a call about a terminal begins, beyond the tree.
struct TerminalUse {
    TerminalFile file;
    std::optional<int> argument;   ///< TIOCSCTTY: its argument; TIOCSPGRP: the number, unless it can't be read
    bool ttou_is_held_off = false; ///< SIGTTOU: blocked by the caller, or ignored
    bool may_steal = false;        ///< CAP_SYS_ADMIN in the first user namespace
};
std::optional<TerminalUse> terminal_use(pid_t pid, pid_t tid, const Call& call);

/// One life of the name of a pseudo-terminal: the next to have its number has another birth.
using NodeBirth = std::optional<std::int64_t>;
/// As a process sees it; nothing when it is not there, or no pseudo-terminal.
NodeBirth node_birth(pid_t pid, Device device);

/// Whether an open just made this the terminal of the opener, by what the caller of open may tell.
struct Opened {
    TerminalFile file;
    bool may_be_taken = false; ///< the opener did not say that it does not want it
};
std::optional<Opened> opened_terminal(pid_t pid, pid_t tid, const Call& call, std::int64_t result);

} // namespace shadow
