/// A process tree of the library, built to look like one that the kernel shows.
#pragma once

#include <procspace/procspace.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace shadow {

/// One process as /proc shows it.
struct Record {
    pid_t pid = 0;
    pid_t ppid = 0;
    pid_t pgid = 0;
    pid_t sid = 0;
    bool zombie = false;
    bool kernel_thread = false;
    std::uint64_t start_time = 0;
    std::string name;
    std::vector<pid_t> tids; ///< the living ones
    friend bool operator==(const Record&, const Record&) = default;
};
using Records = std::map<pid_t, Record>;

struct SnapshotData {
    bool placeholder = false;
};
struct SnapshotTraits : procspace::DefaultTraits {
    using Lock = procspace::NullLock; // one thread
    using ProcessData = SnapshotData;
    static constexpr procspace::Pid max_number = 1U << 24; // beyond the kernel's: room for numbers that it never gives
};

/// The library has no door for "a process of that session under this parent": a process belongs to its parent's group
/// when it is born, and changes session only by leading a new one. The kernel has no such door either. So the tree is
/// built by a history that could have led to it: leaders come first, and a process whose parent is of another session
/// is born to a helper in its own, which ends, so that the process goes to the reaper where it belongs.
class SnapshotTree {
public:
    using Traits = SnapshotTraits;
    using Data = SnapshotData;
    using Process = procspace::BasicProcess<Traits>;
    using Handle = std::shared_ptr<Process>;

    explicit SnapshotTree(const Records& records);

    /// What the library says about a process, in the terms of /proc; `name` and the like are copied.
    Record record(const Record& like) const;
    bool knows(pid_t pid) const { return find(pid) != nullptr; }

private:
    Handle find(pid_t pid) const;
    Handle ensure(pid_t pid);
    Handle make(const Record& record);
    Handle leader_of(const Record& record, const Handle& parent);
    Handle born_to_helper(const Handle& parent, const Handle& leader, pid_t pid);
    void enter_group(const Handle& process, const Record& record);
    Handle placeholder(const Handle& parent, pid_t pid);

    mutable procspace::BasicProcessTree<Traits> tree_;
    const Records& records_;
    std::vector<Handle> placeholders_; ///< leaders that are gone, for as long as it takes to build
    std::vector<std::shared_ptr<procspace::BasicThread<Traits>>> threads_;
};

} // namespace shadow
