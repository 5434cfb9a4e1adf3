#pragma once
// Lineage: whose child a process is, to the thread, and in which order a parent got its children.

#include "../fwd.hpp"
#include "effects.hpp"
#include "numbers.hpp"
#include "records.hpp"
#include "topology.hpp"

#include <cstdint>

namespace procspace {

/// Of which thread of its parent a process is the child, and what both have execed since. A member of Process; guarded
/// by the tree lock, under which its functions are called.
template <class Traits>
struct BasicLineage {
    using Process = BasicProcess<Traits>;
    using Thread = BasicThread<Traits>;

    Pid forker = 0; // the tid; what is no thread of the parent stands for the lead thread

    /// Returns the leader of the process's threads, or the first that lives when that one has exited; null without any.
    [[nodiscard]] static Thread* lead_thread(const Process& process) noexcept {
        auto* const leader = process.topology_->template find<Thread>(process.pid(), NumberRole::tid);
        return leader != nullptr ? leader : process.threads_.threads_.first();
    }

    /// Returns the thread whose child this is; null if the parent has no threads. **Pre**: it has a parent.
    [[nodiscard]] static Thread* forker_of(const Process& child) noexcept {
        Thread* const thread = child.topology_->template find<Thread>(child.lineage_.forker, NumberRole::tid);
        return thread != nullptr && thread->process().get() == child.parent_ ? thread : lead_thread(*child.parent_);
    }

    /// The children of a thread that ends are those of another one now: the youngest there, in their order. They are
    /// told as if their parent had exited. **Source**: prctl(2), PR_SET_PDEATHSIG.
    static void pass_children(Process& parent, const Thread& from, const Thread& to,
                              BasicEffects<Traits>& effects) noexcept {
        const std::uint32_t youngest = parent.topology_->births_;
        for (Process* child = parent.children_.first(); child != nullptr && child->order() <= youngest;) {
            Process* const next = parent.children_.next(*child);
            if (forker_of(*child) == &from) {
                parent.children_.unlink(*child);
                if (child->listed_)
                    parent.events_.unlink(*child);
                child->lineage_.forker = to.tid();
                link(parent, *child);
                tell_of_parent_death(*child, effects);
            }
            child = next;
        }
    }

    /// The thread `former` of the parent has execed, and is its leader now.
    static void exec(Process& parent, Pid former) noexcept {
        for (Process* child = parent.children_.first(); child != nullptr; child = parent.children_.next(*child)) {
            child->parent_execed_ = true;
            if (child->lineage_.forker == former)
                child->lineage_.forker = parent.pid();
        }
    }

    /// Makes `child` the youngest of the parent's children.
    static void link(Process& parent, Process& child) noexcept {
        const std::uint32_t order = ++parent.topology_->births_;
        parent.children_.link(child, order);
        if (child.listed_)
            parent.events_.link(child, order);
    }

    /// Each thread has its own wish; the process's is that of the leader, who may be a zombie.
    static void tell_of_parent_death(Process& child, BasicEffects<Traits>& effects) noexcept {
        if (!child.living())
            return;
        if (child.parent_death_signal_ != Signal::none)
            effects.post(child, child.parent_death_signal_);
        auto& threads = child.threads_.threads_;
        for (Thread* thread = threads.first(); thread != nullptr; thread = threads.next(*thread))
            if (thread->parent_death_signal_ != Signal::none)
                effects.post(child, thread->parent_death_signal_);
    }
};

} // namespace procspace
