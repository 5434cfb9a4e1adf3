#pragma once
// clone, unshare and setns: a process or thread, and what it shares with its maker. The one header that knows both
// halves: the tree says who it is, the namespace of the caller what it has.

#include "../fwd.hpp"
#include "../core/result.hpp"
#include "../process/builder.hpp"
#include "../process/thread_builder.hpp"
#include "../resource/namespace_change.hpp"
#include "../resource/registry.hpp"
#include "kill.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace procspace {

/// The flags of clone, unshare and setns, by Linux's numbers.
struct CloneFlag {
    static constexpr std::uint64_t new_time = 0x00000080;
    static constexpr std::uint64_t vm = 0x00000100;
    static constexpr std::uint64_t fs = 0x00000200;
    static constexpr std::uint64_t files = 0x00000400;
    static constexpr std::uint64_t sighand = 0x00000800;
    static constexpr std::uint64_t pidfd = 0x00001000;
    static constexpr std::uint64_t ptrace = 0x00002000;
    static constexpr std::uint64_t vfork = 0x00004000;
    static constexpr std::uint64_t parent = 0x00008000;
    static constexpr std::uint64_t thread = 0x00010000;
    static constexpr std::uint64_t new_ns = 0x00020000;
    static constexpr std::uint64_t sysvsem = 0x00040000;
    static constexpr std::uint64_t settls = 0x00080000;
    static constexpr std::uint64_t parent_settid = 0x00100000;
    static constexpr std::uint64_t child_cleartid = 0x00200000;
    static constexpr std::uint64_t detached = 0x00400000;
    static constexpr std::uint64_t untraced = 0x00800000;
    static constexpr std::uint64_t child_settid = 0x01000000;
    static constexpr std::uint64_t new_cgroup = 0x02000000;
    static constexpr std::uint64_t new_uts = 0x04000000;
    static constexpr std::uint64_t new_ipc = 0x08000000;
    static constexpr std::uint64_t new_user = 0x10000000;
    static constexpr std::uint64_t new_pid = 0x20000000;
    static constexpr std::uint64_t new_net = 0x40000000;
    static constexpr std::uint64_t io = 0x80000000;
    static constexpr std::uint64_t clear_sighand = 0x100000000;
    static constexpr std::uint64_t into_cgroup = 0x200000000;

    static constexpr std::uint64_t namespaces =
        new_time | new_ns | new_cgroup | new_uts | new_ipc | new_user | new_pid | new_net;
};

/// What clone(2) and clone3(2) are asked for.
struct CloneRequest {
    std::uint64_t flags = 0;
    int exit_signal = Signal::chld; ///< 0 for none; for a thread it means nothing
    std::int32_t set_tid = 0;       ///< the number, 0 for the next free one; who may choose is the caller's affair
    bool clone3 = false;            ///< whose arguments are looked at more closely than those of clone
};

/// What clone has made: a process with its leader, or a thread, and what it has.
template <class Traits>
struct BasicCloned {
    std::shared_ptr<BasicProcess<Traits>> process; ///< that of the new thread
    std::shared_ptr<BasicThread<Traits>> thread;
    BasicNamespace<Traits> ns{NoValue{}};

    explicit BasicCloned(NoValue) noexcept {}
};

/// What the functions below are made of.
template <class Traits>
class BasicCloneCall {
    using Thread = BasicThread<Traits>;
    using Namespace = BasicNamespace<Traits>;
    using Cloned = BasicCloned<Traits>;

public:
    /// The checks that need no memory; what fails them is EINVAL.
    [[nodiscard]] static bool is_valid(const Thread& caller, const CloneRequest& request) noexcept {
        const std::uint64_t flags = request.flags;
        const auto both = [flags](std::uint64_t a, std::uint64_t b) { return (flags & a) != 0 && (flags & b) != 0; };
        const auto lacks = [flags](std::uint64_t a, std::uint64_t b) { return (flags & a) != 0 && (flags & b) == 0; };
        if (request.clone3 ? !is_valid_clone3(request) : both(CloneFlag::pidfd, CloneFlag::detached))
            return false;
        return request.set_tid >= 0 && request.exit_signal >= 0 && request.exit_signal <= 0xff &&
               !both(CloneFlag::new_ns, CloneFlag::fs) && !both(CloneFlag::new_user, CloneFlag::fs) &&
               !lacks(CloneFlag::thread, CloneFlag::sighand) && !lacks(CloneFlag::sighand, CloneFlag::vm) &&
               !((flags & CloneFlag::parent) != 0 && caller.process()->is_init()) &&
               !both(CloneFlag::thread, CloneFlag::new_user | CloneFlag::new_pid) &&
               !both(CloneFlag::new_ipc, CloneFlag::sysvsem);
    }
    [[nodiscard]] static bool is_valid_clone3(const CloneRequest& request) noexcept {
        const std::uint64_t flags = request.flags;
        constexpr std::uint64_t any_bit = 0x3ffffffff;
        constexpr std::uint64_t not_here = CloneFlag::detached | (signal_bits & ~CloneFlag::new_time);
        constexpr std::uint64_t handlers = CloneFlag::sighand | CloneFlag::clear_sighand;
        constexpr std::uint64_t own_signal = CloneFlag::thread | CloneFlag::parent;
        return (flags & ~any_bit) == 0 && (flags & not_here) == 0 && (flags & handlers) != handlers &&
               posix::is_valid_signal(request.exit_signal) &&
               ((flags & own_signal) == 0 || request.exit_signal == Signal::none);
    }

