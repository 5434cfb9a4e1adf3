/// One task has a number in its own pid namespace and one in each ancestor of it. What a nested task says and hears
/// (wait's result, setpgid's arguments) is in its own; everything else here is in shadow's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace shadow {

class PidNumbers {
public:
    /// Reads the numbers of a new task; `creator` is the task that made it, 0 for the first.
    /// A number in use is found through its newest owner: the kernel gives a number to one task at a time.
    void learn(pid_t tid, pid_t creator);
    /// An exec moved a task from one number to another.
    void rename(pid_t from, pid_t to);
    void forget(pid_t tid);

    /// The task that `caller` knows as `number`; nothing when there is none.
    std::optional<pid_t> seen_by(pid_t caller, pid_t number) const;

    /// The number by which `caller` is told of a task of ours; 0 for one that it can't see, nothing where that is not
    /// known.
    std::optional<pid_t> told_to(pid_t caller, pid_t tid) const;

    /// Number 1 of a pid namespace inside ours: its end is the end of all others in there.
    bool is_namespace_init(pid_t tid) const;

private:
    using Local = std::pair<std::uint64_t, pid_t>; ///< namespace, number in it

    /// From shadow's namespace inwards.
    std::map<pid_t, std::vector<Local>> known_;
    std::map<Local, pid_t> by_local_;
};

} // namespace shadow
