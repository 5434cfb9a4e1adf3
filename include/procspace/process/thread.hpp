#pragma once
// Thread: one thread of a process.

#include "../fwd.hpp"
#include "../core/traits.hpp"
#include "maps.hpp"
#include "process.hpp"
#include "process_exit.hpp"
#include "topology.hpp"

#include <memory>
#include <type_traits>
#include <utility>

namespace procspace {

/// A thread. Owns its process; the process knows it weakly. It is living until exit(), until its process exits, until a
/// sibling's exec(), or until its last handle goes.
///
/// **Thread safety**: all members may be called concurrently. **Source**: seed 002, Thread.
template <class Traits>
class BasicThread : CountedInTree<Traits> {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Process = BasicProcess<Traits>;
    using Threads = typename BasicThreadGroup<Traits>::Threads;
    using Data = typename Traits::ThreadData;

public:
    BasicThread(BuilderKey, Topology& topology, Pid tid, std::shared_ptr<Process> process)
        : CountedInTree<Traits>(topology), process_(std::move(process)), tid_(tid) {}

    /// A thread that was never told to exit leaves its process now: nobody is told that it was the last.
    ~BasicThread() {
        if (!living_.load(std::memory_order_acquire)) // pairs with whoever ended it: its unlinking is visible
            return;
        Remains remains;
        Guard guard(this->topology_->lock());
        if (living())
            remains = unlink();
    }

    /// Returns the number: constant but for exec(). No lock.
    [[nodiscard]] Pid tid() const noexcept { return tid_.load(std::memory_order_relaxed); }
    [[nodiscard]] const std::shared_ptr<Process>& process() const noexcept { return process_; }

    /// Returns the user's data if it is a T, else null. The data itself is not synchronised.
    template <class T>
    [[nodiscard]] T* data() noexcept {
        return Process::template data_of<T>(data_);
    }
    template <class T>
    [[nodiscard]] const T* data() const noexcept {
        return Process::template data_of<const T>(data_);
    }

    /// Ends the thread and leaves `code` as the process's exit code, unless a group exit has fixed that.
    /// Returns true if this was the last living thread: then, and only once, it is the caller's part to let the process
    /// exit. A second call, or one after the process has exited, returns false and changes nothing.
    /// **Complexity**: logarithmic; no allocation. Takes the tree lock.
    bool exit(int code) {
        Remains remains;
        Guard guard(this->topology_->lock());
        if (!living())
            return false;
        auto& group = process_->threads_;
        if (!group.exited_.load(std::memory_order_relaxed)) // under the lock that guards its change
            group.exit_code_.store(code, std::memory_order_relaxed);
        remains = unlink();
        return group.threads_.empty();
    }

    /// The thread's part of exec: its siblings end, their exit() returning false, and it becomes the leader: its number
    /// is now that of the process. Returns false, with nothing changed, if it has ended or a group exit has begun.
    /// **Complexity**: linear in the threads; no allocation. Takes the tree lock. **Source**: execve(2).
    bool exec() {
        typename Topology::Numbers numbers;
        Threads ended;
        Guard guard(this->topology_->lock());
        auto& group = process_->threads_;
        if (!living() || group.exited_.load(std::memory_order_relaxed)) // under the lock that guards its change
            return false;
        process_->end_threads(this, numbers, ended);
        if (const Pid former = tid(), pid = process_->pid(); former != pid) {
            auto node = group.threads_.unlink(former);
            node.key() = pid;
            group.threads_.link(std::move(node));
            this->topology_->roles(former)->thread = nullptr;
            this->topology_->roles(pid)->thread = this;
            tid_.store(pid, std::memory_order_relaxed);
            if (auto number = this->topology_->release(former))
                numbers.link(std::move(number));
        }
        return true;
    }

private:
    template <class>
    friend class BasicProcess;
    template <class>
    friend class BasicThreadBuilder;
    template <class>
    friend class BasicProcessTree;

    /// What leaving the tables sets free: dies after unlock.
    struct Remains {
        typename Threads::Node entry;
        typename Topology::NumberNode number;
    };

