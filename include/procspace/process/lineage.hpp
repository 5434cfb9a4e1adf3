#pragma once
// Lineage: whose child a process is, to the thread, and in which order a parent got its children.
//
//      Process ===> family of the leader ===> child <=> child           Thread ===> its family ===> child <=> child
//
// As in Linux, children belong to the thread that forked them, and to another one when it ends. Only those are touched
// then: a thread's exit and exec cost nothing for the children of others.

#include "../fwd.hpp"
#include "effects.hpp"
#include "family.hpp"
#include "numbers.hpp"
#include "records.hpp"
#include "topology.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace procspace {

/// A place among the children of a process that stays right while the lock is free: whoever takes the child at it out
/// of its family moves it on, and children that were handed on behind it are looked for once more. None that stays a
/// child is missed; one that is handed on may be visited twice. **Thread safety**: of one thread, which leaves it only
/// by its destructor. The process outlives it.
template <class Traits>
class BasicChildCursor {
    using Process = BasicProcess<Traits>;
    using Lineage = BasicLineage<Traits>;

public:
    explicit BasicChildCursor(const Process& parent) noexcept : parent_(parent) {}
    BasicChildCursor(const BasicChildCursor&) = delete;
    BasicChildCursor& operator=(const BasicChildCursor&) = delete;
    ~BasicChildCursor() {
        if (listed_) // it was left in the middle
            abandon();
    }

    /// Looks at the next `count` children, and calls `f(child)` for those that it may not have visited. Returns false
    /// when these were the last. **Pre**: the tree lock.
    template <class F>
    [[nodiscard]] bool visit(std::size_t count, F f) noexcept {
        for (; count > 0 && (at_ != nullptr || begin()); --count) {
            if (is_due(*at_))
                f(static_cast<const Process&>(*at_));
            at_ = Lineage::next(*at_);
        }
        const bool more = at_ != nullptr || handed_on_;
        if (more != listed_)
            more ? list() : unlist();
        return more;
    }

private:
    friend BasicLineage<Traits>;

    /// Begins a round if there is to be one, and returns whether there is a child.
    bool begin() noexcept {
        if (!handed_on_)
            return false;
        if (generations_ == 0) // no tree with a process in it has had none
            generations_ = parent_.topology_->generations_;
        visited_ = std::exchange(births_, parent_.topology_->births_);
        at_ = Lineage::first(parent_);
        handed_on_ = false;
        return at_ != nullptr;
    }
    [[PROCSPACE_SELDOM_PART]] void abandon() noexcept {
        typename BasicTopology<Traits>::Guard guard(parent_.topology_->lock());
        unlist();
    }
    /// What is handed on gets a new order, and is left to the next round. Who was born since the visit began is seen in
    /// the first one, or not at all.
    [[nodiscard, PROCSPACE_PART]] bool is_due(const Process& child) const noexcept {
        if (child.generation_ > generations_)
            return visited_ == 0;
        return child.order() > visited_ && child.order() <= births_;
    }
    void list() noexcept {
        other_ = std::exchange(parent_.topology_->cursors_, this);
        listed_ = true;
    }
    [[PROCSPACE_SHARED]] void unlist() noexcept {
        BasicChildCursor** place = &parent_.topology_->cursors_;
        while (*place != this)
            place = &(*place)->other_;
        *place = other_;
        listed_ = false;
    }

    const Process& parent_;
    Process* at_ = nullptr; // guarded by tree lock, as the next
    BasicChildCursor* other_ = nullptr;
    std::uint64_t generations_ = 0; // of the tree when the visit began; 0 before
    std::uint64_t visited_ = 0;     // by an earlier round: the children up to this order
    std::uint64_t births_ = 0;      // of the tree when this round began
    bool handed_on_ = true;         // a child was, in this round, or none has begun; guarded by tree lock
    bool listed_ = false;
};

/// The rules. All under the tree lock.
template <class Traits>
struct BasicLineage {
    using Process = BasicProcess<Traits>;
    using Thread = BasicThread<Traits>;

    /// Returns the leader of the process's threads, or the first that lives when that one has exited; null without any.
    [[nodiscard, PROCSPACE_OFTEN]] static Thread* lead_thread(const Process& process) noexcept {
        return process.threads_.threads_.empty() ? nullptr : leader_or_first(process);
    }
    [[nodiscard, PROCSPACE_OUTER_PART]] static Thread* leader_or_first(const Process& process) noexcept {
        auto* const leader = process.topology_->template find<Thread>(process.pid(), NumberRole::tid);
        return leader != nullptr ? leader : process.threads_.threads_.first();
    }

