#pragma once
// ProcessGroup: the set of processes that job control addresses as one.

#include "../fwd.hpp"
#include "maps.hpp"
#include "session.hpp"
#include "topology.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace procspace {

/// A process group. Owned by its members, owns its session, knows its members weakly.
///
/// The members' ownership is one handle, `anchor_`, that stands exactly while there are members. A group that lost its
/// last member ends, unless somebody holds a handle: then it keeps its number and can be joined again.
///
/// **Thread safety**: all members may be called concurrently. **Source**: seed 002, ProcessGroup.
template <class Traits>
class BasicProcessGroup : CountedInTree<Traits> {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Process = BasicProcess<Traits>;
    using Session = BasicSession<Traits>;

public:
    BasicProcessGroup(BuilderKey, Topology& topology, Pid pgid, std::shared_ptr<Session> session) noexcept
        : CountedInTree<Traits>(topology), pgid_(pgid), session_(std::move(session)) {}

    ~BasicProcessGroup() {
        Remains remains;
        Guard guard(this->topology_->lock());
        if (listed_)
            remains = unlist();
    }

    [[nodiscard]] Pid pgid() const noexcept { return pgid_; }
    [[nodiscard]] const std::shared_ptr<Session>& session() const noexcept { return session_; }

    /// Returns the members, zombies included, ascending by pid.
    /// **Complexity**: linear, one std::vector, grown outside the lock. Takes the tree lock.
    [[nodiscard]] std::vector<std::shared_ptr<Process>> processes() const {
        return this->topology_->snapshot(members_);
    }

    /// Calls `f(const ProcessInfo&)` for each member, ascending by pid, without a lock and without an allocation.
    template <class F>
    void for_each_process(F&& f) const {
        // By the table of numbers: a member is in the tree, and locking the weak pointer would cost two
        // read-modify-writes.
        const auto record = [this](const auto& entry) { return this->topology_->roles(entry.first)->process->info(); };
        this->topology_->template visit<ProcessInfo>(members_, record, f);
    }

private:
    template <class>
    friend class BasicProcess;
    template <class>
    friend class BasicProcessBuilder;
    template <class>
    friend class BasicProcessTree;

    using Members = WeakMap<Pid, Process, typename Traits::Memory>;

    /// What leaving the tables sets free: dies after unlock.
    struct Remains {
        typename Session::Groups::Node entry;
        typename Topology::NumberNode number;
    };

    // All below: under the tree lock.

    /// Enters the tables. **Pre**: the number is reserved, and no group is listed under it.
    void list(typename Session::Groups::Node&& entry) noexcept {
        session_->groups_.link(std::move(entry));
        this->topology_->roles(pgid_)->group = this;
        listed_ = true;
    }

    /// Leaves the tables: the group can't be joined from here on.
    [[nodiscard]] Remains unlist() noexcept {
        listed_ = false;
        this->topology_->roles(pgid_)->group = nullptr;
        return {session_->groups_.unlink(pgid_), this->topology_->release(pgid_)};
    }

    Pid pgid_;                                  // immutable
    std::shared_ptr<Session> session_;          // immutable
    Members members_;                           // guarded by tree lock, as all below
    std::shared_ptr<BasicProcessGroup> anchor_; // this group, while it has members
    bool listed_ = false;                       // named by its session and in the table of numbers
};

} // namespace procspace
