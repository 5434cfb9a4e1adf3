#pragma once
// Lineage: whose child a process is, to the thread, and in which order a parent got its children.

#include "../fwd.hpp"
#include "effects.hpp"
#include "numbers.hpp"
#include "records.hpp"
#include "topology.hpp"

#include <cstdint>

namespace procspace {

/// A thread for ever: its number changes by exec and is given anew, its generation never is.
struct ThreadId {
    Pid tid = 0;
    std::uint64_t generation = 0; ///< 0: the lead thread, whichever that is

    friend bool operator==(const ThreadId&, const ThreadId&) = default;
};

/// The links of one process to its siblings, eldest first: the order of wait(2) and of reparenting. A member of
/// Process; guarded by the tree lock, under which its functions are called.
template <class Traits>
struct BasicLineage {
    using Process = BasicProcess<Traits>;
    using Thread = BasicThread<Traits>;

    Process* elder = nullptr;
    Process* younger = nullptr;
    Process* eldest = nullptr; // of its own children, as the next
    Process* youngest = nullptr;
    ThreadId forker{};              // the parent's thread whose child this is
    std::uint32_t execs = 0;        // of its own
    std::uint32_t parent_execs = 0; // of the parent, when this process was made

    /// Returns the leader of the process's threads, or the first that lives when that one has exited; null without any.
    [[nodiscard]] static Thread* lead_thread(const Process& process) noexcept {
        auto* const leader = process.topology_->template find<Thread>(process.pid(), NumberRole::tid);
        return leader != nullptr ? leader : process.threads_.threads_.first();
    }

    /// Returns the thread whose child this is; null if the parent has no threads. **Pre**: it has a parent.
    [[nodiscard]] static Thread* forker_of(const Process& child) noexcept {
        const ThreadId id = child.lineage_.forker;
        auto* const thread =
            id.generation != 0 ? child.topology_->template find<Thread>(id.tid, NumberRole::tid) : nullptr;
        return thread != nullptr && thread->id() == id ? thread : lead_thread(*child.parent_);
    }

    /// The children of a thread that ends are those of another one now: the youngest there, in their order. They are
    /// told as if their parent had exited. **Source**: prctl(2), PR_SET_PDEATHSIG.
    static void pass_children(Process& parent, const Thread& from, const Thread& to,
                              BasicEffects<Traits>& effects) noexcept {
        BasicLineage& line = parent.lineage_;
        Process* const last = line.youngest;
        for (Process* child = line.eldest; child != nullptr;) {
            Process* const next = child != last ? child->lineage_.younger : nullptr;
            if (forker_of(*child) == &from) {
                line.remove(*child);
                line.append(*child);
                child->lineage_.forker = to.id();
                if (child->listed_)
                    parent.events_.unlink(*child);
                child->order() = ++parent.topology_->births_;
                if (child->listed_)
                    parent.events_.link(*child, child->order());
                tell_of_parent_death(*child, effects);
            }
            child = next;
        }
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

    /// Links `child` behind the last one of this process's children.
    void append(Process& child) noexcept {
        BasicLineage& its = child.lineage_;
        its.elder = youngest;
        its.younger = nullptr;
        (youngest != nullptr ? youngest->lineage_.younger : eldest) = &child;
        youngest = &child;
    }

    void remove(Process& child) noexcept {
        BasicLineage& its = child.lineage_;
        (its.elder != nullptr ? its.elder->lineage_.younger : eldest) = its.younger;
        (its.younger != nullptr ? its.younger->lineage_.elder : youngest) = its.elder;
    }
};

} // namespace procspace
