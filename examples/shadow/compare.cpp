#include "compare.hpp"

#include "kcmp.hpp"
#include "kernel_view.hpp"
#include "text.hpp"

#include <algorithm>
#include <unordered_map>

namespace shadow {
namespace {

template <class T>
void expect_same(std::vector<Difference>& out, pid_t about, const char* kind, const char* what, const T& library,
                 const T& kernel) {
    if (library != kernel)
        out.push_back({about, join(kind, ' ', about, ": ", what), join(library), join(kernel)});
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

/// Settles whom this comparison asks about.
void Comparer::choose(const TreeView& library, const std::vector<pid_t>& seen) {
    std::set<pid_t> numbers; // of tasks, and of processes
    std::set<pid_t> unmatched(seen.begin(), seen.end());
    for (const ProcessView& process : library) {
        if (unmatched.erase(process.pid) == 0)
            chosen_.insert(process.pid); // the library alone knows it
        numbers.insert(process.pid);
        for (const TaskView& task : process.tasks)
            numbers.insert(task.tid);
    }
    chosen_.insert(unmatched.begin(), unmatched.end());
    complete_ = numbers.size() <= in_turn;
    if (complete_) {
        chosen_.insert(numbers.begin(), numbers.end());
        return;
    }
    auto at = numbers.upper_bound(turn_);
    for (std::size_t n = 0; n < in_turn; ++n, ++at) {
        if (at == numbers.end())
            at = numbers.begin();
        chosen_.insert(next_ = *at);
    }
}

void Comparer::next_turn() {
    turn_ = next_;
}

std::vector<Difference> Comparer::compare(const TreeView& library, const std::vector<pid_t>& seen,
                                          std::set<pid_t> concerned) {
    Differences out;
    chosen_ = std::move(concerned);
    all_.clear();
    compared_.clear();
    choose(library, seen);
    std::set<pid_t> rest = chosen_; // those whom the library does not know
    for (const ProcessView& process : library) {
        bool chosen = rest.erase(process.pid) != 0;
        for (const TaskView& task : process.tasks) {
            chosen = rest.erase(task.tid) != 0 || chosen_.contains(task.tid) || chosen;
            // One that is on its way out has let go of what it shared, in an order of the kernel's own.
            if (!task.leaving)
                all_.push_back(&task);
        }
        if (!chosen)
            continue;
        if (const auto kernel = kernel_view(process.pid, chosen_))
            compare_process(process, *kernel, out);
        else
            out.push_back({process.pid, join("process ", process.pid),
                           join(state_of(process), ", child of ", process.ppid), "no such process"});
    }
    for (const pid_t pid : rest)
        if (std::find(seen.begin(), seen.end(), pid) != seen.end())
            if (const auto kernel = kernel_view(pid, chosen_))
                out.push_back({pid, join("process ", pid), "no such process",
                               join(state_of(*kernel), ", child of ", kernel->ppid)});
    compare_namespaces(out);
    for (const ResourceKind kind : {ResourceKind::fs, ResourceKind::files, ResourceKind::sighand, ResourceKind::vm})
        compare_sharing(kind, out);
    return out;
}

void Comparer::compare_process(const ProcessView& library, const ProcessView& kernel, Differences& out) {
    const auto expect = [&](const char* what, const auto& mine, const auto& theirs) {
        expect_same(out, library.pid, "process", what, mine, theirs);
    };
    expect("parent", library.ppid, kernel.ppid);
    expect("group", library.pgid, kernel.pgid);
    expect("session", library.sid, kernel.sid);
    if (library.terminal_known) {
        expect("terminal", library.terminal.name(), kernel.terminal.name());
        expect("foreground", library.foreground, kernel.foreground);
    }
    expect("state", std::string(state_of(library)), std::string(state_of(kernel)));
    expect("threads", list(tids_of(library)), list(tids_of(kernel)));
    for (const TaskView& mine : library.tasks) {
        const auto theirs = std::find_if(kernel.tasks.begin(), kernel.tasks.end(),
                                         [&](const TaskView& task) { return task.tid == mine.tid; });
        if (theirs == kernel.tasks.end() || !theirs->known || mine.leaving)
            continue;
        compare_task(library.pid, mine, *theirs, out);
        compared_.push_back({&mine, *theirs});
    }
}

void Comparer::compare_task(pid_t pid, const TaskView& library, const TaskView& kernel, Differences& out) {
    const char* kind = library.tid == pid ? "process" : "thread";
    expect_same(out, library.tid, kind, "job control", std::string(library.stopped ? "stopped" : "running"),
                std::string(kernel.stopped ? "stopped" : "running"));
    const auto in_words = [](const Image& image) {
        return join("code at 0x", std::hex, image.start_code, ", stack at 0x", image.start_stack);
    };
    if (library.image != kernel.image)
        out.push_back({library.tid, join(kind, ' ', library.tid, ": program image"), in_words(library.image),
                       in_words(kernel.image)});
}

/// Each namespace has a name in the kernel. The name of one in the library is part of what is shared, so two tasks that
/// share one there have the same name; what is left to see is that two that don't have two.
void Comparer::compare_namespaces(Differences& out) const {
    for_each_resource([&](ResourceKind kind) {
        if (!traits(kind).is_namespace)
            return;
        const auto at = static_cast<std::size_t>(kind);
        std::unordered_map<std::uint64_t, const TaskView*> by_name;
        for (const TaskView* task : all_)
            by_name.try_emplace(task->names[at], task);
        for (const auto& [mine, theirs] : compared_) {
            const TaskView* const namesake = by_name.find(mine->names[at])->second;
            const bool none_yet = mine->resources[at] == 0;
            if (mine->names[at] == theirs.names[at] && (none_yet || namesake->resources[at] == mine->resources[at]))
                continue;
            const std::string subject = join("task ", mine->tid, ": ", traits(kind).name, " namespace");
            if (mine->names[at] == theirs.names[at])
                out.push_back({mine->tid, subject, "not shared", join("shared with ", namesake->tid)});
            else
                out.push_back({mine->tid, subject, none_yet ? "none yet" : join(mine->names[at]),
                               theirs.names[at] == 0 ? "none yet" : join(theirs.names[at])});
        }
    });
}

/// The four that have no names: kcmp(2) tells whether two tasks share them, and in which order the objects stand.
void Comparer::compare_sharing(ResourceKind kind, Differences& out) {
    const auto at = static_cast<std::size_t>(kind);
    const auto compare = [&](pid_t a, pid_t b) { return kcmp::order(static_cast<kcmp::Shared>(at), a, b); };
    const auto before = [&](pid_t a, pid_t b) { return compare(a, b).value_or(-1) < 0; };
    const auto differs = [&](pid_t tid, std::string library, std::string kernel) {
        out.push_back({tid, join("task ", tid, ": ", traits(kind).name), std::move(library), std::move(kernel)});
    };
    // Those stay representatives whose class is the one they stood for; the other classes get a new one.
    std::vector<Representative>& order = order_[at];
    std::unordered_map<pid_t, std::uint64_t> present;
    for (const TaskView* task : all_)
        present[task->tid] = task->resources[at];
    std::unordered_map<std::uint64_t, pid_t> representatives;
    std::erase_if(order, [&](const Representative& each) {
        const auto task = present.find(each.tid);
        return task == present.end() || task->second != each.resource ||
               !representatives.try_emplace(each.resource, each.tid).second;
    });
    std::vector<Representative> to_insert;
    for (const TaskView* task : all_)
        if (representatives.try_emplace(task->resources[at], task->tid).second)
            to_insert.push_back({task->tid, task->resources[at]});
    for (const auto& [mine, theirs] : compared_)
        if (const pid_t first = representatives.find(mine->resources[at])->second;
            first != mine->tid && compare(first, mine->tid).value_or(0) != 0)
            differs(mine->tid, join("shared with ", first), "not shared");
    // Among the representatives each that is asked about must stand between its neighbours.
    std::set<pid_t> displaced;
    for (std::size_t i = 1; i < order.size(); ++i) {
        const std::array pair{order[i - 1].tid, order[i].tid};
        if (std::none_of(pair.begin(), pair.end(), [&](pid_t tid) { return chosen_.contains(tid); }) ||
            before(pair[0], pair[1]))
            continue;
        for (const pid_t tid : pair)
            if (chosen_.contains(tid))
                displaced.insert(tid);
    }
    std::erase_if(order, [&](const Representative& each) {
        if (displaced.contains(each.tid))
            to_insert.push_back(each);
        return displaced.contains(each.tid);
    });
    for (const Representative& each : to_insert) {
        const auto place = std::lower_bound(order.begin(), order.end(), each,
                                            [&](const auto& a, const auto& b) { return before(a.tid, b.tid); });
        if (place != order.end() && compare(each.tid, place->tid) == 0)
            differs(each.tid, "not shared", join("shared with ", place->tid)); // and is to be inserted the next time
        else
            order.insert(place, each);
    }
}

} // namespace shadow
