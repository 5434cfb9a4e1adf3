#pragma once
// ProcessTree: one tree of processes. Any number of them live side by side; a program that needs one uses the default
// tree.

#include "../fwd.hpp"
#include "../core/lazy.hpp"
#include "../core/panic.hpp"
#include "builder.hpp"
#include "process.hpp"
#include "thread.hpp"
#include "topology.hpp"

#include <memory>
#include <utility>

namespace procspace {

/// A tree: owns init, which owns its children, and so on down.
///
/// Outlives all handles to what it made.
///
/// **Thread safety**: all members may be called concurrently, the destructor aside.
/// **Source**: seed 002, which has one tree only: INIT_PROC.
template <class Traits>
class BasicProcessTree {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Process = BasicProcess<Traits>;
    using Children = typename Process::Children;

public:
    BasicProcessTree() = default;
    BasicProcessTree(const BasicProcessTree&) = delete;
    BasicProcessTree& operator=(const BasicProcessTree&) = delete;

    /// Ends all processes, without recursion: a chain of a million does not overflow the stack.
    /// **Panics**, with their number, when objects of this tree are still held by handles: they would refer to it.
    ~BasicProcessTree() noexcept(noexcept(Traits::panic("", Location::current())));

    /// Begins the first process, leader of its own session and group. **Panics** in build() if there is one.
    [[nodiscard]] BasicProcessBuilder<Traits> new_init(Pid pid) { return BasicProcessBuilder<Traits>(topology_, pid); }

    /// Returns init; null before it was built.
    [[nodiscard]] std::shared_ptr<Process> init() const {
        Guard guard(topology_.lock());
        return topology_.init_;
    }

    /// Returns the process with this number, zombies included, or null. **Complexity**: logarithmic. Takes the tree
    /// lock.
    [[nodiscard]] std::shared_ptr<Process> find_process(Pid pid) {
        Guard guard(topology_.lock());
        const auto* const roles = topology_.roles(pid);
        return roles != nullptr && roles->process != nullptr ? roles->process->self_handle() : nullptr;
    }
    /// Returns the living thread with this number, or null.
    [[nodiscard]] std::shared_ptr<BasicThread<Traits>> find_thread(Pid tid) {
        Guard guard(topology_.lock());
        const auto* const roles = topology_.roles(tid);
        return roles != nullptr && roles->thread != nullptr ? roles->thread->process_->threads_.threads_.upgrade(tid)
                                                            : nullptr;
    }
    /// Returns the group with this number, with members or held by a handle, or null.
    [[nodiscard]] std::shared_ptr<BasicProcessGroup<Traits>> find_group(Pid pgid) {
        Guard guard(topology_.lock());
        const auto* const roles = topology_.roles(pgid);
        return roles != nullptr && roles->group != nullptr ? roles->group->session_->groups_.upgrade(pgid) : nullptr;
    }
    /// Returns the session with this number, or null.
    [[nodiscard]] std::shared_ptr<BasicSession<Traits>> find_session(Pid sid) {
        Guard guard(topology_.lock());
        const auto* const roles = topology_.roles(sid);
        return roles != nullptr && roles->session != nullptr ? roles->session->self_.lock() : nullptr;
    }

    /// Returns the tree that Process::new_init() and init_proc() use: made at first use, never destroyed.
    [[nodiscard]] static BasicProcessTree& default_tree();

private:
    [[nodiscard]] typename Process::Departure dismiss(Process& process, Children& orphans);

    Topology topology_;
};

/// Takes a process out of the tree, its children into `orphans`.
template <class Traits>
auto BasicProcessTree<Traits>::dismiss(Process& process, Children& orphans) -> typename Process::Departure {
    typename Topology::Numbers numbers;
    typename BasicThreadGroup<Traits>::Threads ended;
    Guard guard(topology_.lock());
    process.end_threads(nullptr, numbers, ended);
    orphans.adopt(process.children_);
    process.set_parent(nullptr);
    topology_.roles(process.pid())->process = nullptr;
    if (auto number = topology_.release(process.pid()))
        numbers.link(std::move(number));
    process.state_.store(ProcessState::reaped, std::memory_order_release); // pairs with Process::state()
    return process.leave_group();
}

template <class Traits>
BasicProcessTree<Traits>::~BasicProcessTree() noexcept(noexcept(Traits::panic("", Location::current()))) {
    if (std::shared_ptr<Process> init = std::move(topology_.init_)) {
        Children dismissed; // all of them end together, when no relation is left that a user's destructor could follow
        Children orphans;
        static_cast<void>(dismiss(*init, orphans));
        while (!orphans.empty()) {
            auto next = orphans.unlink(orphans.begin());
            static_cast<void>(dismiss(*next.mapped(), orphans));
            dismissed.link(std::move(next));
        }
    }
    // acquire: pairs with ~CountedInTree: objects that are gone do not touch this tree any more.
    if (const std::size_t held = topology_.live_objects_.load(std::memory_order_acquire))
        panic_with_number<Traits>("a ProcessTree ends while this many of its objects are held by handles: ", held,
                                  Location::current());
}

/// Where the default tree of each traits type stands. Apart from the tree, which is incomplete inside its own class.
template <class Traits>
class DefaultTree {
    friend class BasicProcessTree<Traits>;
    inline static constinit Lazy<BasicProcessTree<Traits>, Traits> lazy_{};
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