    /// Returns the thread of the process with this number, or the lead thread. With 0 nobody looks for the number.
    [[nodiscard]] static Thread* thread_or_lead(const Process& process, Pid tid) noexcept {
        auto* const thread = tid != 0 ? process.topology_->template find<Thread>(tid, NumberRole::tid) : nullptr;
        return thread != nullptr && thread->process().get() == &process ? thread : lead_thread(process);
    }

    /// Returns the thread in whose family this child is; null if it is in that of the leader, which is the process's:
    /// it keeps the children of one that has execed, and of the last one to end.
    [[nodiscard, PROCSPACE_SHARED]] static Thread* keeper_of(const Process& child) noexcept {
        if (child.forker_ == child.parent_->pid()) [[likely]]
            return nullptr;
        return other_keeper_of(child);
    }

    /// Returns the thread whose child this is; null if the parent has no threads. **Pre**: it has a parent.
    [[nodiscard]] static Thread* forker_of(const Process& child) noexcept {
        Thread* const keeper = keeper_of(child);
        return keeper != nullptr ? keeper : lead_thread(*child.parent_);
    }

    /// Returns the first child, in the order of families: the leader's, then those of the other threads, ascending.
    [[nodiscard, PROCSPACE_SHARED]] static Process* first(const Process& parent) noexcept {
        Process* const child = parent.family_.first();
        return child != nullptr ? child : first_beyond(parent, 0);
    }
    /// Returns the next child of its parent, or null.
    [[nodiscard]] static Process* next(const Process& child) noexcept {
        const Thread* const keeper = keeper_of(child);
        Process* const next = (keeper != nullptr ? keeper->family_ : child.parent_->family_).next(child);
        return next != nullptr ? next : first_beyond(*child.parent_, keeper != nullptr ? keeper->tid() : 0);
    }

    /// The children of a process, as BasicTopology::snapshot() wants objects.
    struct Children {
        const Process& parent;
        [[nodiscard]] Process* first() const noexcept { return BasicLineage::first(parent); }
        [[nodiscard]] Process* next(const Process& child) const noexcept { return BasicLineage::next(child); }
        [[nodiscard]] static bool by_pid(const std::shared_ptr<Process>& one,
                                         const std::shared_ptr<Process>& other) noexcept {
            return one->pid() < other->pid();
        }
    };

    /// Returns true if `is_meant(child)` holds for a child: of this thread, or with null of any.
    template <class IsMeant>
    [[nodiscard, PROCSPACE_OUTER_PART]] static bool has_child(const Process& parent, const Thread* forker,
                                                              IsMeant is_meant) noexcept {
        const bool first_of_all = forker == nullptr || forker == lead_thread(parent);
        for (const Process* child = first_of_all ? first(parent) : forker->family_.first();
             child != nullptr && (forker == nullptr || forker_of(*child) == forker); child = next(*child))
            if (is_meant(*child))
                return true;
        return false;
    }

    /// Makes `child` the youngest of this thread of the parent, or of the leader.
    [[PROCSPACE_OFTEN]] static void link(Process& parent, Thread* forker, Process& child) noexcept {
        const bool leads = forker == nullptr || forker->tid() == parent.pid();
        child.forker_ = leads ? parent.pid() : forker->tid();
        child.set_order(++parent.topology_->births_);
        if (!leads && forker->family_.empty()) [[unlikely]]
            ++parent.forkers_;
        (leads ? parent.family_ : forker->family_).append(child);
        if (child.listed_) [[unlikely]]
            list_again(parent, child);
    }
    [[PROCSPACE_OFTEN]] static void unlink(Process& child) noexcept {
        const Thread* const keeper = keeper_of(child);
        take_out(child);
        if (keeper != nullptr && keeper->family_.empty()) [[unlikely]]
            --child.parent_->forkers_;
    }
    /// The children of a thread come behind those of the leader.
    static void splice(Thread& from) noexcept {
        if (from.family_.empty())
            return;
        Process& parent = *from.process();
        parent.family_.take(from.family_);
        --parent.forkers_;
    }
    /// The children of a thread that ends are those of another one now: the youngest there, in their order. They are
    /// told as if their parent had exited, and who waits for its own only is woken if there is something to find.
    /// **Source**: prctl(2), PR_SET_PDEATHSIG.
    [[PROCSPACE_SELDOM_PART]] static void pass_children(Thread& from, Thread& to,
                                                        BasicEffects<Traits>& effects) noexcept {
        Process& parent = *from.process();
        if (lead_thread(parent) == &from)
            pass(parent, parent.family_, to, effects);
        pass(parent, from.family_, to, effects);
    }

