#pragma once
// Session: the set of process groups that share a terminal.

#include "../fwd.hpp"
#include "index.hpp"
#include "numbers.hpp"
#include "terminal_link.hpp"
#include "topology.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace procspace {

/// The role of a hook: a group in its session.
struct InSession;

/// A session. Owned by its process groups, knows them weakly; its number is reserved while it exists.
///
/// **Thread safety**: all members may be called concurrently. **Source**: seed 002, Session.
template <class Traits>
class BasicSession : CountedInTree<Traits> {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Group = BasicProcessGroup<Traits>;

public:
    BasicSession(BuilderKey, Topology& topology) noexcept : CountedInTree<Traits>(topology, NumberRole::sid) {}

    [[PROCSPACE_SELDOM]] ~BasicSession() {
        if (!this->published())
            return;
        typename Topology::Blocks emptied;
        Guard guard(this->topology_->lock());
        if (terminal_ != nullptr)
            *terminal_ = {};
        if (sid() == 0)
            return;
        this->topology_->release(*this, emptied);
        --this->topology_->counts_.sessions;
    }

    [[nodiscard]] Pid sid() const noexcept { return this->number; }

    /// Returns the groups, ascending by number, those without members but with a handle included.
    /// **Complexity**: linear, one std::vector, grown outside the lock. Takes the tree lock.
    [[nodiscard]] std::vector<std::shared_ptr<Group>> process_groups() const {
        return this->topology_->snapshot(groups_);
    }
    /// The same as a HandleList. **Errors**: no_memory. **Complexity**: linear, one allocation.
    [[nodiscard]] auto try_process_groups() const { return this->topology_->try_snapshot(groups_); }

    /// Calls `f(Pid pgid)` for each group, ascending, without a lock and without an allocation.
    template <class F>
    void for_each_process_group(F&& f) const {
        this->topology_->template visit<Pid>(
            groups_, [](const Group& group) { return group.pgid(); }, f);
    }

private:
    friend BasicTopology<Traits>;
    friend BasicProcess<Traits>;
    friend Group;
    friend BasicProcessBuilder<Traits>;
    friend BasicProcessTree<Traits>;
    friend BasicJobControl<Traits>;
    friend BasicTerminal<Traits>;
    friend TreeInvariants<Traits>;

    // All below: under the tree lock.

    /// Enters the table. **Pre**: no session has the number, which is reserved.
    [[PROCSPACE_SELDOM]] void publish(Pid sid, const std::shared_ptr<BasicSession>& self) noexcept {
        self_ = self;
        this->count();
        if (sid == 0) // outside of the tree, see InitOptions
            return;
        this->topology_->add_role(*this, sid);
        ++this->topology_->counts_.sessions;
    }

    /// Null when the last handle has gone, and the destructor waits for the lock.
    [[nodiscard]] std::shared_ptr<BasicSession> self_handle() const noexcept { return self_.lock(); }

    NumberIndex<Group, InSession> groups_;
    std::weak_ptr<BasicSession> self_;
    BasicTerminalLink<Traits>* terminal_ = nullptr; // its controlling terminal
    std::uint32_t terminal_stamp_ = 0;              // of when it was acquired: the processes that have it bear the same
    Foreground last_foreground_{};                  // of a terminal that was hung up, until its leader exits
};

} // namespace procspace