    // Under the tree lock.
    [[nodiscard]] bool living() const noexcept { return living_.load(std::memory_order_relaxed); }
    [[nodiscard]] Remains unlink() noexcept {
        living_.store(false, std::memory_order_release); // pairs with ~BasicThread
        const Pid number = tid();
        this->topology_->roles(number)->thread = nullptr;
        return {process_->threads_.threads_.unlink(number), this->topology_->release(number)};
    }

    std::shared_ptr<Process> process_;                     // immutable
    typename Traits::template Atomic<Pid> tid_;            // atomic, written under the tree lock, as the next
    typename Traits::template Atomic<bool> living_{false}; // in its process's table
    Data data_{};                                          // the user's to synchronise
};

/// Makes one thread: see Process::new_thread. Everything is allocated before the lock is taken, and one critical
/// section publishes it.
///
/// **Thread safety**: a value of one thread.
template <class Traits>
class BasicThreadBuilder {
    using Topology = BasicTopology<Traits>;
    using Process = BasicProcess<Traits>;
    using Thread = BasicThread<Traits>;
    using Data = typename Traits::ThreadData;

public:
    BasicThreadBuilder(BuilderKey, Topology& topology, std::shared_ptr<Process> process, Pid tid) noexcept
        : topology_(&topology), process_(std::move(process)), tid_(tid) {}

    /// Gives the thread its data; the last one counts. Out of memory is reported by build().
    /// **Complexity**: one allocation for AnyData, none for a data type of the traits' own.
    template <class V>
    [[nodiscard]] BasicThreadBuilder data(V&& value) && {
        error_ = store_data<typename Traits::Memory>(data_, std::forward<V>(value));
        return std::move(*this);
    }

    /// Makes the thread. **Panics** on the errors of try_build(), but for out of memory, which is std::bad_alloc where
    /// exceptions exist.
    std::shared_ptr<Thread> build() {
        auto built = try_build();
        if (!built)
            refuse_build<Traits>(built.error, Location::current());
        return std::move(built.value);
    }

    /// Makes the thread. On an error the builder keeps its data, and may try again.
    /// **Errors**: no_process (the process has exited, or a group exit has begun); exists (the number is in use; the
    /// process's own is free for one living leader); invalid (0); no_memory. **Complexity**: three allocations.
    [[nodiscard]] Result<std::shared_ptr<Thread>> try_build() {
        if (error_ != Errno::ok)
            return error_;
        if (tid_ == 0)
            return Errno::invalid;
        if (process_ == nullptr)
            return Errno::no_process;
        auto thread = try_make_shared<Thread, typename Traits::Memory>(BuilderKey(), *topology_, tid_, process_);
        auto entry = thread ? Threads::try_make_node(tid_, thread) : typename Threads::Node{};
        auto number = entry && !leads() ? Topology::Numbers::try_make_node(tid_, {}) : NumberNode{};
        if (!entry || (!leads() && !number))
            return Errno::no_memory;
        thread->data_ = std::move(data_); // before anybody can see the thread
        if (const Errno refusal = publish(*thread, entry, number); refusal != Errno::ok) {
            data_ = std::move(thread->data_);
            return refusal;
        }
        return Result<std::shared_ptr<Thread>>(std::move(thread));
    }

private:
    using Threads = typename Thread::Threads;
    using NumberNode = typename Topology::NumberNode;

    /// The leader has the number of its process, which is reserved already.
    [[nodiscard]] bool leads() const noexcept { return tid_ == process_->pid(); }

    /// The critical section: checks, then links. Nodes that were not linked die in the caller, after it.
    Errno publish(Thread& thread, typename Threads::Node& entry, NumberNode& number) {
        typename Topology::Guard guard(topology_->lock());
        auto& group = process_->threads_;
        if (!process_->living() || group.exited())
            return Errno::no_process;
        auto* roles = topology_->roles(tid_);
        if (leads() ? roles->thread != nullptr : roles != nullptr)
            return Errno::exists;
        if (!leads())
            roles = &topology_->reserve(std::move(number));
        roles->thread = &thread;
        group.threads_.link(std::move(entry));
        thread.living_.store(true, std::memory_order_relaxed); // published with the lock
        return Errno::ok;
    }

    Topology* topology_;
    std::shared_ptr<Process> process_; // null when it was reaped before
    Pid tid_;
    Data data_{};
    Errno error_ = Errno::ok;
};

} // namespace procspace