    /// The thread has execed, and is the leader now. That its process has execed since they were born, its children see
    /// by their order.
    static void exec(Thread& caller) noexcept {
        Process& parent = *caller.process();
        parent.execed_at_ = ++parent.topology_->births_;
        splice(caller);
    }
    /// Returns true if the parent has execed since this was its child.
    [[nodiscard, PROCSPACE_SHARED]] static bool parent_execed(const Process& child) noexcept {
        if (child.parent_execed_ || child.order() < child.parent_->execed_at_) [[unlikely]]
            return true;
        return false;
    }

    /// Each thread has its own wish; the process's is that of the leader, who may be a zombie.
    [[PROCSPACE_SELDOM]] static void tell_of_parent_death(Process& child, BasicEffects<Traits>& effects) noexcept {
        if (!child.living())
            return;
        if (child.parent_death_signal_ != Signal::none)
            effects.post(child, child.parent_death_signal_);
        auto& threads = child.threads_.threads_;
        for (Thread* thread = threads.first(); thread != nullptr; thread = threads.next(*thread))
            if (thread->parent_death_signal_ != Signal::none)
                effects.post(child, thread->parent_death_signal_);
    }

private:
    /// What has happened to the child it brings along.
    [[PROCSPACE_SELDOM_PART]] static void list_again(Process& parent, Process& child) noexcept {
        parent.events_.link(child, child.order());
    }

    [[nodiscard, PROCSPACE_OUTER_PART]] static Thread* other_keeper_of(const Process& child) noexcept {
        Thread* const thread = child.topology_->template find<Thread>(child.forker_, NumberRole::tid);
        // One that has the number now is not meant unless it was there before the child.
        return thread != nullptr && thread->process().get() == child.parent_ && thread->born_ < child.order() ? thread
                                                                                                              : nullptr;
    }

    /// Of the threads above this number.
    [[nodiscard]] static Process* first_beyond(const Process& parent, Pid number) noexcept {
        return parent.forkers_ == 0 ? nullptr : search_beyond(parent, number); // most often, with thousands of threads
    }
    [[nodiscard, PROCSPACE_SELDOM_PART]] static Process* search_beyond(const Process& parent, Pid number) noexcept {
        const auto& threads = parent.threads_.threads_;
        for (Thread* thread = threads.after(number); thread != nullptr; thread = threads.next(*thread))
            if (!thread->family_.empty())
                return thread->family_.first();
        return nullptr;
    }

    static void take_out(Process& child) noexcept {
        if (child.topology_->cursors_ != nullptr) [[unlikely]]
            move_cursors(child);
        Family<Process>::unlink(child);
        if (child.listed_) [[likely]] // it has exited, and is waited for
            child.parent_->events_.unlink(child);
    }

    [[PROCSPACE_SELDOM_PART]] static void move_cursors(Process& child) noexcept {
        for (auto* cursor = child.topology_->cursors_; cursor != nullptr; cursor = cursor->other_)
            if (cursor->at_ == &child)
                cursor->at_ = next(child);
    }

    [[PROCSPACE_SELDOM]] static void pass(Process& parent, Family<Process>& family, Thread& to,
                                          BasicEffects<Traits>& effects) noexcept {
        if (family.empty())
            return;
        for (auto* cursor = parent.topology_->cursors_; cursor != nullptr; cursor = cursor->other_)
            cursor->handed_on_ = cursor->handed_on_ || &cursor->parent_ == &parent;
        if (&family != &parent.family_)
            --parent.forkers_;
        while (Process* const child = family.first()) {
            child->parent_execed_ = parent_execed(*child);
            take_out(*child);
            link(parent, &to, *child);
            tell_of_parent_death(*child, effects);
            if (child->listed_) {
                ++parent.changes_;
                effects.wake(parent.id());
            }
        }
    }
};

} // namespace procspace
