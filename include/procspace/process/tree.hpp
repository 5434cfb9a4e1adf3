#pragma once
// ProcessTree: one tree of processes. Any number of them live side by side; a program that needs one uses the default
// tree.

#include "../fwd.hpp"
#include "../core/lazy.hpp"
#include "../core/panic.hpp"
#include "builder.hpp"
#include "exec.hpp"
#include "leftovers.hpp"
#include "maps.hpp" // for users, as the seeds have them: the tree itself is linked by hooks
#include "process.hpp"
#include "process_jobs.hpp"
#include "thread_builder.hpp"
#include "topology.hpp"

#include <memory>
#include <utility>

namespace procspace {

/// A tree: owns init, which owns its children, and so on down.
///
/// Outlives all handles to what it made.
///
/// **Thread safety**: all members may be called concurrently, the destructor aside. All that look something up take the
/// tree lock, for a few loads.
/// **Source**: seed 002, which has one tree only: INIT_PROC.
template <class Traits>
class BasicProcessTree {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Process = BasicProcess<Traits>;
    using Thread = BasicThread<Traits>;
    using Group = BasicProcessGroup<Traits>;
    using Session = BasicSession<Traits>;

public:
    /// A tree whose numbers go up to `highest`. **Panics** for 0, and beyond max_number<Traits>.
    [[gnu::noinline]] explicit BasicProcessTree(Pid highest) : topology_(highest) {
        if (highest == 0 || highest > max_number<Traits>)
            raise_panic<Traits>("a ProcessTree's highest number is from 1 to max_number");
    }
    BasicProcessTree() : BasicProcessTree(max_number<Traits>) {}
    BasicProcessTree(const BasicProcessTree&) = delete;
    BasicProcessTree& operator=(const BasicProcessTree&) = delete;

    /// Ends all processes, without recursion: a chain of a million does not overflow the stack.
    /// **Panics**, with their number, when objects of this tree are still held by handles: they would refer to it.
    /// Threads are not counted: each holds its process.
    [[gnu::noinline]] ~BasicProcessTree() noexcept(noexcept(Traits::panic("", Location::current())));

    /// Begins the first process, leader of its own session and group. **Panics** in build() if there is one.
    [[nodiscard]] BasicProcessBuilder<Traits> new_init(Pid pid) { return BasicProcessBuilder<Traits>(topology_, pid); }

    /// Allocates what a create_group() or create_session() needs, for a caller that must not fail later.
    /// **Errors**: no_memory. **Complexity**: one allocation, two for a session.
    [[nodiscard]] Result<BasicPreparedGroup<Traits>> prepare_group() {
        BasicPreparedGroup<Traits> fresh(topology_);
        if (fresh.group_ == nullptr)
            return Errno::no_memory;
        return fresh;
    }
    [[nodiscard]] Result<BasicPreparedSession<Traits>> prepare_session() {
        BasicPreparedSession<Traits> fresh(topology_);
        if (fresh.group_.group_ == nullptr)
            return Errno::no_memory;
        return fresh;
    }

    /// Returns init; null before it was built.
    [[nodiscard]] std::shared_ptr<Process> init() const {
        Guard guard(topology_.lock());
        return topology_.init_ != nullptr ? topology_.init_->self_handle() : nullptr;
    }

    /// Returns the process with this number, zombies included, or null.
    [[nodiscard]] std::shared_ptr<Process> find_process(Pid pid) const { return find<Process>(pid, NumberRole::pid); }
    /// Returns this very process while it is in the tree, else null: never one that was given its number later.
    [[nodiscard]] std::shared_ptr<Process> find_process(ProcessId id) const {
        Guard guard(topology_.lock());
        Process* const process = Process::find(topology_, id);
        return process != nullptr ? process->self_handle() : nullptr;
    }
    /// Returns whether this process lives, is a zombie or was reaped, for as long as the tree exists.
    [[nodiscard]] ProcessState state_of(ProcessId id) const {
        Guard guard(topology_.lock());
        Process* const process = Process::find(topology_, id);
        return process != nullptr ? process->state() : ProcessState::reaped;
    }
    /// Returns the living thread with this number, or null.
    [[nodiscard]] std::shared_ptr<Thread> find_thread(Pid tid) const { return find<Thread>(tid, NumberRole::tid); }
    /// Returns the group with this number, with members or held by a handle, or null.
    [[nodiscard]] std::shared_ptr<Group> find_group(Pid pgid) const { return find<Group>(pgid, NumberRole::pgid); }
    /// Returns the session with this number, or null.
    [[nodiscard]] std::shared_ptr<Session> find_session(Pid sid) const { return find<Session>(sid, NumberRole::sid); }