    template <class ProcessData, class ThreadData>
    [[nodiscard]] static Result<Cloned> make(Thread& caller, const Namespace& ns, CloneRequest request,
                                             ProcessData&& process_data, ThreadData&& thread_data) {
        if (!request.clone3) // has 32 bits, of which the lowest are the signal's
            request.flags &= 0xffffffff & ~signal_bits;
        if (!is_valid(caller, request) ||
            ((request.flags & (CloneFlag::thread | CloneFlag::new_pid)) != 0 && has_left_pid_namespace(ns)))
            return Errno::invalid;
        auto forked = Namespace::try_fork(ns, request.flags);
        if (!forked)
            return forked.error;
        Cloned cloned{NoValue{}};
        const Errno refusal = (request.flags & CloneFlag::thread) != 0
                                  ? make_thread(cloned, caller, request, std::forward<ThreadData>(thread_data))
                                  : make_process(cloned, caller, request, std::forward<ProcessData>(process_data),
                                                 std::forward<ThreadData>(thread_data));
        if (refusal != Errno::ok)
            return refusal;
        cloned.ns = std::move(forked.value);
        return Result<Cloned>(std::move(cloned));
    }

    /// Returns whether the caller is the only thread. A leader that has exited still counts as another one.
    [[nodiscard]] static bool is_alone(const Thread& caller) {
        return caller.process()->thread_count() <= 1 && !caller.process()->details().has_zombie_leader;
    }

    /// Returns whether children get another PID namespace than the caller stays in. Threads, which are in one, and a
    /// third namespace are then impossible.
    [[nodiscard]] static bool has_left_pid_namespace(const Namespace& ns) {
        bool left = false;
        Registry::for_each([&](const Resource& resource) {
            left = left || ((resource.policy().share_flag & CloneFlag::new_pid) != 0 &&
                            !ns.get(resource).same_as(ns.get_for_children(resource)));
        });
        return left;
    }

    /// The flags that some resource declares.
    [[nodiscard]] static std::uint64_t declared() {
        std::uint64_t flags = 0;
        Registry::for_each([&flags](const Resource& resource) { flags |= resource.policy().share_flag; });
        return flags;
    }

private:
    static constexpr std::uint64_t signal_bits = 0xff;

    template <class Data>
    static Errno make_thread(Cloned& cloned, Thread& caller, const CloneRequest& request, Data&& data) {
        BasicProcess<Traits>& process = *caller.process();
        auto builder =
            request.set_tid != 0 ? process.new_thread(static_cast<Pid>(request.set_tid)) : process.new_thread();
        auto built = std::move(builder).data(std::forward<Data>(data)).try_build();
        cloned.thread = std::move(built.value);
        cloned.process = caller.process();
        return built.error;
    }

    /// All that can fail comes before the process is published.
    template <class ProcessData, class ThreadData>
    static Errno make_process(Cloned& cloned, Thread& caller, const CloneRequest& request, ProcessData&& process_data,
                              ThreadData&& thread_data) {
        BasicProcess<Traits>& process = *caller.process();
        ForkOptions options;
        options.exit_signal = posix::is_valid_signal(request.exit_signal) ? request.exit_signal : Signal::none;
        options.sibling = (request.flags & CloneFlag::parent) != 0;
        options.vfork = (request.flags & CloneFlag::vfork) != 0;
        options.thread = caller.tid();
        auto builder = request.set_tid != 0 ? process.fork(static_cast<Pid>(request.set_tid)) : process.fork();
        auto child = std::move(builder).options(options).data(std::forward<ProcessData>(process_data)).prepare();
        if (!child)
            return child.error;
        auto leader = BasicPreparedThread<Traits>::leader_of(child.value, std::forward<ThreadData>(thread_data));
        if (!leader)
            return leader.error;
        auto published = child.value.publish();
        if (!published)
            return published.error;
        cloned.process = std::move(published.value);
        cloned.thread = std::move(leader.value.publish().value); // null if the child was killed meanwhile
        return Errno::ok;
    }
};

