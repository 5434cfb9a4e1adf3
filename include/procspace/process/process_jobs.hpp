#pragma once
// Whom a process belongs to: sessions and groups. The members of Process, apart from its declaration.

#include "process.hpp"
#include "slot.hpp"

namespace procspace {

// A process changes groups by the hook inside it, out of one index and into another under one lock hold. So a move
// needs no memory, and at no moment is the process in no group.

template <class Traits>
void BasicProcess<Traits>::join(const std::shared_ptr<Group>& group) noexcept {
    if (group->anchor_ == nullptr)
        group->anchor_ = group;
    group->members_.link(*this, pid());
    group_ = group.get();
    if (generation_ > group->youngest_)
        group->youngest_ = generation_;
    if (is_stopped())
        ++group->stopped_;
    pgid_.store(group->pgid(), std::memory_order_relaxed);
    sid_.store(group->session_->sid(), std::memory_order_relaxed);
}

/// Returns the group if this was its last member: it may end now, after unlock.
template <class Traits>
auto BasicProcess<Traits>::leave_group() noexcept -> std::shared_ptr<Group> {
    if (std::exchange(tied_, false))
        --group_->ties_;
    if (is_stopped())
        --group_->stopped_;
    group_->members_.unlink(*this);
    return group_->members_.empty() ? std::move(group_->anchor_) : nullptr;
}

template <class Traits>
auto BasicProcess<Traits>::change_group(const std::shared_ptr<Group>& group) noexcept -> std::shared_ptr<Group> {
    auto emptied = leave_group();
    join(group);
    retie();
    for (BasicProcess* child = children_.first(); child != nullptr; child = children_.next(*child))
        child->retie();
    return emptied;
}

/// A group is orphaned when none of its members is tied: has a parent, init aside, in another group of the session. The
/// count changes with what it is made of: parent, group and life of a member, and the group of the parent.
template <class Traits>
void BasicProcess<Traits>::retie() noexcept {
    const bool tie = has_tie();
    if (tie == tied_)
        return;
    tied_ = tie;
    if (tie)
        ++group_->ties_;
    else
        --group_->ties_;
}

template <class Traits>
bool BasicProcess<Traits>::has_tie() const noexcept {
    return state() == ProcessState::living && parent_ != nullptr && !parent_->is_init_ && parent_->group_ != group_ &&
           parent_->group_->session_ == group_->session_;
}

template <class Traits>
bool BasicProcess<Traits>::move_to_group(const std::shared_ptr<Group>& group) {
    if (group->topology_ != this->topology_)
        return false;
    std::shared_ptr<Group> emptied;
    Guard guard(this->topology_->lock());
    if (!living())
        return false;
    if (group_ == group.get())
        return true;
    // Not listed: a new session took the number over while somebody held a handle to the emptied group.
    if (!group->listed_ || group->session_ != group_->session_ || is_session_leader())
        return false;
    emptied = change_group(group);
    return true;
}

template <class Traits>
auto BasicProcess<Traits>::try_create_group() -> Result<std::shared_ptr<Group>> {
    auto fresh = try_make_shared<Group, typename Traits::Memory>(BuilderKey(), *this->topology_);
    if (fresh == nullptr)
        return Errno::no_memory;
    auto entered = enter_own_group(ProcessState::living, std::move(fresh));
    return entered ? std::move(entered) : Result<std::shared_ptr<Group>>(Errno::permission);
}

/// Moves the process into the group with its number: `fresh`, unless that group exists. **Errors**: no_process (its
/// state is beyond `latest`); permission (a session leader); exists (it is there already).
template <class Traits>
auto BasicProcess<Traits>::enter_own_group(ProcessState latest, std::shared_ptr<Group> fresh)
    -> Result<std::shared_ptr<Group>> {
    typename Topology::Blocks blocks;
    std::shared_ptr<Group> group; // stands before the guard, as the next: dies after it
    std::shared_ptr<Group> emptied;
    Guard guard(this->topology_->lock());
    if (state() > latest || (exiting_ && latest == ProcessState::living))
        return Errno::no_process;
    if (is_session_leader())
        return Errno::permission;
    if (group_->pgid() == pid())
        return Errno::exists;
    // The group with this number may exist: this process left it, others stayed or somebody holds a handle.
    Group* const former = this->topology_->template find<Group>(pid(), NumberRole::pgid);
    if (former != nullptr)
        group = former->self_handle();
    if (group == nullptr) {
        if (former != nullptr)
            former->unlist(blocks); // its last handle has gone, and its destructor waits for this lock
        group = std::move(fresh);
        group->publish(pid(), group_->session_, group);
    }
    emptied = change_group(group);
    return Result<std::shared_ptr<Group>>(std::move(group));
}

template <class Traits>
Result<void> BasicProcess<Traits>::set_pgid(Pid wanted) {
    if (wanted == pid()) {
        auto fresh = try_make_shared<Group, typename Traits::Memory>(BuilderKey(), *this->topology_);
        if (fresh == nullptr)
            return Errno::no_memory;
        const Errno refusal = enter_own_group(ProcessState::zombie, std::move(fresh)).error;
        return refusal == Errno::exists ? Errno::ok : refusal;
    }
    std::shared_ptr<Group> group; // stands before the guard, as the next: dies after it
    std::shared_ptr<Group> emptied;
    Guard guard(this->topology_->lock());
    if (group_ == nullptr)
        return Errno::no_process;
    if (is_session_leader())
        return Errno::permission;
    if (group_->pgid() == wanted)
        return {};
    if (Group* const found = this->topology_->template find<Group>(wanted, NumberRole::pgid))
        group = found->self_handle();
    if (group == nullptr || group->session_ != group_->session_)
        return Errno::permission;
    emptied = change_group(group);
    return {};
}

template <class Traits>
auto BasicProcess<Traits>::try_create_session() -> Result<NewSession> {
    using Memory = typename Traits::Memory;
    auto session = try_make_shared<Session, Memory>(BuilderKey(), *this->topology_);
    auto group = session ? try_make_shared<Group, Memory>(BuilderKey(), *this->topology_) : nullptr;
    if (group == nullptr)
        return Errno::no_memory;

    typename Topology::Blocks blocks;
    std::shared_ptr<Group> emptied;
    Guard guard(this->topology_->lock());
    Group* const former = this->topology_->template find<Group>(pid(), NumberRole::pgid);
    if (!living() || this->topology_->numbers_.find(pid(), NumberRole::sid) != nullptr ||
        (former != nullptr && !former->members_.empty()))
        return Errno::permission;
    if (former != nullptr)
        former->unlist(blocks); // emptied, but somebody holds a handle: no number ever has two groups
    session->publish(pid(), session);
    group->publish(pid(), session, group);
    emptied = change_group(group);
    return Result<NewSession>(NewSession(std::move(session), std::move(group)));
}

template <class Traits>
auto BasicProcess<Traits>::create_session() -> std::optional<NewSession> {
    auto created = try_create_session();
    if (created.error == Errno::no_memory)
        raise_no_memory<Traits>(Location::current());
    if (!created)
        return std::nullopt;
    return std::move(created.value);
}

template <class Traits>
auto BasicProcess<Traits>::create_group() -> std::shared_ptr<Group> {
    auto created = try_create_group();
    if (created.error == Errno::no_memory)
        raise_no_memory<Traits>(Location::current());
    return std::move(created.value);
}

} // namespace procspace
