#pragma once
// Whom a process belongs to: sessions and groups. The members of Process, apart from its declaration.

#include "process.hpp"

namespace procspace {

// A process changes groups by its own node: out of the members of one map into those of another, under one lock hold.
// So a move needs no memory, and at no moment is the process in no group.

template <class Traits>
void BasicProcess<Traits>::join(const std::shared_ptr<Group>& group, typename Group::Members::Node&& member) noexcept {
    if (group->members_.empty())
        group->anchor_ = group;
    member_ = group->members_.link(std::move(member));
    group_ = group.get();
    pgid_.store(group->pgid_, std::memory_order_relaxed);
    sid_.store(group->session_->sid_, std::memory_order_relaxed);
}

template <class Traits>
auto BasicProcess<Traits>::leave_group() noexcept -> Departure {
    Departure departure{group_->members_.unlink(member_), nullptr};
    if (group_->members_.empty())
        departure.emptied = std::move(group_->anchor_);
    group_ = nullptr;
    return departure;
}

template <class Traits>
bool BasicProcess<Traits>::move_to_group(const std::shared_ptr<Group>& group) {
    if (group->topology_ != this->topology_)
        return false;
    Departure departure;
    Guard guard(this->topology_->lock());
    if (!living())
        return false;
    if (group_ == group.get())
        return true;
    // Not listed: a new session took the number over while somebody held a handle to the emptied group.
    if (!group->listed_ || group->session_ != group_->session_ || is_session_leader())
        return false;
    departure = leave_group();
    join(group, std::move(departure.member));
    return true;
}

template <class Traits>
auto BasicProcess<Traits>::try_create_group() -> Result<std::shared_ptr<Group>> {
    auto entered = enter_own_group(ProcessState::living);
    if (!entered && entered.error != Errno::no_memory)
        return Errno::permission;
    return entered;
}

template <class Traits>
auto BasicProcess<Traits>::enter_own_group(ProcessState latest) -> Result<std::shared_ptr<Group>> {
    using Entry = typename Session::Groups::Node;
    // The session is looked up before the lock is taken for good. Only this process itself can leave it meanwhile, by
    // creating one, and then it is a session leader and refused below.
    auto fresh = try_make_shared<Group, typename Traits::Memory>(BuilderKey(), *this->topology_, pid_, session());
    Entry entry = fresh ? Session::Groups::try_make_node(pid_, fresh) : Entry{};
    if (!entry)
        return Errno::no_memory;

    typename Group::Remains retired;
    Departure departure;
    Guard guard(this->topology_->lock());
    if (state() > latest)
        return Errno::no_process;
    if (is_session_leader())
        return Errno::permission;
    if (group_->pgid_ == pid_)
        return Errno::exists;
    // The group with this number may exist: this process left it, others stayed or somebody holds a handle.
    auto group = group_->session_->groups_.upgrade(pid_);
    if (group == nullptr) {
        if (Group* const dying = this->topology_->roles(pid_)->group)
            retired = dying->unlist(); // its last handle has gone, and its destructor waits for this lock
        group = fresh;
        group->list(std::move(entry));
    }
    departure = leave_group();
    join(group, std::move(departure.member));
    return Result<std::shared_ptr<Group>>(std::move(group));
}

template <class Traits>
Result<void> BasicProcess<Traits>::set_pgid(Pid wanted) {
    if (wanted == pid_) {
        const Errno refusal = enter_own_group(ProcessState::zombie).error;
        return refusal == Errno::exists ? Errno::ok : refusal;
    }
    std::shared_ptr<Group> group; // stands before the guard, as the next: dies after it
    Departure departure;
    Guard guard(this->topology_->lock());
    if (group_ == nullptr)
        return Errno::no_process;
    if (is_session_leader())
        return Errno::permission;
    if (group_->pgid_ == wanted)
        return {};
    group = group_->session_->groups_.upgrade(wanted);
    if (group == nullptr)
        return Errno::permission;
    departure = leave_group();
    join(group, std::move(departure.member));
    return {};
}

template <class Traits>
auto BasicProcess<Traits>::try_create_session() -> Result<NewSession> {
    using Memory = typename Traits::Memory;
    using Entry = typename Session::Groups::Node;
    auto session = try_make_shared<Session, Memory>(BuilderKey(), *this->topology_, pid_);
    auto group = session ? try_make_shared<Group, Memory>(BuilderKey(), *this->topology_, pid_, session) : nullptr;
    Entry entry = group ? Session::Groups::try_make_node(pid_, group) : Entry{};
    if (!entry)
        return Errno::no_memory;

    typename Group::Remains retired;
    Departure departure;
    Guard guard(this->topology_->lock());
    auto* const roles = this->topology_->roles(pid_); // null once reaped, but then the process is not living either
    if (!living() || roles->session != nullptr || (roles->group != nullptr && !roles->group->members_.empty()))
        return Errno::permission;
    if (roles->group != nullptr)
        retired = roles->group->unlist(); // emptied, but somebody holds a handle: no number ever has two groups
    roles->session = session.get();
    session->self_ = session;
    session->listed_ = true;
    group->list(std::move(entry));
    departure = leave_group();
    join(group, std::move(departure.member));
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
