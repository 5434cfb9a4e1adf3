#pragma once
// A life of a tree in which every call may run out of memory, for programs with and without exceptions.

#include "support/tree_invariants.hpp"

#include <procspace/process/tree.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace support {

/// Builds a tree by try_ functions only. Each call that says no_memory is checked to have changed nothing, and is made
/// again.
template <class Traits>
class Life {
    using Errno = procspace::Errno;
    using Pid = procspace::Pid;
    using Process = std::shared_ptr<procspace::BasicProcess<Traits>>;
    using Thread = std::shared_ptr<procspace::BasicThread<Traits>>;

public:
    void live() {
        const Process init = twice([&] { return tree_.new_init(1).data(100L).try_build(); });
        expect(init != nullptr && init->template data<long>() != nullptr, "init");
        const Process shell = fork(init, 2);
        expect(twice([&] { return shell->try_create_session(); }).second != nullptr, "create_session");
        for (Pid pid = 10; pid < 13; ++pid) {
            const Process job = fork(shell, pid);
            expect(twice([&] { return job->try_create_group(); }) != nullptr, "create_group");
            const Thread leader = thread(job, pid);
            const Thread second = thread(job, pid + 100);
            const Process child = fork(job, pid + 200);
            expect(child->pgid() == pid && child->sid() == 2, "inherited");
            expect(!leader->exit(1) && second->exit(2), "threads");
            job->exit();
            expect(job->free(), "free");
            expect(child->parent() == init, "reparented");
        }
        lists(init, shell);
        two_steps(shell);
        expect(TreeInvariants<Traits>::check(tree_).rule == nullptr, "invariants");
    }

    /// Handles of all that belongs to somebody, and nothing allocated when nobody does.
    void lists(const Process& init, const Process& shell) {
        const auto children = twice([&] { return init->try_children(); });
        expect(children.size() == 4 && children[0] == shell && children[3]->pid() == 212, "children, by pid");
        expect(twice([&] { return shell->try_children(); }).empty(), "no children");
        const auto members = twice([&] { return shell->group()->try_processes(); });
        expect(members.size() == 1 && members[0] == shell, "members");
        const auto groups = twice([&] { return shell->session()->try_process_groups(); });
        expect(groups.size() == 4 && groups[0]->pgid() == 2 && groups[3]->pgid() == 12, "groups");
        const Thread leader = thread(shell, 2);
        const auto threads = twice([&] { return shell->try_threads(); });
        expect(threads.size() == 1 && threads[0] == leader, "threads");
    }

    /// The forms in which what may fail comes first, with numbers for which the table has no block yet.
    void two_steps(const Process& shell) {
        auto child = twice([&] { return shell->fork(100'000).data(5L).prepare(); });
        expect(*child.template data<long>() == 5, "data of a prepared process");
        auto dropped = twice([&] { return shell->fork(200'000).data(6L).prepare(); });
        auto thread = twice([&] { return shell->new_thread(300'000).prepare(); });
        auto group = twice([&] { return tree_.prepare_group(); });
        auto session = twice([&] { return tree_.prepare_session(); });
        auto published = child.publish();
        expect(static_cast<bool>(published), "publish");
        expect(static_cast<bool>(thread.publish()), "publish of a thread");
        expect(static_cast<bool>(published.value->create_group(std::move(group))), "a prepared group");
        const Process other = twice([&] { return published.value->fork().try_build(); });
        expect(static_cast<bool>(other->create_session(std::move(session))), "a prepared session");
        expect(static_cast<bool>(twice([&] { return other->new_thread().try_build(); })), "a thread with any number");
        twice([&] { return published.value->set_pgid(published.value->pid()); });
        published.value->exit();
        expect(published.value->free() && !published.value->free(), "free once");
    }

    /// Returns how many calls said no_memory.
    [[nodiscard]] std::size_t failures() const { return failures_; }
    /// Returns what went wrong first, or null.
    [[nodiscard]] const char* complaint() const { return complaint_; }

private:
    void expect(bool holds, const char* what) {
        if (!holds && complaint_ == nullptr)
            complaint_ = what;
    }

    Process fork(const Process& parent, Pid pid) {
        const Process child = twice([&] { return parent->fork(pid).data(static_cast<long>(pid)).try_build(); });
        expect(child->template data<long>() != nullptr && *child->template data<long>() == static_cast<long>(pid),
               "data");
        return child;
    }
    Thread thread(const Process& process, Pid tid) {
        return twice([&] { return process->new_thread(tid).data(tid).try_build(); });
    }

    /// What can be counted and must not change when a call fails.
    struct Size {
        std::size_t processes = 0, threads = 0, groups = 0, memberships = 0;
        friend bool operator==(const Size&, const Size&) = default;
    };
    Size size() {
        Size sum;
        for (Pid pid = 1; pid < 300; ++pid) {
            sum.processes += tree_.find_process(pid) != nullptr;
            sum.threads += tree_.find_thread(pid) != nullptr;
            if (const auto group = tree_.find_group(pid)) {
                ++sum.groups;
                group->for_each_process([&](const procspace::ProcessInfo&) { ++sum.memberships; });
            }
        }
        return sum;
    }

    template <class F>
    auto twice(F&& f) {
        const Size before = size();
        auto result = f();
        if (!result) {
            expect(result.error == Errno::no_memory, "the error is no_memory");
            expect(size() == before, "a failed call changes nothing");
            ++failures_;
            result = f(); // only one allocation fails
            expect(static_cast<bool>(result), "the second try succeeds");
        }
        if constexpr (requires { result.value; })
            return std::move(result.value);
    }

    procspace::BasicProcessTree<Traits> tree_;
    std::size_t failures_ = 0;
    const char* complaint_ = nullptr;
};

} // namespace support
