/// Finds where the library and the kernel disagree.
///
/// To ask the kernel about one task costs some twenty system calls. A comparison asks about every task that the events
/// since the last one concern, and about some of the others in turn: all of them, as long as there are no more than
/// `in_turn`. So the price of an event has a bound, and yet nothing that lasts stays unseen: a task is compared when it
/// is born, when anything happens to it or by it, at the latest after N / `in_turn` further events, and once more
/// before it ends. Which processes there are, by the library and by what the tracer has seen, is compared each time.
#pragma once

#include "view.hpp"

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace shadow {

struct Difference {
    pid_t about = 0;     ///< the task or process
    std::string subject; ///< "process 12: parent"
    std::string library;
    std::string kernel;
};

class Comparer {
public:
    static constexpr std::size_t in_turn = 16;

    /// `seen`: the processes that the tracer has seen come and not yet go. `concerned`: tasks and processes that must
    /// be among the compared. Asked again before `next_turn`, it compares the same ones.
    std::vector<Difference> compare(const TreeView& library, const std::vector<pid_t>& seen, std::set<pid_t> concerned);
    void next_turn();
    /// Whether the last comparison left nobody out.
    bool was_complete() const { return complete_; }

private:
    using Differences = std::vector<Difference>;
    struct Compared {
        const TaskView* library;
        TaskView kernel;
    };
    struct Representative {
        pid_t tid;
        std::uint64_t resource;
    };

    void choose(const TreeView& library, const std::vector<pid_t>& seen);
    void compare_process(const ProcessView& library, const ProcessView& kernel, Differences& out);
    static void compare_task(pid_t pid, const TaskView& library, const TaskView& kernel, Differences& out);
    void compare_namespaces(Differences& out) const;
    void compare_sharing(ResourceKind kind, Differences& out);

    std::set<pid_t> chosen_;           ///< tasks, and processes with no living task of their number
    std::vector<const TaskView*> all_; ///< of the library: those that can be asked about
    std::vector<Compared> compared_;
    pid_t turn_ = 0; ///< whose turn was last
    pid_t next_ = 0; ///< whose turn is last in this comparison
    bool complete_ = true;

    /// For each kind without names one task of each class that shares, in the kernel's order of the shared objects:
    /// strictly ascending, so that two neighbours are all that a task must be compared with.
    std::array<std::vector<Representative>, 4> order_;
};

} // namespace shadow
