#pragma once
// ProcessBuilder: makes a process and publishes it in its tree, in one step or in two.

#include "../fwd.hpp"
#include "../core/result.hpp"
#include "../core/traits.hpp"
#include "process.hpp"
#include "process_children.hpp"
#include "process_exit.hpp"
#include "process_jobs.hpp"
#include "slot.hpp"
#include "topology.hpp"
#include "user_data.hpp"

#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace procspace {

/// What build() does with the errors of try_build() .
template <class Traits>
[[noreturn, PROCSPACE_SELDOM]] void refuse_build(Errno error, bool number_is_0, Location where) {
    if (error == Errno::no_memory)
        raise_no_memory<Traits>(where);
    if (error == Errno::exists)
        Traits::panic("build: the number is in use as a pid, tid, pgid or sid", where);
    if (error == Errno::invalid && number_is_0)
        Traits::panic("build: 0 is not a number for a process or thread", where);
    if (error == Errno::invalid)
        Traits::panic(
            "build: the number is beyond the tree's highest, the exit signal beyond 64, or init was to get a sibling",
            where);
    if (error == Errno::again)
        Traits::panic("build: all numbers are in use", where);
    Traits::panic("build: the process has exited or its group exit has begun", where);
}

/// How a child is made, apart from its number and data.
struct ForkOptions {
    int exit_signal = Signal::chld; ///< for its parent; 0 for none
    bool sibling = false;           ///< a child of the caller's parent, with the caller's exit signal (CLONE_PARENT)
    bool vfork = false; ///< the caller is told when the child execs, or it or its leader exits (CLONE_VFORK)
    Pid thread = 0;     ///< the caller's thread whose child it is; 0 for the leader
};

/// Where a tree's init stands, apart from its number and data.
struct InitOptions {
    bool nested = false;     ///< the init of a PID namespace, not of the system: it can continue its stopped children
    bool own_session = true; ///< else its group and session are outside the tree, with the number 0
};

/// A process that has all it needs, its number included, and is in no table yet: the first of the two phases of fork.
/// publish() is the second. One that is dropped instead gives everything back.
///
/// **Thread safety**: a value of one thread. Must not outlive its tree.
template <class Traits>
class BasicPreparedProcess {
    using Topology = BasicTopology<Traits>;
    using Process = BasicProcess<Traits>;

public:
    explicit BasicPreparedProcess(NoValue) noexcept {}
    BasicPreparedProcess(BasicPreparedProcess&&) noexcept = default;
    BasicPreparedProcess& operator=(BasicPreparedProcess&& other) noexcept {
        process_.swap(other.process_); // what was here ends there
        std::swap(parent_, other.parent_);
        std::swap(options_, other.options_);
        return *this;
    }
    ~BasicPreparedProcess() {
        if (process_ == nullptr)
            return;
        typename Topology::Blocks emptied;
        typename Topology::Guard guard(process_->topology_->lock());
        process_->topology_->release(*process_, emptied);
    }

    /// Returns the number, which is reserved.
    [[nodiscard]] Pid pid() const noexcept { return process_->pid(); }
    /// Returns the user's data if it is a T, else null.
    template <class T>
    [[nodiscard]] T* data() noexcept {
        return process_->template data<T>();
    }

    /// Puts the process into the tree: one critical section, in which it inherits what its parent is then. Needs no
    /// memory. **Errors**: no_process (the parent is exiting or gone, or its group exit has begun): it stays prepared.
    /// **Pre**: not moved from, not published.
    [[nodiscard]] Result<std::shared_ptr<Process>> publish() {
        typename Topology::Guard guard(process_->topology_->lock());
        Process* const parent = Process::find(*process_->topology_, parent_);
        if (const Errno refusal = refused(parent, options_); refusal != Errno::ok)
            return refusal;
        process_->anchor_ = process_;
        link(*process_, *parent, options_);
        return Result<std::shared_ptr<Process>>(std::move(process_));
    }

private:
    template <class>
    friend class BasicProcessBuilder;
    friend BasicPreparedThread<Traits>;

    BasicPreparedProcess(std::shared_ptr<Process> process, ProcessId parent, ForkOptions options) noexcept
        : process_(std::move(process)), parent_(parent), options_(options) {}

    // Both under the tree lock.

