#pragma once
// Sessions and process groups by number: setsid, getsid, setpgid, getpgid, getppid, with Linux's errors.
//
// Numbers that a program passes are signed, as in its calls; what they name is looked up in the tree of the caller.

#include "../fwd.hpp"
#include "../core/result.hpp"
#include "../process/builder.hpp"
#include "../process/process.hpp"
#include "../process/thread.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace procspace {

/// What the functions below are made of: each is one critical section of the tree lock.
template <class Traits>
class BasicJobControl {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Process = BasicProcess<Traits>;
    using Thread = BasicThread<Traits>;
    using Group = BasicProcessGroup<Traits>;
    using Session = BasicSession<Traits>;

public:
    /// Returns the process with this number, or the one that has a thread with it; null otherwise. **Pre**: the lock.
    [[nodiscard]] static Process* find(const Topology& topology, std::int32_t number) noexcept {
        if (number <= 0)
            return nullptr;
        const auto wanted = static_cast<Pid>(number);
        if (auto* const process = topology.template find<Process>(wanted, NumberRole::pid))
            return process;
        auto* const thread = topology.template find<Thread>(wanted, NumberRole::tid);
        return thread != nullptr ? thread->process().get() : nullptr;
    }
    [[nodiscard]] static std::shared_ptr<Process> find_handle(const Process& caller, std::int32_t number) {
        Guard guard(caller.topology_->lock());
        Process* const found = find(*caller.topology_, number);
        return found != nullptr ? found->self_handle() : nullptr;
    }
    /// Returns the living thread, or the process whose zombie leader has the number; both null if there is none.
    [[nodiscard]] static std::shared_ptr<Process> find_thread(const Process& caller, std::int32_t tgid,
                                                              std::int32_t tid) {
        Guard guard(caller.topology_->lock());
        Process* const found = find(*caller.topology_, tid);
        return found != nullptr && found->pid() == static_cast<Pid>(tgid) ? found->self_handle() : nullptr;
    }
    /// Returns the group with members that has this number, or null.
    [[nodiscard]] static std::shared_ptr<Group> find_group(const Process& caller, Pid number) {
        Guard guard(caller.topology_->lock());
        Group* const found = caller.topology_->template find<Group>(number, NumberRole::pgid);
        return found != nullptr ? found->anchor_ : nullptr;
    }
    /// Returns the first process with a number of `from` or more, or null.
    [[nodiscard]] static std::shared_ptr<Process> next_process(const Process& caller, Pid from) {
        constexpr int batch = 256;
        for (;;) {
            Guard guard(caller.topology_->lock());
            for (int i = 0; i < batch; ++i, ++from) {
                from = caller.topology_->numbers_.first_used(from);
                if (from == 0)
                    return nullptr;
                if (auto* const found = caller.topology_->template find<Process>(from, NumberRole::pid))
                    return found->self_handle();
            }
        }
    }

    [[nodiscard]] static Result<Pid> number_of(const Process& caller, std::int32_t pid,
                                               Pid (Process::*number)() const) {
        Guard guard(caller.topology_->lock());
        const Process* const process = pid == 0 ? &caller : find(*caller.topology_, pid);
        if (process == nullptr)
            return Errno::no_process;
        return (process->*number)();
    }

    [[nodiscard]] static Result<void> set_pgid(Process& caller, std::int32_t pid, std::int32_t pgid) {
        if (pgid == 0)
            pgid = pid;
        if (pgid < 0)
            return Errno::invalid;
        const bool own = pgid == 0 || pgid == (pid != 0 ? pid : static_cast<std::int32_t>(caller.pid()));
        std::shared_ptr<Group> fresh; // all of these die after the guard
        std::shared_ptr<Group> emptied;
        typename Topology::Blocks blocks;
        if (own &&
            (fresh = try_make_shared<Group, typename Traits::Memory>(BuilderKey(), *caller.topology_)) == nullptr)
            return Errno::no_memory;
        Guard guard(caller.topology_->lock());
        Process* const target = pid == 0 ? &caller : find(*caller.topology_, pid);
        if (const Errno refusal = refused(caller, target, pid); refusal != Errno::ok)
            return refusal;
        if (own)
            return target->pgid() == target->pid() ? Result<void>() : enter_own(*target, fresh, blocks, emptied);
        Group* const group = caller.topology_->template find<Group>(static_cast<Pid>(pgid), NumberRole::pgid);
        if (group == nullptr || group->anchor_ == nullptr || group->session_ != caller.group_->session_)
            return Errno::permission;
        if (group != target->group_)
            target->change_group(group->anchor_, emptied);
        return {};
    }

private:
    // Under the tree lock.

