#include "snapshot_tree.hpp"

#include "library_number.hpp"

namespace shadow {
SnapshotTree::SnapshotTree(const Records& records) : records_(records) {
    // Number 0 is what the kernel calls everything outside: the parent of init, and of the kernel's own threads.
    placeholders_.push_back(tree_.new_init(outside_number).data(Data{true}).build());
    for (const auto& [pid, record] : records)
        ensure(pid);
    for (const auto& [pid, record] : records) {
        const Handle process = find(pid);
        if (process == nullptr)
            continue;
        if (record.zombie) {
            process->exit();
            continue;
        }
        for (const pid_t tid : record.tids)
            if (auto thread = process->new_thread(number(tid)).try_build())
                threads_.push_back(std::move(thread.value));
    }
    // Groups and sessions outlive their leaders as long as they have members.
    for (std::size_t i = placeholders_.size(); i-- > 1;) {
        placeholders_[i]->exit();
        placeholders_[i]->free();
    }
}

Record SnapshotTree::record(const Record& like) const {
    Record out = like;
    const Handle process = find(like.pid);
    out.ppid = kernel_number(process->ppid());
    out.pgid = kernel_number(process->pgid());
    out.sid = kernel_number(process->sid());
    out.zombie = process->is_zombie();
    out.tids.clear();
    process->for_each_thread([&](procspace::Pid tid) { out.tids.push_back(static_cast<pid_t>(tid)); });
    return out;
}

SnapshotTree::Handle SnapshotTree::find(pid_t pid) const {
    return tree_.find_process(number(pid));
}

SnapshotTree::Handle SnapshotTree::ensure(pid_t pid) {
    if (Handle there = find(pid))
        return there;
    const auto record = records_.find(pid);
    return record == records_.end() ? nullptr : make(record->second);
}

SnapshotTree::Handle SnapshotTree::placeholder(const Handle& parent, pid_t pid) {
    auto made = parent->fork(number(pid)).data(Data{true}).try_build();
    if (made)
        placeholders_.push_back(made.value);
    return made.value;
}

SnapshotTree::Handle SnapshotTree::make(const Record& record) {
    const Handle parent = ensure(record.ppid);
    if (parent == nullptr)
        return nullptr;
    const auto sid = number(record.sid);
    Handle process;
    if (record.sid == record.pid || parent->sid() == sid) {
        process = parent->fork(number(record.pid)).try_build().value;
        if (process != nullptr && record.sid == record.pid)
            process->create_session();
    } else if (const Handle leader = leader_of(record, parent)) {
        process = born_to_helper(parent, leader, record.pid);
    }
    if (process != nullptr && process->pgid() != number(record.pgid))
        enter_group(process, record);
    return process;
}

SnapshotTree::Handle SnapshotTree::leader_of(const Record& record, const Handle& parent) {
    if (Handle leader = ensure(record.sid))
        return leader;
    // It is gone, and nobody knows where it stood: under the parent of this one is as good as anywhere.
    const Handle leader = placeholder(parent, record.sid);
    if (leader != nullptr)
        leader->create_session();
    return leader;
}

SnapshotTree::Handle SnapshotTree::born_to_helper(const Handle& parent, const Handle& leader, pid_t pid) {
    const auto helper = leader->fork(nobodys_number).data(Data{true}).try_build();
    if (!helper)
        return nullptr;
    Handle process = helper.value->fork(number(pid)).try_build().value;
    parent->set_child_subreaper(true);
    helper.value->exit();
    helper.value->free();
    parent->set_child_subreaper(false);
    return process;
}

void SnapshotTree::enter_group(const Handle& process, const Record& record) {
    if (record.pgid == record.pid) {
        process->create_group();
        return;
    }
    if (auto group = tree_.find_group(number(record.pgid))) {
        process->move_to_group(group);
        return;
    }
    Handle leader = ensure(record.pgid);
    if (leader == nullptr)
        leader = placeholder(process, record.pgid);
    if (leader == nullptr)
        return;
    if (const auto group = tree_.find_group(number(record.pgid))) { // the leader has just come, with its group
        process->move_to_group(group);
        return;
    }
    // One that made the group and has left it since: it makes it again, and goes back.
    const auto home = leader->group();
    if (const auto group = leader->create_group()) {
        process->move_to_group(group);
        if (!leader->data<Data>()->placeholder)
            leader->move_to_group(home);
    }
}

} // namespace shadow
