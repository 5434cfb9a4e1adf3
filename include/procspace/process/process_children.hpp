#pragma once
// What a parent learns of its children: exit signals, stops and continuations, used time. The members of Process, apart
// from its declaration.

#include "process.hpp"

#include <algorithm>

namespace procspace {

template <class Traits>
auto BasicProcess<Traits>::find(const Topology& topology, ProcessId id) noexcept -> BasicProcess* {
    auto* const process = topology.template find<BasicProcess>(id.pid, NumberRole::pid);
    return process != nullptr && process->generation_ == id.generation ? process : nullptr;
}

template <class Traits>
auto BasicProcess<Traits>::children() const -> std::vector<Handle> {
    using Children = typename BasicLineage<Traits>::Children;
    auto all = this->topology_->snapshot(Children{*this});
    std::sort(all.begin(), all.end(), Children::by_pid);
    return all;
}

template <class Traits>
auto BasicProcess<Traits>::try_children() const -> Result<Handles> {
    using Children = typename BasicLineage<Traits>::Children;
    auto all = this->topology_->try_snapshot(Children{*this});
    std::sort(all.value.begin(), all.value.end(), Children::by_pid);
    return all;
}

template <class Traits>
template <class F>
void BasicProcess<Traits>::for_each_child(F&& f) const {
    constexpr std::size_t batch = 32;
    ProcessInfo records[batch];
    BasicChildCursor<Traits> cursor(*this);
    for (bool more = true; more;) {
        std::size_t count = 0;
        {
            Guard guard(this->topology_->lock());
            more = cursor.visit(batch, [&](const BasicProcess& child) { records[count++] = child.info(); });
        }
        for (std::size_t i = 0; i < count; ++i)
            f(static_cast<const ProcessInfo&>(records[i]));
    }
}

template <class Traits>
template <class F>
void BasicProcess<Traits>::for_each_thread(F&& f) const {
    this->topology_->template visit<Pid>(
        threads_.threads_, [](const Thread& thread) { return thread.tid(); }, f);
}

template <class Traits>
std::size_t BasicProcess<Traits>::thread_count() const {
    Guard guard(this->topology_->lock());
    return threads_.threads_.size();
}

template <class Traits>
void BasicProcess<Traits>::set_child_policy(ChildPolicy policy) {
    Guard guard(this->topology_->lock());
    child_policy_ = policy;
}

template <class Traits>
Errno BasicProcess<Traits>::set_parent_death_signal(int signal) {
    if (signal < 0 || signal > Signal::highest)
        return Errno::invalid;
    Guard guard(this->topology_->lock());
    parent_death_signal_ = static_cast<std::uint8_t>(signal);
    return Errno::ok;
}

template <class Traits>
void BasicProcess<Traits>::charge(const Usage& spent) {
    Guard guard(this->topology_->lock());
    if (living())
        usage_ += spent;
}

template <class Traits>
ProcessDetails BasicProcess<Traits>::details() const {
    Guard guard(this->topology_->lock());
    const bool zombie_leader = threads_.leader_exited_ && !threads_.threads_.empty();
    return {exit_signal_, parent_death_signal_, has_execed(), zombie_leader, usage_, children_usage_};
}

template <class Traits>
auto BasicProcess<Traits>::stop(int signal) -> Effects {
    Effects effects(*this->topology_);
    Guard guard(this->topology_->lock());
    if (!living() || is_stopped() || threads_.exited() || (is_init_ && !this->topology_->nested_))
        return effects;
    stopped_.store(true, std::memory_order_relaxed);
    ++group_->stopped_;
    stop_signal_ = static_cast<std::uint8_t>(signal);
    change_ = ChildChange::stopped;
    change_pending_ = true;
    if (parent_ == nullptr) // the init of a nested namespace: its parent is outside
        return effects;
    effects.notify(parent_->id(), signal_for(change_), change_, pid(), signal, usage_);
    list_event();
    return effects;
}

template <class Traits>
auto BasicProcess<Traits>::resume() -> Effects {
    Effects effects(*this->topology_);
    Guard guard(this->topology_->lock());
    if (!living() || !is_stopped())
        return effects;
    stopped_.store(false, std::memory_order_relaxed);
    --group_->stopped_;
    change_ = ChildChange::continued;
    change_pending_ = true;
    if (parent_ == nullptr) // the init of a nested namespace: its parent is outside
        return effects;
    effects.notify(parent_->id(), signal_for(change_), change_, pid(), Signal::cont, usage_);
    list_event();
    return effects;
}

/// Becomes a child of `parent` and of its thread, the youngest in the order in which it waits for them.
template <class Traits>
void BasicProcess<Traits>::set_parent(BasicProcess& parent, Thread* forker) noexcept {
    parent_ = &parent;
    ppid_.store(parent.pid(), std::memory_order_relaxed);
    BasicLineage<Traits>::link(parent, forker, *this);
    if (listed_) [[unlikely]]
        ++parent.changes_;
}

/// There is something to wait for.
template <class Traits>
void BasicProcess<Traits>::list_event() noexcept {
    ++parent_->changes_;
    if (!std::exchange(listed_, true))
        parent_->events_.link(*this, order());
}

/// Returns the signal by which the parent is told of a change of this process, or none. **Source**: wait(2) and the
/// notes on SIGCHLD in sigaction(2).
template <class Traits>
int BasicProcess<Traits>::signal_for(ChildChange change) const noexcept {
    const ChildPolicy& policy = parent_->child_policy_;
    if (change != ChildChange::exited)
        return policy.ignored || policy.no_stop ? Signal::none : Signal::chld;
    const int signal = death_signal();
    return signal == Signal::chld && policy.ignored ? Signal::none : signal;
}

/// Another signal than SIGCHLD was agreed upon with the program that the parent ran then: one that it has execed since
/// gets SIGCHLD.
template <class Traits>
int BasicProcess<Traits>::death_signal() const noexcept {
    return BasicLineage<Traits>::parent_execed(*this) ? Signal::chld : exit_signal_;
}

/// Returns true if `child` is to be reaped as soon as it has exited. A clone child is not: its signal is another one.
template <class Traits>
bool BasicProcess<Traits>::ignores(const BasicProcess& child) const noexcept {
    if ((child_policy_.ignored || child_policy_.no_wait) && child.death_signal() == Signal::chld) [[unlikely]]
        return true;
    return reaps_all();
}

} // namespace procspace
