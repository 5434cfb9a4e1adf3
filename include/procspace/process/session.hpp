#pragma once
// Session: the set of process groups that share a terminal.

#include "../fwd.hpp"
#include "maps.hpp"
#include "topology.hpp"

#include <memory>
#include <vector>

namespace procspace {

/// A session. Owned by its process groups, knows them weakly; its number is reserved while it exists.
///
/// **Thread safety**: all members may be called concurrently. **Source**: seed 002, Session.
template <class Traits>
class BasicSession : CountedInTree<Traits> {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;

public:
    BasicSession(BuilderKey, Topology& topology, Pid sid) noexcept : CountedInTree<Traits>(topology), sid_(sid) {}

    ~BasicSession() {
        typename Topology::NumberNode number;
        Guard guard(this->topology_->lock());
        if (listed_) {
            this->topology_->roles(sid_)->session = nullptr;
            number = this->topology_->release(sid_);
        }
    }

    [[nodiscard]] Pid sid() const noexcept { return sid_; }

    /// Returns the groups, ascending by number, those without members but with a handle included.
    /// **Complexity**: linear, one std::vector, grown outside the lock. Takes the tree lock.
    [[nodiscard]] std::vector<std::shared_ptr<BasicProcessGroup<Traits>>> process_groups() const {
        return this->topology_->snapshot(groups_);
    }

    /// Calls `f(Pid pgid)` for each group, ascending, without a lock and without an allocation.
    template <class F>
    void for_each_process_group(F&& f) const {
        this->topology_->template visit<Pid>(
            groups_, [](const auto& entry) { return entry.first; }, f);
    }

private:
    template <class>
    friend class BasicProcess;
    template <class>
    friend class BasicProcessGroup;
    template <class>
    friend class BasicProcessBuilder;
    template <class>
    friend class BasicProcessTree;

    using Groups = WeakMap<Pid, BasicProcessGroup<Traits>, typename Traits::Memory>;

    Pid sid_;                          // immutable
    Groups groups_;                    // guarded by tree lock, as all below
    std::weak_ptr<BasicSession> self_; // set when it is listed
    bool listed_ = false;              // named in the table of numbers
};

} // namespace procspace