    /// The checks that do not depend on the group, in Linux's order.
    [[nodiscard]] static Errno refused(const Process& caller, const Process* target, std::int32_t pid) noexcept {
        if (target == nullptr || target->group_ == nullptr)
            return Errno::no_process;
        if (pid != 0 && target->pid() != static_cast<Pid>(pid))
            return Errno::invalid; // the number of a thread that is no leader
        if (target->parent_ == &caller) {
            if (target->group_->session_ != caller.group_->session_)
                return Errno::permission;
            if (target->has_execed())
                return Errno::access;
        } else if (target != &caller) {
            return Errno::no_process;
        }
        return target->is_session_leader() ? Errno::permission : Errno::ok;
    }

    /// Into the group with its own number: `fresh`, unless the one that it made before is still there.
    static Result<void> enter_own(Process& target, std::shared_ptr<Group>& fresh, typename Topology::Blocks& blocks,
                                  std::shared_ptr<Group>& emptied) {
        Group* const former = target.topology_->template find<Group>(target.pid(), NumberRole::pgid);
        auto group = former != nullptr ? former->self_handle() : nullptr;
        if (group == nullptr) {
            if (former != nullptr)
                former->unlist(blocks); // its last handle has gone, and its destructor waits for this lock
            group = std::move(fresh);
            group->publish(target.pid(), target.group_->session_, group);
        }
        target.change_group(group, emptied);
        return {};
    }
};

namespace posix {

/// Moves the caller into a new session and a new group, both with its number, without a controlling terminal.
/// **Returns** the number.
/// **Errors**: permission (it leads a session, or a process is in the group with its number, even if the caller has
/// left that); no_memory. **Complexity**: two allocations; linear in the caller's children if any of them is in another
/// group of the session than the caller, else constant. **Thread safety**: takes the tree lock.
/// **Source**: setsid(2); POSIX.1-2017, setsid.
template <class Traits>
[[nodiscard]] Result<Pid> setsid(BasicProcess<Traits>& caller) {
    const auto created = caller.try_create_session();
    if (!created)
        return created.error;
    return caller.pid();
}

/// **Returns** the session of the process with this number, zombies included; 0 names the caller.
/// **Errors**: no_process. **Complexity**: constant. **Source**: getsid(2).
template <class Traits>
[[nodiscard]] Result<Pid> getsid(const BasicProcess<Traits>& caller, std::int32_t pid) {
    return BasicJobControl<Traits>::number_of(caller, pid, &BasicProcess<Traits>::sid);
}

/// **Returns** the group of the process with this number, zombies included; 0 names the caller.
/// **Errors**: no_process. **Complexity**: constant. **Source**: getpgid(2).
template <class Traits>
[[nodiscard]] Result<Pid> getpgid(const BasicProcess<Traits>& caller, std::int32_t pid) {
    return BasicJobControl<Traits>::number_of(caller, pid, &BasicProcess<Traits>::pgid);
}

/// **Returns** the number of the parent; 0 for init. **Complexity**: constant. **Source**: getppid(2).
template <class Traits>
[[nodiscard]] Pid getppid(const BasicProcess<Traits>& caller) noexcept {
    return caller.ppid();
}

/// Moves a process, the caller or one of its children, into a group of its session; `pid` 0 is the caller, `pgid` 0 the
/// process's own number, which makes a group if there is none.
/// **Errors**, in the order in which they are looked for: invalid (`pgid` negative, or 0 with a negative `pid`);
/// no_process (no such process); invalid (the number of a thread that is no leader); permission (a child in another
/// session); access (a child that has execed); no_process (neither the caller nor a child); permission (a session
/// leader); permission (no such group in the caller's session); no_memory.
/// **Complexity**: logarithmic in the members. If some children of the target are in other groups of the session, and
/// the group that it joins has members, those who are both have to be found: linear in the target's children or in the
/// members, whichever are fewer. One allocation when `pgid` is the target's own number. **Thread safety**: takes the
/// tree lock. **Source**: setpgid(2); POSIX.1-2017, setpgid.
template <class Traits>
[[nodiscard]] Result<void> setpgid(BasicProcess<Traits>& caller, std::int32_t pid, std::int32_t pgid) {
    return BasicJobControl<Traits>::set_pgid(caller, pid, pgid);
}

} // namespace posix
} // namespace procspace
