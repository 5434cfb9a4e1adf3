/// What happens to the process tree, one type for each kind of event.
///
/// All numbers are those of shadow's own pid namespace. An event tells what the kernel was asked to do and that it did
/// it; what follows from it (who adopts whom, what is shared with whom) is for the mirror to work out.
#pragma once

#include "resource_kind.hpp"
#include "terminals.hpp"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <utility>
#include <variant>
#include <vector>

namespace shadow {

/// The inode numbers that the kernel gave to some namespaces: names, by which a later setns can be understood.
using NamespaceNames = std::vector<std::pair<ResourceKind, std::uint64_t>>;

/// Where an exec put the program: the fingerprint of a memory image.
struct Image {
    std::uint64_t start_code = 0;
    std::uint64_t start_stack = 0;
    friend bool operator==(const Image&, const Image&) = default;
};

struct Forked { ///< a thread when the flags hold CLONE_THREAD
    pid_t by = 0;
    pid_t child = 0;
    std::uint64_t flags = 0;
    int exit_signal = 0;
    NamespaceNames names; ///< of the namespaces that this fork made
    Image image;          ///< of the command itself only, which has no mirrored parent to copy it from
};
struct Execed {
    pid_t pid = 0;
    pid_t former_tid = 0; ///< differs from pid when a thread other than the leader made the call
    Image image;
    std::string command;
};
struct Exited { ///< one task; the last one ends its process
    pid_t pid = 0;
    pid_t tid = 0;
    int status = 0; ///< as wait4 tells it
};
struct Leaving { ///< a task is on its way out, has let go of its resources, and waits for something
    pid_t tid = 0;
};
struct Reaped {
    pid_t pid = 0;
    pid_t by = 0; ///< 0 when the parent wants no zombies
};
struct SessionMade {
    pid_t pid = 0;
};
struct GroupSet {
    pid_t pid = 0;
    pid_t pgid = 0;
};
struct Unshared {
    pid_t tid = 0;
    std::uint64_t flags = 0;
    NamespaceNames names;
};
struct Entered { ///< setns
    pid_t tid = 0;
    NamespaceNames targets;
};
struct SubreaperSet {
    pid_t pid = 0;
    bool on = false;
};
struct ChildRuleSet { ///< whether dead children stay as zombies
    pid_t tid = 0;
    bool ignored = false;
    bool no_zombies = false;
};
struct Stopped { ///< job control
    pid_t tid = 0;
    int signal = 0;
    bool beside_a_death = false; ///< which was under way, and may have come before
};
struct Continued {
    pid_t tid = 0;
};

struct TerminalTaken { ///< as the controlling one of the session that the process leads
    pid_t pid = 0;
    Device device;
};
struct TerminalLeft { ///< by a leader for the whole session
    pid_t pid = 0;
};
struct ForegroundSet {
    pid_t pid = 0;
    pid_t pgid = 0;
};
struct HungUp {
    Device device;
};

using Event =
    std::variant<Forked, Execed, Exited, Leaving, Reaped, SessionMade, GroupSet, Unshared, Entered, SubreaperSet,
                 ChildRuleSet, Stopped, Continued, TerminalTaken, TerminalLeft, ForegroundSet, HungUp>;

/// The tasks and processes that an event is about.
std::vector<pid_t> subjects(const Event& event);

/// One line for people: "fork 100 -> 101".
std::string describe(const Event& event);

} // namespace shadow
