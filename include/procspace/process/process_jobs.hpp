#pragma once
// Whom a process belongs to: sessions and groups. The members of Process, apart from its declaration.

#include "process.hpp"
#include "slot.hpp"

namespace procspace {

/// A process group that is in no table yet: the memory for a create_group() that cannot fail for want of it.
template <class Traits>
class BasicPreparedGroup {
public:
    explicit BasicPreparedGroup(NoValue) noexcept {}

private:
    friend BasicProcess<Traits>;
    friend BasicProcessBuilder<Traits>;
    friend BasicPreparedSession<Traits>;
    friend BasicProcessTree<Traits>;

    [[PROCSPACE_SELDOM]] explicit BasicPreparedGroup(BasicTopology<Traits>& topology)
        : group_(try_make_shared<BasicProcessGroup<Traits>, typename Traits::Memory>(BuilderKey(), topology)) {}

    std::shared_ptr<BasicProcessGroup<Traits>> group_; // null when there was no memory
};

/// The same for create_session(): a session with its first group.
template <class Traits>
class BasicPreparedSession {
public:
    explicit BasicPreparedSession(NoValue) noexcept : group_(NoValue{}) {}

private:
    friend BasicProcess<Traits>;
    friend BasicProcessBuilder<Traits>;
    friend BasicProcessTree<Traits>;

    [[PROCSPACE_SELDOM]] explicit BasicPreparedSession(BasicTopology<Traits>& topology)
        : session_(try_make_shared<BasicSession<Traits>, typename Traits::Memory>(BuilderKey(), topology)),
          group_(session_ != nullptr ? BasicPreparedGroup<Traits>(topology) : BasicPreparedGroup<Traits>(NoValue{})) {}

