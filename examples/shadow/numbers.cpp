#include "numbers.hpp"

#include "proc.hpp"

#include <algorithm>

namespace shadow {

void PidNumbers::learn(pid_t tid, pid_t creator) {
    const std::vector<pid_t> numbers = proc::numbers(tid);
    if (numbers.empty())
        return;
    const std::uint64_t own = proc::namespace_inode(tid, "pid").value_or(0);
    // The names of the namespaces between ours and its own: those of any task at home there, or else the creator's,
    // whose namespace is then the parent of this one's.
    std::vector<Local> path;
    const auto neighbour = std::find_if(known_.begin(), known_.end(), [&](const auto& entry) {
        return own != 0 && entry.second.size() == numbers.size() && entry.second.back().first == own;
    });
    if (neighbour != known_.end())
        path = neighbour->second;
    else if (const auto maker = known_.find(creator); maker != known_.end())
        path = maker->second;
    path.resize(numbers.size());
    for (std::size_t level = 0; level < numbers.size(); ++level)
        path[level].second = numbers[level];
    if (own != 0) // else it has hidden itself, and lives where its creator does
        path.back().first = own;
    for (const Local& local : path)
        by_local_[local] = tid;
    known_[tid] = std::move(path);
}

void PidNumbers::rename(pid_t from, pid_t to) {
    // The thread takes over the leader's number in every namespace: the leader's entry is already the right one.
    if (from != to)
        forget(from);
}

void PidNumbers::forget(pid_t tid) {
    const auto entry = known_.find(tid);
    if (entry == known_.end())
        return;
    for (const Local& local : entry->second)
        if (const auto at = by_local_.find(local); at != by_local_.end() && at->second == tid)
            by_local_.erase(at);
    known_.erase(entry);
}

std::optional<pid_t> PidNumbers::seen_by(pid_t caller, pid_t number) const {
    const auto entry = known_.find(caller);
    if (entry == known_.end() || entry->second.size() == 1)
        return number; // at home where we are
    const auto found = by_local_.find({entry->second.back().first, number});
    return found == by_local_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<pid_t> PidNumbers::told_to(pid_t caller, pid_t tid) const {
    const auto entry = known_.find(caller);
    if (entry == known_.end())
        return std::nullopt;
    if (entry->second.size() == 1 || tid == 0)
        return tid;
    const auto told = known_.find(tid);
    const std::uint64_t home = entry->second.back().first;
    if (home == 0 || told == known_.end())
        return std::nullopt;
    const auto& path = told->second;
    const auto seen = std::find_if(path.begin(), path.end(), [&](const Local& local) { return local.first == home; });
    return seen != path.end() ? seen->second : 0;
}

bool PidNumbers::is_namespace_init(pid_t tid) const {
    const auto entry = known_.find(tid);
    return entry != known_.end() && entry->second.size() > 1 && entry->second.back().second == 1;
}

} // namespace shadow
