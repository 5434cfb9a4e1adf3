#pragma once
// How a process ends: group exit, exit, reparenting, reap. The members of Process, apart from its declaration.

#include "process.hpp"

namespace procspace {

// Locals that take what was unlinked stand before the guard: they end after it, so nothing dies under the lock.

template <class Traits>
bool BasicProcess<Traits>::group_exit(int code) {
    Guard guard(this->topology_->lock());
    if (!living() || threads_.exited())
        return false;
    threads_.exit(code);
    return true;
}

template <class Traits>
void BasicProcess<Traits>::set_child_subreaper(bool on) {
    Guard guard(this->topology_->lock());
    if (!living() || is_child_subreaper() == on)
        return;
    subreaper_.store(on, std::memory_order_relaxed);
    if (on)
        ++this->topology_->subreapers_;
    else
        --this->topology_->subreapers_;
}

template <class Traits>
auto BasicProcess<Traits>::exit() -> BasicEffects<Traits> {
    return exit(nullptr);
}

template <class Traits>
auto BasicProcess<Traits>::exit(const Handle& wanted) -> BasicEffects<Traits> {
    if (is_init_)
        Traits::panic("init cannot exit: its children would have no reaper", Location::current());
    Numbers numbers;
    typename ThreadGroup::Threads ended;
    Guard guard(this->topology_->lock());
    if (!living())
        return {};
    end_threads(nullptr, numbers, ended);
    // The children move before the zombie can be seen: a zombie never has any, and a fork that comes later is refused.
    BasicProcess* to_tell = nullptr;
    if (!children_.empty())
        if (BasicProcess* const reaper = reaper_of_children(wanted.get()); hand_children_to(*reaper))
            to_tell = reaper;
    if (is_child_subreaper())
        --this->topology_->subreapers_;
    // release: pairs with state(): whoever sees the zombie sees its exit code, and its children gone.
    state_.store(ProcessState::zombie, std::memory_order_release);
    return {to_tell != nullptr ? to_tell->self_handle() : nullptr};
}

template <class Traits>
bool BasicProcess<Traits>::free() {
    typename Children::Node corpse; // declared first: it may be the last owner of this process
    Departure departure;
    typename Topology::NumberNode number;
    bool exited = true;
    {
        Guard guard(this->topology_->lock());
        if (state() == ProcessState::reaped)
            return false;
        exited = !living();
        if (exited) {
            // Of all who come here at once one passes: the state changes in this very section.
            departure = leave_group();
            corpse = leave_parent();
            this->topology_->roles(pid_)->process = nullptr;
            number = this->topology_->release(pid_);
            // release: pairs with state(): whoever sees it reaped finds its number free and its tables without it.
            state_.store(ProcessState::reaped, std::memory_order_release);
        }
    }
    if (!exited)
        Traits::panic("free: the process has not exited", Location::current());
    return true;
}

/// Whom the caller wants, if that can be; the nearest living ancestor that is marked; else init. Every ancestor is
/// living: a zombie has no children.
template <class Traits>
BasicProcess<Traits>* BasicProcess<Traits>::reaper_of_children(BasicProcess* wanted) const noexcept {
    if (wanted != nullptr && wanted->may_adopt_from(*this))
        return wanted;
    if (this->topology_->subreapers_ > 0)
        for (BasicProcess* ancestor = parent_; ancestor != nullptr; ancestor = ancestor->parent_)
            if (ancestor->is_child_subreaper())
                return ancestor;
    return this->topology_->init_.get();
}

/// A descendant may not: the tree would be a ring.
template <class Traits>
bool BasicProcess<Traits>::may_adopt_from(const BasicProcess& dying) const noexcept {
    if (this->topology_ != dying.topology_ || !living())
        return false;
    const BasicProcess* ancestor = this;
    while (ancestor != nullptr && ancestor != &dying)
        ancestor = ancestor->parent_;
    return ancestor == nullptr;
}

/// Under one lock hold, so that no child is ever in no table or in two.
template <class Traits>
bool BasicProcess<Traits>::hand_children_to(BasicProcess& reaper) noexcept {
    bool zombies = false;
    for (auto& entry : children_) {
        entry.second->set_parent(&reaper);
        zombies = zombies || !entry.second->living();
    }
    reaper.children_.adopt(children_); // nodes move, so that each child's place_ stays valid
    return zombies;
}

template <class Traits>
auto BasicProcess<Traits>::leave_parent() noexcept -> typename Children::Node {
    auto node = parent_->children_.unlink(place_);
    set_parent(nullptr);
    return node;
}

/// The pointers in the table of numbers are good here although a thread's last handle may have gone already: its
/// destructor waits for this lock before anything of it ends.
template <class Traits>
void BasicProcess<Traits>::end_threads(const Thread* survivor, Numbers& numbers,
                                       typename ThreadGroup::Threads& ended) noexcept {
    for (auto place = threads_.threads_.begin(); place != threads_.threads_.end();) {
        const Pid tid = place->first;
        auto* const roles = this->topology_->roles(tid);
        const auto here = place++;
        if (roles->thread == survivor)
            continue;
        roles->thread->living_.store(false, std::memory_order_release); // pairs with ~Thread
        roles->thread = nullptr;
        ended.link(threads_.threads_.unlink(here));
        if (auto number = this->topology_->release(tid))
            numbers.link(std::move(number));
    }
}

} // namespace procspace
