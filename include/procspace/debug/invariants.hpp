#pragma once
// check_invariants: looks at a whole tree, from the inside, and names the first rule that it finds broken. For tests,
// fuzzers and debug builds.

#include "../fwd.hpp"
#include "../process/process.hpp"
#include "../process/process_group.hpp"
#include "../process/session.hpp"
#include "../process/thread.hpp"
#include "../process/topology.hpp"
#include "../process/tree.hpp"

#include <cstddef>

namespace procspace {

/// One rule that a tree breaks.
struct BrokenRule {
    const char* rule = nullptr; ///< null: none is broken
    Pid number = 0;             ///< of the process, thread, group or session that breaks it

    explicit operator bool() const noexcept { return rule != nullptr; }
};

/// What check_invariants() is made of. Needs no memory: what no single object can show is shown by sums.
template <class Traits>
class TreeInvariants {
    using Topology = BasicTopology<Traits>;
    using Process = BasicProcess<Traits>;
    using Thread = BasicThread<Traits>;
    using Group = BasicProcessGroup<Traits>;
    using Session = BasicSession<Traits>;
    using Lineage = BasicLineage<Traits>;

public:
    [[nodiscard]] static BrokenRule check(const BasicProcessTree<Traits>& tree) {
        typename Topology::Guard guard(tree.topology_.lock());
        TreeInvariants all(tree.topology_);
        all.look_at_numbers();
        all.look_at_sums();
        return all.broken_;
    }

private:
    explicit TreeInvariants(const Topology& topology) noexcept : topology_(topology) {}

    void expect(bool holds, const char* rule, Pid number) noexcept {
        if (!holds && broken_.rule == nullptr)
            broken_ = {rule, number};
    }

    void look_at_numbers() noexcept {
        expect(topology_.numbers_.is_sound(), "[P7] the blocks of the table of numbers agree with each other", 0);
        for (Pid number = 1; (number = topology_.numbers_.first_used(number)) != 0 && !broken_; ++number) {
            unsigned roles = 0;
            for (NumberHook* hook = topology_.numbers_.roles(number); hook != nullptr; hook = hook->next_role) {
                const unsigned role = 1U << static_cast<unsigned>(hook->role);
                expect(hook->number == number, "[P7] what stands under a number has it", number);
                expect((roles & role) == 0, "[P7] no number has a role twice", number);
                roles |= role;
                switch (hook->role) {
                case NumberRole::pid:
                    look_at(static_cast<const Process&>(*hook));
                    break;
                case NumberRole::tid:
                    look_at(static_cast<const Thread&>(*hook));
                    break;
                case NumberRole::pgid:
                    look_at(static_cast<const Group&>(*hook));
                    break;
                case NumberRole::sid:
                    look_at(static_cast<const Session&>(*hook));
                    break;
                case NumberRole::reserved:
                    break;
                }
            }
            expect(roles != 0, "[P7] a used number has a role", number);
        }
    }

    void look_at(const Process& process) noexcept {
        const Pid pid = process.pid();
        ++found_.processes;
        expect(process.generation_ != 0 && process.generation_ <= topology_.generations_,
               "[P6] a process has a generation", pid);
        expect(process.state() != ProcessState::reaped, "[P4] what is in the tree is not reaped", pid);
        expect(process.anchor_.get() == &process, "[P4] what is in the tree is owned by it", pid);
        look_at_relations(process);
        look_at_children(process);
        expect(process.events_.is_sound(), "the index of changed children is sound", pid);
        expect(process.threads_.threads_.is_sound(), "the index of the threads is sound", pid);
        const bool zombie = process.state() == ProcessState::zombie;
        expect(!zombie || process.family_.empty(), "[P5] a zombie has no children", pid);
        expect(!zombie || process.threads_.threads_.empty(), "[P5] a zombie has no threads", pid);
        expect(!zombie || !process.is_stopped(), "a zombie is not stopped", pid);
        expect(!process.claimed_ || zombie, "[P8] what is claimed is a zombie", pid);
        expect(process.is_init_ || process.listed_ == (zombie || process.change_pending_),
               "what there is to wait for is listed, and nothing else", pid);
        sums_.events += process.events_.size();
        sums_.threads += process.threads_.threads_.size();
        sums_.listed += process.listed_;
        if (process.pgid() == 0) { // a group that is in no table: see InitOptions
            ++sums_.members;
            sums_.ties += process.has_tie();
            sums_.group_stopped += process.is_stopped();
        }
        sums_.stopped += process.is_stopped();
        sums_.marked += process.is_child_subreaper() && process.living();
    }