    /// Returns the first number from `from` on that something has in this role, or 0: a cursor over all of them, which
    /// sees what comes and goes. **Complexity**: the numbers passed over; 256 of them, at most, for each lock hold.
    [[nodiscard]] Pid next(NumberRole role, Pid from) const;

    /// Returns how many there are. **Complexity**: constant.
    [[nodiscard]] TreeCounts counts() const {
        Guard guard(topology_.lock());
        return topology_.counts_;
    }

    /// Returns the tree that Process::new_init() and init_proc() use: made at first use, never destroyed. An object
    /// that was compiled with -fvisibility=hidden has one of its own.
    [[nodiscard]] static BasicProcessTree& default_tree();

private:
    template <class>
    friend class TreeInvariants;
    friend BasicTerminal<Traits>;

    template <class T>
    [[nodiscard]] std::shared_ptr<T> find(Pid number, NumberRole role) const {
        Guard guard(topology_.lock());
        T* const found = topology_.template find<T>(number, role);
        return found != nullptr ? found->self_handle() : nullptr;
    }

    Topology topology_;
};

template <class Traits>
Pid BasicProcessTree<Traits>::next(NumberRole role, Pid from) const {
    constexpr int batch = 256;
    for (;;) {
        Guard guard(topology_.lock());
        for (int i = 0; i < batch; ++i, ++from) {
            from = topology_.numbers_.first_used(from);
            if (from == 0 || topology_.numbers_.find(from, role) != nullptr)
                return from;
        }
    }
}

/// Each process is reaped when its children are: down along the first children, then upwards, with the links that are
/// there anyway.
template <class Traits>
BasicProcessTree<Traits>::~BasicProcessTree() noexcept(noexcept(Traits::panic("", Location::current()))) {
    BasicLeftovers<Traits> dismissed; // end together, when no relation is left that a user's destructor could follow
    for (Process* process = topology_.init_; process != nullptr;) {
        std::shared_ptr<Group> emptied; // for each section, before the guard: it ends after it
        Guard guard(topology_.lock());
        for (Process* child = process; child != nullptr; child = process->family_.first()) {
            process = child;
            process->end_threads(nullptr, dismissed); // whose children stand in its own family then
        }
        Process* const parent = process->parent_;
        process->count_ties(-1); // it may live
        process->reap(dismissed);
        emptied.swap(dismissed.emptied);
        if (parent == nullptr)
            topology_.init_ = nullptr;
        process = parent;
    }
    dismissed.end();
    // acquire: pairs with ~CountedInTree: objects that are gone do not touch this tree any more.
    const std::size_t destroyed = topology_.destroyed_.load(std::memory_order_acquire);
    if (const std::size_t held = topology_.published_ - destroyed)
        panic_with_number<Traits>("a ProcessTree ends while this many of its objects are held by handles: ", held);
}

/// Where the default tree of each traits type stands. Apart from the tree, which is incomplete inside its own class.
///
/// Visible, although a Lazy is not: a tree depends on no registry, so a program and its shared objects have one, unless
/// they are compiled to hide what they can.
template <class Traits>
class [[gnu::visibility("default")]] DefaultTree {
    friend class BasicProcessTree<Traits>;
    [[gnu::visibility("default")]] inline static constinit Lazy<BasicProcessTree<Traits>, Traits> lazy_{};
};

template <class Traits>
BasicProcessTree<Traits>& BasicProcessTree<Traits>::default_tree() {
    return DefaultTree<Traits>::lazy_.get_or_make();
}

/// Returns the first process of the default tree. **Panics** before it exists. **Source**: seed 002, init_proc.
[[nodiscard]] inline std::shared_ptr<Process> init_proc() {
    auto init = ProcessTree::default_tree().init();
    if (init == nullptr)
        DefaultTraits::panic("init_proc: no init was built in the default tree", Location::current());
    return init;
}

} // namespace procspace
