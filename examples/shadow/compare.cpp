#include "compare.hpp"

#include "kernel_view.hpp"
#include "text.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace shadow {
namespace {

template <class T>
void expect_same(std::vector<Difference>& out, const std::string& subject, const T& library, const T& kernel) {
    if (library != kernel)
        out.push_back({subject, join(library), join(kernel)});
}

std::string list(const std::vector<pid_t>& tids) {
    std::string out;
    for (const pid_t tid : tids)
        out += join(out.empty() ? "" : " ", tid);
    return out.empty() ? "none" : out;
}

std::vector<pid_t> tids_of(const ProcessView& view) {
    std::vector<pid_t> out;
    for (const TaskView& task : view.tasks)
        out.push_back(task.tid);
    return out;
}

const char* state_of(const ProcessView& view) {
    return view.zombie ? "zombie" : "living";
}

} // namespace

std::vector<Difference> Comparer::compare(const TreeView& library, const std::vector<pid_t>& seen) {
    Differences out;
    living_.clear();
    std::set<pid_t> numbers(seen.begin(), seen.end());
    std::map<pid_t, const ProcessView*> mirrored;
    for (const ProcessView& process : library) {
        numbers.insert(process.pid);
        mirrored[process.pid] = &process;
    }
    for (const pid_t pid : numbers) {
        const auto mine = mirrored.find(pid);
        const auto kernel = kernel_view(pid);
        const std::string subject = join("process ", pid);
        if (mine == mirrored.end()) {
            if (kernel)
                out.push_back({subject, "no such process", join(state_of(*kernel), ", child of ", kernel->ppid)});
        } else if (!kernel) {
            out.push_back(
                {subject, join(state_of(*mine->second), ", child of ", mine->second->ppid), "no such process"});
        } else {
            compare_process(*mine->second, *kernel, out);
        }
    }
    compare_namespaces(living_, out);
    std::vector<const TaskView*> tasks;
    for (const auto& [mine, theirs] : living_)
        tasks.push_back(mine);
    for (const ResourceKind kind : {ResourceKind::fs, ResourceKind::files, ResourceKind::sighand, ResourceKind::vm})
        compare_sharing(kind, tasks, out);
    return out;
}

void Comparer::compare_process(const ProcessView& library, const ProcessView& kernel, Differences& out) {
    const std::string subject = join("process ", library.pid, ": ");
    expect_same(out, subject + "parent", library.ppid, kernel.ppid);
    expect_same(out, subject + "group", library.pgid, kernel.pgid);
    expect_same(out, subject + "session", library.sid, kernel.sid);
    expect_same(out, subject + "state", std::string(state_of(library)), std::string(state_of(kernel)));
    expect_same(out, subject + "threads", list(tids_of(library)), list(tids_of(kernel)));
    for (const TaskView& mine : library.tasks) {
        const auto theirs = std::find_if(kernel.tasks.begin(), kernel.tasks.end(),
                                         [&](const TaskView& task) { return task.tid == mine.tid; });
        // One that is on its way out has let go of what it shared, in an order of the kernel's own.
        if (theirs == kernel.tasks.end() || mine.leaving)
            continue;
        compare_task(library.pid, mine, *theirs, out);
        living_.emplace_back(&mine, *theirs);
    }
}

void Comparer::compare_task(pid_t pid, const TaskView& library, const TaskView& kernel, Differences& out) {
    const std::string subject = library.tid == pid ? join("process ", pid, ": ") : join("thread ", library.tid, ": ");
    expect_same(out, subject + "job control", std::string(library.stopped ? "stopped" : "running"),
                std::string(kernel.stopped ? "stopped" : "running"));
    if (library.image != kernel.image)
        out.push_back(
            {subject + "program image",
             join("code at 0x", std::hex, library.image.start_code, ", stack at 0x", library.image.start_stack),
             join("code at 0x", std::hex, kernel.image.start_code, ", stack at 0x", kernel.image.start_stack)});
}

/// Each namespace has a name in the kernel, so that "the same" can be checked from both sides in one pass: one resource
/// of the library for each inode, one inode for each resource, and the inode is the one it had when it was made.
void Comparer::compare_namespaces(const std::vector<std::pair<const TaskView*, TaskView>>& tasks,
                                  Differences& out) const {
    for_each_resource([&](ResourceKind kind) {
        if (!traits(kind).is_namespace)
            return;
        const auto at = static_cast<std::size_t>(kind);
        std::unordered_map<std::uint64_t, const std::pair<const TaskView*, TaskView>*> by_resource;
        std::unordered_map<std::uint64_t, const std::pair<const TaskView*, TaskView>*> by_inode;
        for (const auto& pair : tasks) {
            const auto& [mine, theirs] = pair;
            const std::string subject = join("task ", mine->tid, ": ", traits(kind).name, " namespace");
            if (mine->names[at] != theirs.names[at]) {
                out.push_back({subject, mine->names[at] == 0 ? "none yet" : join(mine->names[at]),
                               theirs.names[at] == 0 ? "none yet" : join(theirs.names[at])});
                continue;
            }
            if (mine->resources[at] == 0)
                continue; // none yet, on both sides
            const auto resource = by_resource.try_emplace(mine->resources[at], &pair).first->second;
            const auto inode = by_inode.try_emplace(theirs.names[at], &pair).first->second;
            if (resource->second.names[at] != theirs.names[at])
                out.push_back({subject, join("shared with ", resource->first->tid), "not shared"});
            else if (inode->first->resources[at] != mine->resources[at])
                out.push_back({subject, "not shared", join("shared with ", inode->first->tid)});
        }
    });
}

/// The four that have no names: kcmp(2) tells whether two tasks share them, and in which order the objects stand.
void Comparer::compare_sharing(ResourceKind kind, const std::vector<const TaskView*>& tasks, Differences& out) {
    const auto at = static_cast<std::size_t>(kind);
    const auto what = static_cast<proc::Shared>(at);
    const auto subject = [&](pid_t tid) { return join("task ", tid, ": ", traits(kind).name); };
    // One representative for each class of the library; the others must be the kernel's equal of it.
    std::unordered_map<std::uint64_t, pid_t> representative;
    for (const TaskView* task : tasks) {
        const auto [first, fresh] = representative.try_emplace(task->resources[at], task->tid);
        if (!fresh && proc::order(what, first->second, task->tid).value_or(0) != 0)
            out.push_back({subject(task->tid), join("shared with ", first->second), "not shared"});
    }
    // And no two representatives may be equal: they must stand in strictly ascending order.
    std::set<pid_t> missing;
    for (const auto& [resource, tid] : representative)
        missing.insert(tid);
    std::vector<pid_t>& order = order_[at];
    std::erase_if(order, [&](pid_t tid) { return missing.erase(tid) == 0; });
    const auto before = [&](pid_t a, pid_t b) { return proc::order(what, a, b).value_or(-1) < 0; };
    const auto unordered = [&](pid_t a, pid_t b) { return !before(a, b); };
    if (std::adjacent_find(order.begin(), order.end(), unordered) != order.end())
        std::stable_sort(order.begin(), order.end(), before); // one of them has a new object since the last time
    for (const pid_t tid : missing)
        order.insert(std::lower_bound(order.begin(), order.end(), tid, before), tid);
    for (std::size_t i = 1; i < order.size(); ++i)
        if (proc::order(what, order[i - 1], order[i]).value_or(-1) == 0)
            out.push_back({subject(order[i]), "not shared", join("shared with ", order[i - 1])});
}

} // namespace shadow