    struct ChildSums {
        std::size_t kin, tied;
    };

    /// The children are walked family by family, without the way from a child to its family: that is looked at here.
    void look_at_children(const Process& process) noexcept {
        ChildSums sums{};
        look_at_family(process, process.family_, nullptr, sums);
        std::size_t forkers = 0;
        const auto& threads = process.threads_.threads_;
        for (const auto* thread = threads.first(); thread != nullptr && !broken_; thread = threads.next(*thread)) {
            forkers += !thread->family_.empty();
            look_at_family(process, thread->family_, thread, sums);
        }
        expect(process.forkers_ == forkers, "the threads that have children are counted", process.pid());
        expect(process.kin_ == sums.kin, "the children in a process's own group are counted", process.pid());
        expect(process.tied_children_ == sums.tied, "the children that it could continue are counted", process.pid());
    }

    void look_at_family(const Process& process, const Family<Process>& family, const Thread* keeper,
                        ChildSums& sums) noexcept {
        for (const Process* child = family.first(); child != nullptr && !broken_;
             child = family.next(*child), ++sums_.children) {
            sums.kin += child->may_tie() && child->group_ == process.group_;
            sums.tied += child->has_tie();
            expect(Family<Process>::is_sound(*child), "the links of a family agree with each other", child->pid());
            expect(child->parent_ == &process, "[P4] a process is among its parent's children", child->pid());
            expect(child->parent_ != &process || Lineage::keeper_of(*child) == keeper,
                   "a process is in the family of the thread that it names", child->pid());
            expect(child->order() <= topology_.births_, "an order is given once", child->pid());
        }
    }

    void look_at_relations(const Process& process) noexcept {
        const Pid pid = process.pid();
        const Process* const parent = process.parent_;
        expect((parent == nullptr) == process.is_init_, "[P4] all but init have a parent", pid);
        if (parent != nullptr) {
            expect(parent->state() == ProcessState::living, "[P5] a parent lives", pid);
            expect(!process.listed_ || parent->events_.holds(process), "a change is listed by the parent", pid);
        }
        expect(process.ppid() == (parent != nullptr ? parent->pid() : 0), "ppid is the parent's pid", pid);
        const Group* const group = process.group_;
        if (group == nullptr)
            return expect(false, "[P4] a process has a group", pid);
        expect(group->members_.holds(process), "[P4] a process is a member of its group", pid);
        expect(group->listed_, "[P4] a group with members is in the tables", pid);
        expect(process.pgid() == group->pgid(), "pgid is the group's", pid);
        expect(process.sid() == group->session_->sid(), "sid is the session's", pid);
        expect(process.sid() != pid || process.pgid() == pid, "a session leader leads its group", pid);
        sums_.tied += process.has_tie();
        expect(process.generation_ <= group->youngest_, "a broadcast knows the youngest member", pid);
    }

    void look_at(const Thread& thread) noexcept {
        const Pid tid = thread.tid();
        ++found_.threads;
        expect(thread.number == tid, "[P7] a thread has its number", tid);
        expect(thread.living(), "what is in the table of numbers lives", tid);
        expect(thread.process_->threads_.threads_.holds(thread), "a thread is among those of its process", tid);
        const NumberHook* const bearer = topology_.numbers_.find(tid, NumberRole::pid);
        expect(bearer == nullptr || static_cast<const Process*>(bearer) == thread.process_.get(),
               "[P7] a tid is no other process's pid", tid);
    }