    [[nodiscard]] static Errno refused(const Process* parent, const ForkOptions& options) noexcept {
        if (parent == nullptr || !parent->living() || parent->threads_.exited() || parent->topology_->closed_)
            return Errno::no_process;
        const bool valid = options.exit_signal >= 0 && options.exit_signal <= Signal::highest;
        return !valid || (options.sibling && parent->is_init_) ? Errno::invalid : Errno::ok;
    }

    /// Into all tables. **Pre**: its number is reserved. Cannot fail.
    [[PROCSPACE_OFTEN]] static void link(Process& process, Process& caller, const ForkOptions& options) noexcept {
        process.enter();
        process.join(caller.group_->anchor_);
        process.exit_signal_ = options.sibling ? caller.exit_signal_ : static_cast<std::uint8_t>(options.exit_signal);
        process.vforked_ = options.vfork;
        process.terminal_stamp_ = caller.terminal_stamp_;
        using Lineage = BasicLineage<Traits>;
        if (options.sibling) [[unlikely]]
            process.parent_execed_ = Lineage::parent_execed(caller);
        process.set_parent(options.sibling ? *caller.parent_ : caller,
                           options.sibling ? Lineage::forker_of(caller)
                                           : Lineage::thread_or_lead(caller, options.thread));
        process.count_ties(1);
    }

    std::shared_ptr<Process> process_; // null once published
    ProcessId parent_;
    ForkOptions options_;
};

/// Makes one process: see Process::fork and ProcessTree::new_init. Everything is allocated before the lock is taken.
///
/// **Thread safety**: a value of one thread. Keeps no process alive.
template <class Traits>
class BasicProcessBuilder {
    using Memory = typename Traits::Memory;
    using Topology = BasicTopology<Traits>;
    using Process = BasicProcess<Traits>;
    using Prepared = BasicPreparedProcess<Traits>;
    using Data = typename Traits::ProcessData;
    using Built = Result<std::shared_ptr<Process>>;

public:
    /// For Process::fork.
    [[PROCSPACE_SHARED]] BasicProcessBuilder(BuilderKey, Topology& topology, ProcessId parent,
                                             std::optional<Pid> pid) noexcept
        : topology_(&topology), parent_(parent), pid_(pid.value_or(0)), error_(check_number(pid)) {}

    /// Gives the process its data; the last one counts. Out of memory is reported by build().
    /// **Complexity**: one allocation for AnyData, none for a data type of the traits' own.
    template <class V>
    [[nodiscard]] BasicProcessBuilder data(V&& value) && {
        const Errno stored = store_data<Memory>(data_, std::forward<V>(value));
        if (error_ != Errno::invalid)
            error_ = stored;
        return std::move(*this);
    }

    /// Chooses how the child is made. Means nothing for init.
    [[nodiscard]] BasicProcessBuilder options(ForkOptions options) && {
        options_ = options;
        return std::move(*this);
    }

    /// Chooses where init stands. Means nothing for others.
    [[nodiscard]] BasicProcessBuilder init_options(InitOptions options) && {
        init_options_ = options;
        return std::move(*this);
    }

    /// Makes the process. **Panics** on the errors of try_build(), but for out of memory, which is std::bad_alloc where
    /// exceptions exist.
    std::shared_ptr<Process> build() {
        std::shared_ptr<Process> process = allocate();
        if (const Errno error = enter(process, Goal::published); error != Errno::ok) [[unlikely]]
            refuse_build<Traits>(error, error_ == Errno::invalid, Location::current());
        return process;
    }

    /// Makes the process and publishes it, in one critical section. On an error the builder keeps its data, and may try
    /// again. **Errors**: no_process (the parent has exited, or its group exit has begun); exists (the number is in use
    /// as pid, tid, pgid or sid); invalid (0, a number beyond the tree's highest, options that cannot be); again (all
    /// numbers are in use); no_memory. **Panics** for a second init.
    /// **Complexity**: one allocation, three for init, and two blocks of the table now and then.
    [[nodiscard]] Built try_build() {
        Built built(allocate());
        built.error = enter(built.value, Goal::published);
        return built;
    }

    /// Does the same but for the last step: what may fail. **Pre**: not for init. **Errors** as try_build().
    [[nodiscard]] Result<Prepared> prepare() {
        std::shared_ptr<Process> process = allocate();
        Result<Prepared> made(Errno::no_memory);
        made.error = enter(process, Goal::prepared);
        if (made) { // not before: it would give back a number that it has not got
            made.value.process_.swap(process);
            made.value.parent_ = parent_;
            made.value.options_ = options_;
        }
        return made;
    }

private:
    template <class>
    friend class BasicProcessTree;

