#pragma once
// How a process ends: group exit, exit, reparenting, reap. The members of Process, apart from its declaration.

#include "leftovers.hpp"
#include "process.hpp"
#include "process_children.hpp"
#include "process_jobs.hpp"

namespace procspace {

// What was unlinked stands before the guard: it ends after it, so nothing dies under the lock.

/// From here on nobody forks, and children are reaped as soon as they have exited, those that have at once.
template <class Traits>
void BasicProcess<Traits>::close_tree() {
    bool refused = false;
    for (bool more = true; more && !refused;) {
        Leftovers leftovers;
        Guard guard(this->topology_->lock());
        refused = !is_init_ || !this->topology_->nested_;
        more = false;
        if (refused)
            break;
        this->topology_->closed_ = true;
        child_policy_ = {.ignored = true, .no_wait = true, .no_stop = true};
        for (BasicProcess* child = events_.first(); child != nullptr; child = events_.next(*child))
            if (child->state() == ProcessState::zombie && !child->claimed_) {
                child->reap(leftovers); // one for each section: see Leftovers
                more = true;
                break;
            }
    }
    if (refused)
        raise_panic<Traits>("close_tree: only the init of a nested namespace can end with its tree");
}

/// Begins its life in the tree. **Pre**: its number is reserved for it, and it is anchored.
template <class Traits>
void BasicProcess<Traits>::enter() noexcept {
    this->role = NumberRole::pid;
    generation_ = ++this->topology_->generations_;
    ++this->topology_->counts_.processes;
    this->count();
}

template <class Traits>
auto BasicProcess<Traits>::exit_group(int code, Pid spared) -> std::optional<Effects> {
    Effects effects(*this->topology_);
    Guard guard(this->topology_->lock());
    if (!living() || threads_.exited())
        return std::nullopt;
    if (spared != 0 && threads_.execing_ != nullptr && threads_.execing_->tid() != spared)
        return std::nullopt;
    threads_.exit(code);
    // Who is to end is neither stopped nor continued any more, for those who wait as for orphaned groups.
    if (is_stopped()) {
        stopped_.store(false, std::memory_order_relaxed);
        --group_->stopped_;
    }
    change_pending_ = false;
    if (std::exchange(listed_, false))
        parent_->events_.unlink(*this);
    if (!threads_.threads_.empty())
        effects.kill_threads(id(), spared);
    return effects;
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
void BasicProcess<Traits>::end(BasicProcess* wanted, Effects& effects) {
    if (is_init_) [[unlikely]]
        check_that_it_is_last();
    for (bool begun = false;; begun = true) {
        Leftovers leftovers;
        Guard guard(this->topology_->lock());
        if (!begun) [[likely]] {
            if (!living()) [[unlikely]]
                return;
            if (is_session_leader())
                leave_terminal(effects);
            exiting_ = true; // refuses fork, new_thread and free: nobody else changes its children's table for long
            if (!threads_.threads_.empty())
                end_threads(nullptr, leftovers);
            if (is_child_subreaper()) [[unlikely]]
                --this->topology_->subreapers_;
        }
        // The children move before the zombie can be seen: a zombie never has any.
        if (!family_.empty()) [[unlikely]] // which has those of all threads now
            hand_over_children(wanted, effects, leftovers);
        if (family_.empty() && leftovers.emptied == nullptr) [[likely]] {
            become_zombie(effects, leftovers);
            return;
        }
    }
}

/// Of init, before it ends. A closed tree in which nobody else is left stays so: one look is enough.
template <class Traits>
void BasicProcess<Traits>::check_that_it_is_last() const {
    {
        Guard guard(this->topology_->lock());
        if (this->topology_->closed_ && BasicLineage<Traits>::first(*this) == nullptr)
            return;
    }
    raise_panic<Traits>("init cannot exit: its children would have no reaper");
}

/// One batch of them, each with all that has to happen to it, so that a child is in exactly one table whenever the lock
/// is free. The reaper is chosen again for each batch: the last one may be exiting by now.
template <class Traits>
void BasicProcess<Traits>::hand_over_children(BasicProcess* wanted, Effects& effects, Leftovers& leftovers) noexcept {
    constexpr int batch = 16;
    BasicProcess& reaper = *reaper_of_children(wanted);
    Thread* const heir = BasicLineage<Traits>::lead_thread(reaper);
    BasicProcess* next = family_.first();
    for (int i = 0; i < batch && next != nullptr && leftovers.emptied == nullptr; ++i) {
        BasicProcess& child = *next;
        next = family_.next(child);
        Group& its_group = *child.group_;
        child.count_ties(-1);
        BasicLineage<Traits>::unlink(child);
        child.set_parent(reaper, heir);
        child.exit_signal_ = Signal::chld;
        BasicLineage<Traits>::tell_of_parent_death(child, effects);
        child.count_ties(1);
        // A zombie can be the link as well, although it does not keep the group from being orphaned: so Linux does.
        hang_up_orphaned(its_group, effects);
        if (child.state() != ProcessState::zombie || child.claimed_)
            continue;
        // Nobody else will tell it of the zombie.
        effects.post(reaper, reaper.child_policy_.ignored ? Signal::none : Signal::chld);
        if (reaper.ignores(child)) {
            child.reap(leftovers);
        } else if (effects.reaper != reaper.anchor_) {
            leftovers.former_reaper.swap(effects.reaper); // at most once: the reaper of this batch is this one
            effects.reaper = reaper.anchor_;
        }
    }
}

/// A session leader's exit takes the controlling terminal from all members and hangs up the foreground group. Where the
/// terminal itself was hung up before, the group that was in the foreground then is told now. **Pre**: it is a session
/// leader.
/// **Source**: POSIX.1-2017, _Exit: consequences of process termination.
template <class Traits>
void BasicProcess<Traits>::leave_terminal(Effects& effects) noexcept {
    Session& session = *group_->session_;
    if (session.terminal_ != nullptr && terminal_stamp_ == session.terminal_stamp_) {
        effects.post(session.terminal_->foreground, Signal::hup);
        *session.terminal_ = {};
        session.terminal_ = nullptr;
    } else if (session.last_foreground_.pgid != 0) {
        effects.hang_up(session.last_foreground_);
    }
    session.last_foreground_ = {};
}

/// The last step of exit. **Pre**: it has no children any more.
template <class Traits>
void BasicProcess<Traits>::become_zombie(Effects& effects, Leftovers& leftovers) noexcept {
    if (is_stopped()) [[unlikely]] {
        stopped_.store(false, std::memory_order_relaxed);
        --group_->stopped_;
    }
    count_ties(-1);
    // release: pairs with state(): whoever sees the zombie sees its exit code, and its children gone.
    state_.store(ProcessState::zombie, std::memory_order_release);
    exiting_ = false;
    // Its own group: nobody can continue the others any more if it was the last to have a parent who could.
    if (parent_ != nullptr) [[likely]]
        parent_->hang_up_orphaned(*group_, effects);
    if (vforked_) [[unlikely]]
        effects.end_vfork(id());
    effects.announce_exit(id());
    if (parent_ == nullptr) [[unlikely]]
        return;
    effects.notify(parent_->id(), signal_for(ChildChange::exited), ChildChange::exited, pid(), exit_code(), usage_);
    if (parent_->ignores(*this)) [[unlikely]] {
        reap(leftovers);
    } else {
        change_pending_ = false; // that it has exited counts for more
        list_event();
    }
}

/// A member of `group` has lost this parent, or died as its child: if nobody is left now who could continue those that
/// are stopped, they are told. Not if it was none who could: of the same group, or of another session.
template <class Traits>
void BasicProcess<Traits>::hang_up_orphaned(Group& group, Effects& effects) const noexcept {
    if (group.stopped_ != 0 && group.ties_ == 0 && group_ != &group && group_->session_ == group.session_) [[unlikely]]
        effects.hang_up(group);
}

/// Out of all tables at once. The parent's ownership, anchor_, is left to the caller, to be dropped after unlock.
/// **Pre**: it has neither children nor threads; `remains` has room for a group.
template <class Traits>
void BasicProcess<Traits>::reap(BasicRemains<Traits>& remains) noexcept {
    if (parent_ != nullptr) [[likely]] { // but for init, at the end of the tree
        BasicProcess& parent = *parent_;
        ++parent.changes_;
        BasicLineage<Traits>::unlink(*this);
    }
    parent_ = nullptr;
    ppid_.store(0, std::memory_order_relaxed);
    leave_group(remains.emptied);
    group_ = nullptr;
    --this->topology_->counts_.processes;
    this->topology_->release(*this, remains.blocks);
    // release: pairs with state(): whoever sees it reaped finds its number free and its tables without it.
    state_.store(ProcessState::reaped, std::memory_order_release);
}

/// The same, and the parent's ownership goes there, too.
template <class Traits>
void BasicProcess<Traits>::reap(Leftovers& leftovers) noexcept {
    reap(static_cast<BasicRemains<Traits>&>(leftovers));
    leftovers.add(*this);
}

template <class Traits>
bool BasicProcess<Traits>::free() {
    BasicRemains<Traits> remains;
    bool refused = true;
    bool exited = true;
    const Handle corpse = [&]() -> Handle { // may be the last owner of this process
        Guard guard(this->topology_->lock());
        if (state() == ProcessState::reaped || claimed_)
            return nullptr;
        exited = state() == ProcessState::zombie;
        if (!exited)
            return nullptr;
        refused = false; // of all who come here at once one passes: the state changes in this very section
        if (parent_ != nullptr)
            parent_->children_usage_ += total_usage();
        reap(remains);
        return std::move(anchor_);
    }();
    if (!exited)
        raise_panic<Traits>("free: the process has not exited");
    return !refused;
}

/// Whom the caller wants, if that can be; the nearest ancestor that is marked and not exiting; else init.
template <class Traits>
BasicProcess<Traits>* BasicProcess<Traits>::reaper_of_children(BasicProcess* wanted) const noexcept {
    if (wanted != nullptr && wanted->may_adopt_from(*this))
        return wanted;
    if (this->topology_->subreapers_ > 0)
        for (BasicProcess* ancestor = parent_; ancestor != nullptr; ancestor = ancestor->parent_)
            if (ancestor->is_child_subreaper() && !ancestor->exiting_)
                return ancestor;
    return this->topology_->init_;
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

/// Ends all threads but `survivor`.
template <class Traits>
void BasicProcess<Traits>::end_threads(const Thread* survivor, BasicRemains<Traits>& remains) noexcept {
    for (Thread* thread = threads_.threads_.first(); thread != nullptr;) {
        Thread* const next = threads_.threads_.next(*thread);
        if (thread != survivor)
            thread->unlink(remains.blocks);
        thread = next;
    }
    threads_.execing_ = nullptr;
}

} // namespace procspace