    std::shared_ptr<BasicSession<Traits>> session_;
    BasicPreparedGroup<Traits> group_; // empty when there was no memory for both
};

// A process changes groups by the hook inside it, out of one index and into another under one lock hold. So a move
// needs no memory, and at no moment is the process in no group.

template <class Traits>
void BasicProcess<Traits>::join(const std::shared_ptr<Group>& group) noexcept {
    if (group->anchor_ == nullptr) [[unlikely]]
        group->anchor_ = group;
    group->members_.link(*this, pid());
    group_ = group.get();
    if (generation_ > group->youngest_) [[likely]]
        group->youngest_ = generation_;
    if (is_stopped()) [[unlikely]]
        ++group->stopped_;
    pgid_.store(group->pgid(), std::memory_order_relaxed);
    sid_.store(group->session_->sid(), std::memory_order_relaxed);
}

/// If this was its last member the group goes to `emptied`, an empty handle: it may end now, after unlock.
template <class Traits>
void BasicProcess<Traits>::leave_group(std::shared_ptr<Group>& emptied) noexcept {
    if (is_stopped()) [[unlikely]]
        --group_->stopped_;
    group_->members_.unlink(*this);
    if (group_->members_.empty())
        emptied.swap(group_->anchor_);
}

template <class Traits>
void BasicProcess<Traits>::change_group(const std::shared_ptr<Group>& group, std::shared_ptr<Group>& emptied) noexcept {
    count_ties(-1);
    if (kin_ + tied_children_ != 0)
        retie_children(*group);
    leave_group(emptied);
    join(group);
    count_ties(1);
}

// A group is orphaned when none of its members is tied: has a parent, init aside, in another group of the session. The
// count changes with what it is made of: parent, group and life of a member, and the group of the parent. Whoever
// changes something of a process takes its part out before and puts it in after. So that a process can go to another
// group without a look at its children, it has counts of them of its own: those in its group, who are tied when it
// leaves, and those that are tied by it.

template <class Traits>
void BasicProcess<Traits>::count_ties(int change) noexcept {
    if (!may_tie())
        return;
    if (parent_->group_ == group_) [[likely]] {
        parent_->kin_ += static_cast<std::uint32_t>(change);
    } else if (parent_->group_->session_ == group_->session_) {
        parent_->tied_children_ += static_cast<std::uint32_t>(change);
        group_->ties_ += static_cast<std::size_t>(change);
    }
}

/// Before this process goes to `destination`. **Complexity**: constant if that is new or no child is tied; else linear
/// in the children, or in the destination's members if they are fewer: whoever of the members is a child is tied no
/// more. Into a new session: linear in the children if any is tied, since each tie ends in another group's count.
template <class Traits>
void BasicProcess<Traits>::retie_children(Group& destination) noexcept {
    if (destination.session_ == group_->session_) {
        const std::uint32_t joined = children_in(destination);
        destination.ties_ -= joined;
        group_->ties_ += kin_;
        tied_children_ += kin_ - joined;
        kin_ = joined;
        return;
    }
    kin_ = 0;
    for (BasicProcess* child = tied_children_ != 0 ? BasicLineage<Traits>::first(*this) : nullptr; tied_children_ != 0;
         child = BasicLineage<Traits>::next(*child))
        if (child->has_tie()) {
            --child->group_->ties_;
            --tied_children_;
        }
}

/// Returns how many of the tied children are in this group: its members and the children are looked at side by side,
/// until those of one kind are through.
template <class Traits>
std::uint32_t BasicProcess<Traits>::children_in(const Group& group) const noexcept {
    if (tied_children_ == 0)
        return 0;
    const BasicProcess* member = group.members_.first();
    const BasicProcess* child = BasicLineage<Traits>::first(*this);
    std::uint32_t of_members = 0;
    std::uint32_t of_children = 0;
    for (;;) {
        if (member == nullptr)
            return of_members;
        if (child == nullptr)
            return of_children;
        of_members += member->parent_ == this && member->may_tie();
        of_children += child->group_ == &group && child->may_tie();
        member = group.members_.next(*member);
        child = BasicLineage<Traits>::next(*child);
    }
}

template <class Traits>
bool BasicProcess<Traits>::may_tie() const noexcept {
    return state() == ProcessState::living && parent_ != nullptr && (!parent_->is_init_ || this->topology_->nested_);
}

template <class Traits>
bool BasicProcess<Traits>::has_tie() const noexcept {
    return may_tie() && parent_->group_ != group_ && parent_->group_->session_ == group_->session_;
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
    change_group(group, emptied);
    return true;
}

template <class Traits>
auto BasicProcess<Traits>::try_create_group() -> Result<std::shared_ptr<Group>> {
    return create_group(BasicPreparedGroup<Traits>(*this->topology_));
}

template <class Traits>
auto BasicProcess<Traits>::create_group(BasicPreparedGroup<Traits>&& fresh) -> Result<std::shared_ptr<Group>> {
    Result<std::shared_ptr<Group>> made(
        permission_unless_memory(enter_own_group(ProcessState::living, fresh.group_, nullptr)));
    if (made)
        made.value.swap(fresh.group_);
    return made;
}

/// Moves the process into the group with its number: into `group`, a fresh one, which becomes what exists if the
/// process stays in its session; or with a fresh `session` into that. **Errors**: no_memory (there is none of them);
/// no_process (its state is beyond `latest`); permission (a session leader, or the number is that of a session or of a
/// group with members); exists (it is there already).
template <class Traits>
Errno BasicProcess<Traits>::enter_own_group(ProcessState latest, std::shared_ptr<Group>& group,
                                            const std::shared_ptr<Session>* session) {
    if (group == nullptr)
        return Errno::no_memory;
    typename Topology::Blocks blocks;
    std::shared_ptr<Group> existing; // stands before the guard, as the next: dies after it
    std::shared_ptr<Group> emptied;
    Guard guard(this->topology_->lock());
    if (state() > latest || (exiting_ && latest == ProcessState::living))
        return Errno::no_process;
    Group* const former = this->topology_->template find<Group>(pid(), NumberRole::pgid);
    if (session != nullptr) {
        if (this->topology_->numbers_.find(pid(), NumberRole::sid) != nullptr ||
            (former != nullptr && !former->members_.empty()))
            return Errno::permission;
    } else {
        if (is_session_leader())
            return Errno::permission;
        if (group_->pgid() == pid())
            return Errno::exists;
        // It may be there: this process left it, others stayed or somebody holds a handle.
        if (former != nullptr)
            former->self_handle().swap(existing);
    }
    if (existing != nullptr) {
        group.swap(existing);
    } else {
        // No number ever has two groups. The former one is empty; and in its session its last handle has gone, too, and
        // its destructor waits for this lock.
        if (former != nullptr)
            former->unlist(blocks);
        if (session != nullptr)
            (*session)->publish(pid(), *session);
        group->publish(pid(), session != nullptr ? *session : group_->session_, group);
    }
    change_group(group, emptied);
    if (session != nullptr)
        terminal_stamp_ = 0;
    return Errno::ok;
}

template <class Traits>
Result<void> BasicProcess<Traits>::set_pgid(Pid wanted) {
    if (wanted == pid()) {
        BasicPreparedGroup<Traits> fresh(*this->topology_);
        const Errno refusal = enter_own_group(ProcessState::zombie, fresh.group_, nullptr);
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
    change_group(group, emptied);
    return {};
}

template <class Traits>
auto BasicProcess<Traits>::try_create_session() -> Result<NewSession> {
    return create_session(BasicPreparedSession<Traits>(*this->topology_));
}

template <class Traits>
auto BasicProcess<Traits>::create_session(BasicPreparedSession<Traits>&& fresh) -> Result<NewSession> {
    std::shared_ptr<Group>& group = fresh.group_.group_;
    Result<NewSession> made(permission_unless_memory(enter_own_group(ProcessState::living, group, &fresh.session_)));
    if (made) {
        made.value.first.swap(fresh.session_);
        made.value.second.swap(group);
    }
    return made;
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
