#include "snapshot.hpp"

#include "proc.hpp"
#include "snapshot_tree.hpp"
#include "text.hpp"

#include <iostream>
#include <memory>
#include <set>
#include <unistd.h>

namespace shadow {
namespace {

constexpr int difference_found = 70;

std::optional<Record> read_record(pid_t pid) {
    const auto stat = proc::stat(pid);
    if (!stat || stat->state == 'X')
        return std::nullopt;
    Record record{.pid = pid,
                  .ppid = stat->ppid,
                  .pgid = stat->pgid,
                  .sid = stat->sid,
                  .zombie = false,
                  .kernel_thread = stat->kernel_thread(),
                  .start_time = stat->start_time,
                  .name = {},
                  .tids = {}};
    if (stat->threads == 1 && !stat->ended())
        record.tids.push_back(pid);
    else
        for (const pid_t tid : proc::tasks(pid))
            if (const auto task = proc::stat(pid, tid); task && !task->ended() && !task->kernel_worker())
                record.tids.push_back(tid);
    record.zombie = record.tids.empty();
    record.name = record.kernel_thread ? "[" + stat->name + "]" : proc::command_line(pid);
    return record;
}

/// Every process, each with a parent that is there too. The kernel goes on while we read: a process whose parent has
/// gone meanwhile has a new one, and is read again.
Records read_all() {
    Records records;
    for (int tries = 0; tries < 100; ++tries) {
        for (const pid_t pid : proc::processes())
            if (!records.contains(pid))
                if (auto record = read_record(pid))
                    records[pid] = std::move(*record);
        std::vector<pid_t> stale;
        for (const auto& [pid, record] : records)
            if (record.ppid != 0 && !records.contains(record.ppid))
                stale.push_back(pid);
        if (stale.empty())
            break;
        for (const pid_t pid : stale)
            records.erase(pid);
    }
    return records;
}

bool same_relations(const Record& a, const Record& b) {
    return a.ppid == b.ppid && a.pgid == b.pgid && a.sid == b.sid && a.zombie == b.zombie && a.tids == b.tids &&
           a.start_time == b.start_time;
}

std::string in_words(const Record& record) {
    std::string threads;
    for (const pid_t tid : record.tids)
        threads += join(" ", tid);
    return join(record.zombie ? "zombie" : "living", ", parent ", record.ppid, ", group ", record.pgid, ", session ",
                record.sid, ", threads", threads);
}

struct Verdict {
    std::vector<std::string> differences;
    unsigned changed = 0; ///< processes that came, went or changed between the two readings
};

Verdict check(const SnapshotTree& tree, const Records& before) {
    Verdict verdict;
    const Records after = read_all();
    for (const auto& [pid, record] : before) {
        const auto now = after.find(pid);
        if (now == after.end() || !same_relations(record, now->second)) {
            ++verdict.changed;
            continue;
        }
        if (!tree.knows(pid)) {
            verdict.differences.push_back(
                join("process ", pid, ": the library says: no such process; the kernel says: ", in_words(record)));
            continue;
        }
        const Record mine = tree.record(record);
        if (!same_relations(mine, record))
            verdict.differences.push_back(
                join("process ", pid, ": the library says: ", in_words(mine), "; the kernel says: ", in_words(record)));
    }
    for (const auto& [pid, record] : after)
        verdict.changed += before.contains(pid) ? 0U : 1U;
    return verdict;
}

void print_forest(const SnapshotTree& tree, const Records& records, const Colours& colours) {
    std::map<pid_t, std::vector<const Record*>> children;
    for (const auto& [pid, record] : records)
        if (tree.knows(pid))
            children[tree.record(record).ppid].push_back(&record);
    struct Place {
        const Record* record;
        std::string indent;
        std::string branch;
    };
    std::vector<Place> stack;
    const auto push_children = [&](pid_t parent, const std::string& indent, bool root) {
        const auto& list = children[parent];
        for (std::size_t i = list.size(); i-- > 0;)
            stack.push_back({list[i], indent, root ? "" : i + 1 == list.size() ? "└─ " : "├─ "});
    };
    push_children(0, "", true);
    while (!stack.empty()) {
        const Place place = std::move(stack.back());
        stack.pop_back();
        const Record mine = tree.record(*place.record);
        std::cout << place.indent << place.branch << colours.bold << mine.pid << colours.plain << ' '
                  << (mine.name.size() > 72 ? mine.name.substr(0, 72) + "..." : mine.name) << colours.dim
                  << "  [session " << mine.sid << (mine.sid == mine.pid ? ", leader" : "") << "] [group " << mine.pgid
                  << (mine.pgid == mine.pid ? ", leader" : "") << ']';
        if (mine.zombie)
            std::cout << " [zombie]";
        if (mine.tids.size() > 1) {
            std::cout << " [threads";
            for (const pid_t tid : mine.tids)
                std::cout << ' ' << tid;
            std::cout << ']';
        }
        std::cout << colours.plain << '\n';
        push_children(mine.pid,
                      place.indent + (place.branch.empty()    ? ""
                                      : place.branch == "└─ " ? "   "
                                                              : "│  "),
                      false);
    }
}

} // namespace

int snapshot() {
    // On a machine that is busy some processes always change between two readings; a quiet moment is worth some tries.
    constexpr int most_tries = 5;
    Records records;
    std::unique_ptr<SnapshotTree> tree;
    Verdict verdict;
    for (int tries = 0; tries < most_tries; ++tries) {
        tree.reset(); // it refers to the records
        records = read_all();
        tree = std::make_unique<SnapshotTree>(records);
        verdict = check(*tree, records);
        if (verdict.changed == 0)
            break;
    }
    const Colours colours = Colours::for_stream(STDOUT_FILENO);
    print_forest(*tree, records, colours);
    std::set<pid_t> groups;
    std::set<pid_t> sessions;
    std::size_t threads = 0;
    for (const auto& [pid, record] : records) {
        groups.insert(record.pgid);
        sessions.insert(record.sid);
        threads += record.tids.size();
    }
    for (const std::string& line : verdict.differences)
        std::cout << colours.bad << "difference " << colours.plain << line << '\n';
    if (verdict.changed != 0)
        std::cout << verdict.changed << " processes came, went or changed while they were read, and are not compared\n";
    std::cout << "processes " << records.size() << ", threads " << threads << ", groups " << groups.size()
              << ", sessions " << sessions.size() << ", differences " << verdict.differences.size() << std::endl;
    return verdict.differences.empty() ? 0 : difference_found;
}

} // namespace shadow