    /// For ProcessTree::new_init.
    BasicProcessBuilder(Topology& topology, Pid pid) noexcept
        : topology_(&topology), pid_(pid), is_init_(true), error_(check_number(pid)) {}

    // Handles are constructed where they stay and not assigned: a move right after the handle was written makes the
    // processor wait for both halves of it.

    enum class Goal : unsigned char { published, prepared };
    using First = BasicPreparedSession<Traits>; // what init leads

    /// 0 stands for "no process" wherever a number is asked for.
    [[nodiscard]] static Errno check_number(std::optional<Pid> pid) noexcept {
        return pid == Pid{0} ? Errno::invalid : Errno::ok;
    }
    /// Returns the process with its data; null without memory, and if something was wrong before.
    std::shared_ptr<Process> allocate() {
        if (error_ != Errno::ok) [[unlikely]]
            return nullptr;
        return try_make_shared<Process, Memory>(BuilderKey(), *topology_, std::move(data_));
    }
    /// Everything after that. On an error the data comes back, and the process is null.
    Errno enter(std::shared_ptr<Process>& process, Goal goal) {
        if (process == nullptr) [[unlikely]]
            return error_ != Errno::ok ? error_ : Errno::no_memory;
        if (goal == Goal::published) [[likely]]
            // Not under the lock: next to it the two cost little more than one. Over an empty one, as in Thread::enter.
            ::new (static_cast<void*>(&process->anchor_)) std::shared_ptr<Process>(process);
        const Errno error = is_init_ ? enter_first(*process) : reserve(*process, goal);
        if (error != Errno::ok) [[unlikely]]
            undo(process, error);
        return error;
    }
    /// **Panics** for a second init: after the lock, as a test's panic throws, and others must find the tree open.
    [[PROCSPACE_SELDOM_PART]] void undo(std::shared_ptr<Process>& process, Errno error) {
        process->anchor_.reset(); // before the data, whose move may throw
        data_ = std::move(process->data_);
        process.reset();
        if (is_init_ && error == Errno::permission)
            raise_panic<Traits>("this tree has an init already");
    }
    /// The critical section: checks, reserves the number, and for who is to be published links it. Once more if the
    /// table lacks a block. **Pre**: `first` for init.
    [[gnu::noinline]] Errno reserve(Process& process, Goal goal, const First* first = nullptr) {
        typename Topology::Blocks blocks;
        Errno error = Errno::ok;
        do {
            typename Topology::Guard guard(topology_->lock());
            Process* parent = nullptr;
            if (first == nullptr) [[likely]] {
                parent = Process::find(*topology_, parent_);
                error = Prepared::refused(parent, options_);
            } else {
                error = topology_->init_ != nullptr ? Errno::permission : Errno::ok;
            }
            if (error == Errno::ok) [[likely]]
                error = topology_->reserve(process, pid_, blocks);
            if (error == Errno::ok) [[likely]] {
                if (first != nullptr) [[unlikely]]
                    link_first(process, *first);
                else if (goal == Goal::published) [[likely]]
                    Prepared::link(process, *parent, options_);
            }
        } while (error == Errno::no_memory && blocks.try_fill());
        return error;
    }
    [[PROCSPACE_SELDOM_PART]] inline Errno enter_first(Process& init);
    /// The rest of the critical section for init.
    [[PROCSPACE_SELDOM_PART]] inline void link_first(Process& init, const First& first) noexcept;

    Topology* topology_;
    ProcessId parent_{};
    Pid pid_; // 0: the next free one
    bool is_init_ = false;
    ForkOptions options_{};
    InitOptions init_options_{};
    Data data_{};
    Errno error_ = Errno::ok;
};

template <class Traits>
Errno BasicProcessBuilder<Traits>::enter_first(Process& init) {
    const First first(*topology_);
    return first.group_.group_ != nullptr ? reserve(init, Goal::published, &first) : Errno::no_memory;
}

template <class Traits>
void BasicProcessBuilder<Traits>::link_first(Process& init, const First& first) noexcept {
    init.is_init_ = true;
    init.enter();
    const Pid number = init_options_.own_session ? init.pid() : 0;
    first.session_->publish(number, first.session_);
    first.group_.group_->publish(number, first.session_, first.group_.group_);
    init.join(first.group_.group_);
    topology_->nested_ = init_options_.nested;
    topology_->init_ = &init;
}

} // namespace procspace
