#pragma once
// What is asked of a process most: the first 128 bytes of it.

#include "../fwd.hpp"
#include "family.hpp"
#include "records.hpp"
#include "topology.hpp"

#include <cstdint>
#include <memory>

namespace procspace {

/// Before the hooks, which would be first as bases of Process itself: what stands within 128 bytes is reached by
/// shorter instructions, and on two cache lines. Guarded by the tree lock; what is atomic is written under it.
template <class Traits>
class BasicProcessFields : public CountedInTree<Traits> {
    using Process = BasicProcess<Traits>;
    template <class U>
    using Atomic = typename Traits::template Atomic<U>;

protected:
    explicit BasicProcessFields(BasicTopology<Traits>& topology) noexcept
        : CountedInTree<Traits>(topology, NumberRole::reserved) {}

    Process* parent_ = nullptr;                  // null for init and when reaped
    BasicProcessGroup<Traits>* group_ = nullptr; // null when reaped
    std::shared_ptr<Process> anchor_;            // this process, while it is in the tree
    std::uint64_t generation_ = 0;               // immutable once published
    bool is_init_ = false;                       // immutable once published
    bool exiting_ = false;                       // its children are being handed over
    bool claimed_ = false;                       // by a WaitClaim
    bool parent_execed_ = false;                 // since this was made, as far as order() does not say
    bool vforked_ = false;                       // its maker waits for its exec, or its leader's exit
    bool change_pending_ = false;                // it was stopped or continued, and its parent has not waited for that
    ChildChange change_ = ChildChange::stopped;
    std::uint8_t stop_signal_ = Signal::none; // by which it was stopped last
    std::uint8_t exit_signal_ = Signal::chld;
    std::uint8_t parent_death_signal_ = Signal::none;
    ChildPolicy child_policy_;
    Atomic<ProcessState> state_{ProcessState::living};
    Atomic<bool> subreaper_{false};
    Atomic<bool> stopped_{false};
    Atomic<Pid> ppid_{0};
    Atomic<Pid> pgid_{0};
    Atomic<Pid> sid_{0};
    std::uint32_t kin_ = 0;            // children that count, see count_ties: in its group
    std::uint32_t tied_children_ = 0;  // and in others of the session
    std::uint32_t forkers_ = 0;        // threads but the leader that have children
    Pid forker_ = 0;                   // the tid, or the parent's pid: see BasicLineage::keeper_of
    std::uint32_t terminal_stamp_ = 0; // that of its session while it has the controlling terminal, too
    Family<Process> family_;           // the leader's children; others stand in their threads
};

} // namespace procspace
