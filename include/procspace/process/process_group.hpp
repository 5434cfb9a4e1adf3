#pragma once
// ProcessGroup: the set of processes that job control addresses as one.

#include "../fwd.hpp"
#include "index.hpp"
#include "numbers.hpp"
#include "records.hpp"
#include "session.hpp"
#include "topology.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace procspace {

/// The role of a hook: a process in its group.
struct InGroup;

/// A process group. Owned by its members, owns its session, knows its members weakly.
///
/// The members' ownership is one handle, `anchor_`, that stands exactly while there are members. A group that lost its
/// last member ends, unless somebody holds a handle: then it keeps its number and can be joined again.
///
/// **Thread safety**: all members may be called concurrently. **Source**: seed 002, ProcessGroup.
template <class Traits>
class BasicProcessGroup : CountedInTree<Traits>, HookFor<InSession> {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Process = BasicProcess<Traits>;
    using Session = BasicSession<Traits>;

public:
    BasicProcessGroup(BuilderKey, Topology& topology) noexcept : CountedInTree<Traits>(topology, NumberRole::pgid) {}

    [[PROCSPACE_SELDOM]] ~BasicProcessGroup() {
        if (!this->published())
            return;
        typename Topology::Blocks emptied;
        Guard guard(this->topology_->lock());
        if (listed_)
            unlist(emptied);
    }

    [[nodiscard]] Pid pgid() const noexcept { return this->number; }
    [[nodiscard]] const std::shared_ptr<Session>& session() const noexcept { return session_; }

    /// Returns the members, zombies included, ascending by pid.
    /// **Complexity**: linear, one std::vector, grown outside the lock. Takes the tree lock.
    [[nodiscard]] std::vector<std::shared_ptr<Process>> processes() const {
        return this->topology_->snapshot(members_);
    }
    /// The same as a HandleList. **Errors**: no_memory. **Complexity**: linear, one allocation.
    [[nodiscard]] auto try_processes() const { return this->topology_->try_snapshot(members_); }

    /// Calls `f(const ProcessInfo&)` for each member, ascending by pid, without a lock and without an allocation.
    template <class F>
    void for_each_process(F&& f) const {
        this->topology_->template visit<ProcessInfo>(
            members_, [](const Process& member) { return member.info(); }, f);
    }

    /// Calls `f(const std::shared_ptr<Process>&)` for each member that is there now, and for each that is born into the
    /// group while it runs: whoever comes from a member that was not reached yet is reached as well. For broadcasts: a
    /// signal so sent reaches the child of a concurrent fork, or its parent before the fork. `f` runs without a lock.
    /// **Complexity**: linear; no allocation. Ends when a pass over the members finds nobody new.
    template <class F>
    void broadcast(F&& f) const;

    /// Returns true when no member has a living parent, init aside, in another group of the session: nobody is left who
    /// would continue its stopped members. **Complexity**: constant. Takes the tree lock.
    [[nodiscard]] bool is_orphaned() const {
        Guard guard(this->topology_->lock());
        return ties_ == 0;
    }

private:
    friend BasicTopology<Traits>;
    friend Process;
    friend BasicProcessBuilder<Traits>;
    friend BasicPreparedProcess<Traits>;
    friend BasicProcessTree<Traits>;
    friend BasicEffects<Traits>;
    friend BasicJobControl<Traits>;
    friend BasicTerminal<Traits>;
    friend TreeInvariants<Traits>;
    friend NumberIndex<BasicProcessGroup, InSession>;

    // All below: under the tree lock.

    /// Enters the tables. **Pre**: the number is reserved, and no group is listed under it.
    [[PROCSPACE_SELDOM]] void publish(Pid pgid, const std::shared_ptr<Session>& session,
                                      const std::shared_ptr<BasicProcessGroup>& self) noexcept {
        self_ = self;
        session_ = session;
        listed_ = true;
        if (pgid != 0) { // 0: outside of the tree, see InitOptions
            this->topology_->add_role(*this, pgid);
            origin_ = this->topology_->template find<Process>(pgid, NumberRole::pid)->generation_;
            ++this->topology_->counts_.groups;
        }
        session_->groups_.link(*this, pgid);
        this->count();
    }

    /// Leaves the tables: the group can't be joined from here on.
    [[PROCSPACE_SELDOM]] void unlist(typename Topology::Blocks& emptied) noexcept {
        listed_ = false;
        session_->groups_.unlink(*this);
        if (pgid() == 0)
            return;
        this->topology_->release(*this, emptied);
        --this->topology_->counts_.groups;
    }

    /// Null when the last handle has gone, and the destructor waits for the lock.
    [[nodiscard]] std::shared_ptr<BasicProcessGroup> self_handle() const noexcept { return self_.lock(); }

    using CountedInTree<Traits>::listed_; // named by its session and in the table of numbers
    std::shared_ptr<Session> session_;    // immutable once published
    NumberIndex<Process, InGroup> members_;
    std::shared_ptr<BasicProcessGroup> anchor_; // this group, while it has members
    std::size_t ties_ = 0;    // members whose parent could continue them: see BasicProcess::count_ties
    std::size_t stopped_ = 0; // members that are stopped
    std::weak_ptr<BasicProcessGroup> self_;
    std::uint64_t youngest_ = 0; // the highest generation that ever joined
    std::uint64_t origin_ = 0;   // the generation of the process that gave its number
    Posted posted_;
};

template <class Traits>
template <class F>
void BasicProcessGroup<Traits>::broadcast(F&& f) const {
    constexpr std::size_t batch = 16;
    std::uint64_t born_from = 0; // each pass is for those of one range of generations
    for (;;) {
        std::uint64_t born_before = 0;
        Pid last = 0;
        for (std::size_t count = batch; count == batch;) {
            std::shared_ptr<Process> reached[batch];
            count = 0;
            {
                Guard guard(this->topology_->lock());
                if (born_before == 0)
                    born_before = this->topology_->generations_ + 1;
                std::size_t looked_at = 0;
                for (Process* member = members_.after(last); member != nullptr && count < batch;
                     member = members_.next(*member)) {
                    last = member->pid();
                    if (member->generation_ >= born_from && member->generation_ < born_before)
                        reached[count++] = member->self_handle();
                    if (++looked_at == 2 * batch && count < batch)
                        break; // enough for one lock hold
                }
                if (count < batch && members_.after(last) != nullptr)
                    count = batch; // not at the end: empty places are passed over below
            }
            for (const std::shared_ptr<Process>& member : reached)
                if (member != nullptr)
                    f(member);
        }
        Guard guard(this->topology_->lock());
        if (youngest_ < born_before)
            return;
        born_from = born_before;
    }
}

} // namespace procspace
