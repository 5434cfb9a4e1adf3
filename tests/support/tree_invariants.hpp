#pragma once
// What must be true of a process tree whenever its lock is free, asked through the public functions.

#include <procspace/debug/invariants.hpp>
#include <procspace/process/tree.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <vector>

namespace support {

using procspace::BrokenRule;

/// Looks at a tree from init downwards and remembers the first rule that it finds broken.
///
/// **Thread safety**: the tree must not change meanwhile.
template <class Traits>
class TreeInvariants {
    using Pid = procspace::Pid;
    using Tree = procspace::BasicProcessTree<Traits>;
    using Process = procspace::BasicProcess<Traits>;
    using Handles = std::vector<std::shared_ptr<Process>>;

public:
    /// `outside` are processes that are held by handles, reaped or not.
    static BrokenRule check(Tree& tree, const Handles& outside = {}) {
        TreeInvariants all(tree);
        all.broken_ = procspace::check_invariants(tree); // from the inside; below from the outside
        if (const auto init = tree.init())
            all.look_at(init);
        for (const auto& process : outside)
            all.look_at_outside(process);
        return all.broken_;
    }

private:
    explicit TreeInvariants(Tree& tree) : tree_(tree) {}

    void expect(bool holds, const char* rule, Pid number) {
        if (!holds && broken_.rule == nullptr)
            broken_ = {rule, number};
    }

    template <class T>
    static bool ascending(const std::vector<std::shared_ptr<T>>& all, Pid (T::*number)() const noexcept) {
        return std::adjacent_find(all.begin(), all.end(), [number](const auto& a, const auto& b) {
                   return (a.get()->*number)() >= (b.get()->*number)();
               }) == all.end();
    }
    template <class T>
    static std::ptrdiff_t times(const std::vector<std::shared_ptr<T>>& all, const std::shared_ptr<T>& one) {
        return std::count(all.begin(), all.end(), one);
    }

    void look_at(const std::shared_ptr<Process>& root) {
        Handles waiting{root};
        expect(root->parent() == nullptr && root->ppid() == 0, "init has no parent", root->pid());
        while (!waiting.empty() && broken_.rule == nullptr) {
            const auto process = waiting.back();
            waiting.pop_back();
            const auto children = process->children();
            expect(ascending(children, &Process::pid), "children ascend by pid", process->pid());
            for (const auto& child : children) {
                expect(child->parent() == process, "a child's parent is who has it among its children", child->pid());
                expect(child->ppid() == process->pid(), "ppid is the parent's pid", child->pid());
                waiting.push_back(child);
            }
            look_at_one(process);
        }
        for (const auto& process : seen_)
            look_at_group_of(process);
    }

    void look_at_one(const std::shared_ptr<Process>& process) {
        const Pid pid = process->pid();
        expect(seen_.insert(process).second, "a process is among the children of one parent only", pid);
        expect(pids_.insert(pid).second, "no pid twice", pid);
        expect(process->state() != procspace::ProcessState::reaped, "what is in the tree is not reaped", pid);
        expect(process->is_zombie() == (process->state() == procspace::ProcessState::zombie), "zombie is a state", pid);
        expect(tree_.find_process(pid) == process, "a process is found by its pid", pid);
        const auto threads = process->threads();
        if (process->is_zombie()) {
            expect(process->children().empty(), "a zombie has no children", pid);
            expect(threads.empty(), "a zombie has no threads", pid);
        }
        expect(ascending(threads, &procspace::BasicThread<Traits>::tid), "threads ascend by tid", pid);
        for (const auto& thread : threads) {
            expect(thread->process() == process, "a thread is listed by its process", thread->tid());
            expect(tids_.insert(thread->tid()).second, "no tid twice", thread->tid());
            expect(tree_.find_thread(thread->tid()) == thread, "a thread is found by its tid", thread->tid());
            const auto bearer = tree_.find_process(thread->tid());
            expect(bearer == nullptr || bearer == process, "a tid is no other process's pid", thread->tid());
        }
    }

    void look_at_group_of(const std::shared_ptr<Process>& process) {
        const Pid pid = process->pid();
        const auto group = process->group();
        const auto session = process->session();
        if (group == nullptr || session == nullptr)
            return expect(false, "a process has a group and a session", pid);
        expect(process->pgid() == group->pgid(), "pgid is the group's", pid);
        expect(process->sid() == session->sid(), "sid is the session's", pid);
        expect(group->session() == session, "the group is of the process's session", pid);
        expect(process->sid() != pid || process->pgid() == pid, "a session leader leads its group", pid);
        expect(times(group->processes(), process) == 1, "a process is once in its group", pid);
        if (!groups_.insert(group).second)
            return;
        expect(pgids_.insert(group->pgid()).second, "no pgid twice", group->pgid());
        expect(tree_.find_group(group->pgid()) == group, "a group is found by its pgid", group->pgid());
        expect(ascending(group->processes(), &Process::pid), "members ascend by pid", group->pgid());
        for (const auto& member : group->processes()) {
            expect(seen_.count(member) == 1, "a member is in the tree", member->pid());
            expect(member->group() == group, "a member's group is who lists it", member->pid());
        }
        const auto groups = session->process_groups();
        expect(times(groups, group) == 1, "a group is once in its session", group->pgid());
        expect(ascending(groups, &procspace::BasicProcessGroup<Traits>::pgid), "groups ascend by pgid", session->sid());
        if (!sessions_.insert(session).second)
            return;
        expect(sids_.insert(session->sid()).second, "no sid twice", session->sid());
        expect(tree_.find_session(session->sid()) == session, "a session is found by its sid", session->sid());
        for (const auto& listed : groups)
            expect(listed->session() == session, "a group's session is who lists it", listed->pgid());
    }

    void look_at_outside(const std::shared_ptr<Process>& process) {
        if (process == nullptr || broken_.rule != nullptr)
            return;
        const Pid pid = process->pid();
        if (process->state() != procspace::ProcessState::reaped)
            return expect(seen_.count(process) == 1, "what is not reaped is in the tree", pid);
        expect(seen_.count(process) == 0, "a reaped process is nobody's child", pid);
        expect(process->parent() == nullptr && process->ppid() == 0, "a reaped process has no parent", pid);
        expect(process->group() == nullptr && process->session() == nullptr, "a reaped process has no group", pid);
        expect(process->children().empty() && process->threads().empty(), "a reaped process has nobody", pid);
        expect(tree_.find_process(pid) != process, "a reaped process is not found", pid);
    }

    Tree& tree_;
    BrokenRule broken_{nullptr, 0};
    std::set<std::shared_ptr<Process>> seen_;
    std::set<std::shared_ptr<procspace::BasicProcessGroup<Traits>>> groups_;
    std::set<std::shared_ptr<procspace::BasicSession<Traits>>> sessions_;
    std::set<Pid> pids_, tids_, pgids_, sids_;
};

} // namespace support
