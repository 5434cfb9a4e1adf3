/// Finds where the library and the kernel disagree.
#pragma once

#include "proc.hpp"
#include "view.hpp"

#include <array>
#include <string>
#include <sys/types.h>
#include <vector>

namespace shadow {

struct Difference {
    std::string subject; ///< "process 12: parent"
    std::string library;
    std::string kernel;
};

class Comparer {
public:
    /// Compares every process that either side knows: the mirror by its view, the kernel by the numbers that the tracer
    /// has seen come and not yet go.
    std::vector<Difference> compare(const TreeView& library, const std::vector<pid_t>& seen);

private:
    using Differences = std::vector<Difference>;

    void compare_process(const ProcessView& library, const ProcessView& kernel, Differences& out);
    void compare_task(pid_t pid, const TaskView& library, const TaskView& kernel, Differences& out);
    void compare_namespaces(const std::vector<std::pair<const TaskView*, TaskView>>& tasks, Differences& out) const;
    void compare_sharing(ResourceKind kind, const std::vector<const TaskView*>& tasks, Differences& out);

    /// Tasks in the kernel's order of their objects, as of the last comparison: mostly still right, and then one
    /// kcmp per task proves that no two are the same.
    std::array<std::vector<pid_t>, 4> order_;
    std::vector<std::pair<const TaskView*, TaskView>> living_;
};

} // namespace shadow