namespace posix {

/// Makes what `request` says: a process with a leader, or with CLONE_THREAD a thread of the caller's process, and its
/// namespace, in which each resource is shared, copied or fresh as its ResourcePolicy says of the flags. The data goes
/// to the new process (which a thread has already) and to the new thread. Either everything is made, or nothing is.
/// With CLONE_VFORK the caller is to sleep until the effect vfork_done. A child whose exit signal is no signal gets
/// none.
/// **Errors**: invalid (flags that exclude each other, or lack one that they need: see clone(2); CLONE_PARENT by init;
/// CLONE_THREAD or CLONE_NEWPID when children already get another PID namespace than the caller's; for clone3 also
/// unknown flags, no signal, an exit signal with CLONE_THREAD or CLONE_PARENT); exists, invalid (the number); again (no
/// number is free); no_process (the caller's process is ending, or its namespace: Linux has ENOMEM for that);
/// no_memory; what a policy's authorise says, which is asked last (Linux has EPERM before some of invalid).
/// **Complexity**: two allocations for the process, one for a thread, and those of Namespace::fork.
/// **Thread safety**: takes the tree lock; `ns` is read. **Source**: clone(2).
template <class Traits, class ProcessData, class ThreadData>
[[nodiscard]] Result<BasicCloned<Traits>> clone(BasicThread<Traits>& caller, const BasicNamespace<Traits>& ns,
                                                const CloneRequest& request, ProcessData&& process_data,
                                                ThreadData&& thread_data) {
    return BasicCloneCall<Traits>::make(caller, ns, request, std::forward<ProcessData>(process_data),
                                        std::forward<ThreadData>(thread_data));
}

/// Gives the caller's thread resources of its own, in `ns`, for those that the flags name. A flag brings those that it
/// implies: CLONE_NEWNS and CLONE_NEWUSER bring CLONE_FS.
/// **Errors**: invalid (a flag that unshare does not know; CLONE_THREAD, CLONE_SIGHAND, CLONE_VM or CLONE_NEWUSER in a
/// process with several threads; a second CLONE_NEWPID before the caller is in the first; a flag that no resource
/// declares; a resource that can't be unshared); no_memory; what a policy's authorise says. **Complexity**: that of
/// Namespace::unshare. **Thread safety**: takes the tree lock for a moment; `ns` is written. **Source**: unshare(2).
template <class Traits>
[[nodiscard]] Result<void> unshare(const BasicThread<Traits>& caller, BasicNamespace<Traits>& ns, std::uint64_t flags) {
    constexpr std::uint64_t alone = CloneFlag::thread | CloneFlag::sighand | CloneFlag::vm | CloneFlag::new_user;
    constexpr std::uint64_t known =
        alone | CloneFlag::fs | CloneFlag::files | CloneFlag::sysvsem | CloneFlag::namespaces;
    if ((flags & ~known) != 0)
        return Errno::invalid;
    if ((flags & alone) != 0 && !BasicCloneCall<Traits>::is_alone(caller))
        return Errno::invalid;
    if ((flags & CloneFlag::new_pid) != 0 && BasicCloneCall<Traits>::has_left_pid_namespace(ns))
        return Errno::invalid;
    // What only other threads could share is the caller's own already, and what nobody has declared can't be shared.
    const std::uint64_t declared = BasicCloneCall<Traits>::declared();
    std::uint64_t wanted = flags & ~(CloneFlag::thread | CloneFlag::sighand | CloneFlag::vm | CloneFlag::sysvsem);
    if ((flags & (CloneFlag::new_ns | CloneFlag::new_user)) != 0)
        wanted |= CloneFlag::fs & declared;
    return wanted == 0 ? Result<void>() : BasicNamespace<Traits>::try_unshare(ns, wanted);
}

/// Lets the caller's thread take over, in `ns`, what the flags name of `target`: a namespace's descriptor stands for
/// one flag, a pidfd for several.
/// **Errors**: invalid (no flag; a flag that is no namespace's, or that no resource declares; a resource that can't be
/// entered; CLONE_NEWUSER in a process with several threads); no_memory; what a policy's authorise says.
/// **Complexity**: that of Namespace::enter. **Thread safety**: takes the tree lock for a moment; `ns` is written,
/// `target` read. **Source**: setns(2).
template <class Traits>
[[nodiscard]] Result<void> setns(const BasicThread<Traits>& caller, BasicNamespace<Traits>& ns,
                                 const BasicNamespace<Traits>& target, std::uint64_t flags) {
    if (flags == 0 || (flags & ~CloneFlag::namespaces) != 0)
        return Errno::invalid;
    if ((flags & CloneFlag::new_user) != 0 && !BasicCloneCall<Traits>::is_alone(caller))
        return Errno::invalid;
    return BasicNamespace<Traits>::try_enter(ns, target, flags);
}

} // namespace posix
} // namespace procspace