    void look_at(const Group& group) noexcept {
        const Pid pgid = group.pgid();
        ++found_.groups;
        expect(group.listed_, "[P7] a group in the table is listed", pgid);
        expect(group.session_->groups_.holds(group), "a group is in its session", pgid);
        if (group.session_->sid() == 0)
            ++sums_.groups; // the session is in no table
        else
            expect(topology_.numbers_.find(group.session_->sid(), NumberRole::sid) == group.session_.get(),
                   "[P7] the session of a group is in the table", pgid);
        expect(group.members_.is_sound(), "the index of the members is sound", pgid);
        expect((group.anchor_ == nullptr) == group.members_.empty(), "a group is owned while it has members", pgid);
        sums_.members += group.members_.size();
        std::size_t tied = 0;
        for (const Process* member = group.members_.first(); member != nullptr; member = group.members_.next(*member))
            tied += member->has_tie();
        expect(group.ties_ == tied, "who could continue a group's members is counted", pgid);
        sums_.ties += group.ties_;
        sums_.group_stopped += group.stopped_;
    }

    void look_at(const Session& session) noexcept {
        ++found_.sessions;
        expect(session.groups_.is_sound(), "the index of the groups is sound", session.sid());
        sums_.groups += session.groups_.size();
    }

    /// Each was found once in the table of numbers, and each is in one index that it names: if the sizes of the indexes
    /// add up to the same, nobody is in a second one.
    void look_at_sums() noexcept {
        const TreeCounts& counts = topology_.counts_;
        expect(found_.processes == counts.processes, "the processes are counted", 0);
        expect(found_.threads == counts.threads, "the threads are counted", 0);
        expect(found_.groups == counts.groups, "the groups are counted", 0);
        expect(found_.sessions == counts.sessions, "the sessions are counted", 0);
        expect(sums_.children + (topology_.init_ != nullptr) == counts.processes,
               "[P4] a process is among the children of one parent only", 0);
        expect(sums_.members == counts.processes, "[P4] a process is in one group only", 0);
        expect(sums_.threads == counts.threads, "a thread is in one process only", 0);
        expect(sums_.groups == counts.groups, "a group is in one session only", 0);
        expect(sums_.events == sums_.listed, "a change is listed once", 0);
        expect(sums_.ties == sums_.tied, "the ties of the groups are counted", 0);
        expect(sums_.group_stopped == sums_.stopped, "the stopped members are counted", 0);
        expect(sums_.marked == topology_.subreapers_, "the subreapers are counted", 0);
        if (!broken_)
            expect(reached_from_init() == counts.processes, "[P4] every process descends from init", 0);
    }

    /// In depth, by the links alone.
    [[nodiscard]] std::size_t reached_from_init() const noexcept {
        std::size_t reached = 0;
        for (const Process* process = topology_.init_; process != nullptr;) {
            ++reached;
            const Process* next = Lineage::first(*process);
            while (next == nullptr && process->parent_ != nullptr) {
                next = Lineage::next(*process);
                process = process->parent_;
            }
            process = next;
        }
        return reached;
    }

    struct Sums {
        std::size_t children, members, threads, groups, events, listed, ties, tied, stopped, group_stopped, marked;
    };

    const Topology& topology_;
    BrokenRule broken_{};
    TreeCounts found_{};
    Sums sums_{};
};

/// Returns the first rule that the tree breaks: one whose `rule` is null if all is well, as it is whenever the lock is
/// free. **Complexity**: n log n, in one hold of the tree lock; no allocation.
template <class Traits>
[[nodiscard]] BrokenRule check_invariants(const BasicProcessTree<Traits>& tree) {
    return TreeInvariants<Traits>::check(tree);
}

} // namespace procspace
