#pragma once
// ThreadBuilder: makes a thread and publishes it in its process, in one step or in two.

#include "../fwd.hpp"
#include "../core/result.hpp"
#include "builder.hpp"
#include "slot.hpp"
#include "thread.hpp"
#include "topology.hpp"
#include "user_data.hpp"

#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace procspace {

/// A thread that has all it needs, its number included, and is in no table yet. publish() is the second step; one that
/// is dropped instead gives everything back.
///
/// **Thread safety**: a value of one thread. Keeps its process alive. Must not outlive its tree.
template <class Traits>
class BasicPreparedThread {
    using Topology = BasicTopology<Traits>;
    using Process = BasicProcess<Traits>;
    using Thread = BasicThread<Traits>;

public:
    explicit BasicPreparedThread(NoValue) noexcept {}
    BasicPreparedThread(BasicPreparedThread&& other) noexcept
        : thread_(std::move(other.thread_)), leads_(other.leads_) {}
    BasicPreparedThread& operator=(BasicPreparedThread&& other) noexcept {
        thread_.swap(other.thread_); // what was here ends there
        std::swap(leads_, other.leads_);
        return *this;
    }
    ~BasicPreparedThread() {
        if (thread_ == nullptr || leads_)
            return;
        typename Topology::Blocks emptied;
        typename Topology::Guard guard(thread_->topology_->lock());
        thread_->topology_->release(*thread_, emptied);
    }

    /// Returns the number, which is reserved.
    [[nodiscard]] Pid tid() const noexcept { return thread_->tid(); }
    /// Returns the user's data if it is a T, else null.
    template <class T>
    [[nodiscard]] T* data() noexcept {
        return thread_->template data<T>();
    }

    /// Makes the leader of a process that is prepared, so that both can be published and neither lacks memory.
    /// **Errors**: no_memory. **Complexity**: one allocation.
    template <class V>
    [[nodiscard]] static Result<BasicPreparedThread> leader_of(const BasicPreparedProcess<Traits>& process, V&& data) {
        using Memory = typename Traits::Memory;
        auto thread =
            try_make_shared<Thread, Memory>(BuilderKey(), *process.process_->topology_, typename Traits::ThreadData());
        if (thread == nullptr)
            return Errno::no_memory;
        if (const Errno refusal = store_data<Memory>(thread->data_, std::forward<V>(data)); refusal != Errno::ok)
            return refusal;
        thread->process_ = process.process_;
        thread->tid_.store(process.pid(), std::memory_order_relaxed);
        return BasicPreparedThread(std::move(thread), true);
    }

    /// Puts the thread into its process: one critical section. Needs no memory. **Errors**: no_process (the process has
    /// exited, or a group exit or exec has begun); exists (another leader came first): it stays prepared.
    /// **Pre**: not moved from, not published.
    [[nodiscard]] Result<std::shared_ptr<Thread>> publish() {
        typename Topology::Guard guard(thread_->topology_->lock());
        Process& process = *thread_->process_;
        if (refused(&process))
            return Errno::no_process;
        if (leads_ && thread_->topology_->template find<Thread>(process.pid(), NumberRole::tid) != nullptr)
            return Errno::exists;
        link(thread_, leads_);
        return Result<std::shared_ptr<Thread>>(std::move(thread_));
    }

private:
    template <class>
    friend class BasicThreadBuilder;
    friend BasicCloneCall<Traits>;

    BasicPreparedThread(std::shared_ptr<Thread> thread, bool leads) noexcept
        : thread_(std::move(thread)), leads_(leads) {}

    // Both under the tree lock.

    [[nodiscard]] static bool refused(const Process* process) noexcept {
        return process == nullptr || !process->living() || process->threads_.exited() || process->topology_->closed_ ||
               process->threads_.execing_ != nullptr;
    }

    /// Into all tables. **Pre**: its process and number are set, and reserved unless it leads. Cannot fail.
    static void link(const std::shared_ptr<Thread>& handle, bool leads) noexcept {
        if (leads) [[unlikely]] {
            handle->topology_->add_role(*handle, handle->process_->pid());
            handle->process_->threads_.leader_exited_ = false;
        }
        handle->enter(handle);
    }

    std::shared_ptr<Thread> thread_; // null once published
    bool leads_ = false;             // its number is that of the process, which has reserved it
};

/// Makes one thread: see Process::new_thread. Everything is allocated before the lock is taken.
///
/// **Thread safety**: a value of one thread. Keeps no process alive.
template <class Traits>
class BasicThreadBuilder {
    using Topology = BasicTopology<Traits>;
    using Process = BasicProcess<Traits>;
    using Thread = BasicThread<Traits>;
    using Prepared = BasicPreparedThread<Traits>;
    using Data = typename Traits::ThreadData;
    using Built = Result<std::shared_ptr<Thread>>;

public:
    /// For Process::new_thread.
    BasicThreadBuilder(BuilderKey, Topology& topology, ProcessId process, std::optional<Pid> tid) noexcept
        : topology_(&topology), process_(process), tid_(tid.value_or(0)),
          error_(tid == Pid{0} ? Errno::invalid : Errno::ok) {
    } // 0 stands for "no thread" wherever a number is asked for

    /// Gives the thread its data; the last one counts. Out of memory is reported by build().
    /// **Complexity**: one allocation for AnyData, none for a data type of the traits' own.
    template <class V>
    [[nodiscard]] BasicThreadBuilder data(V&& value) && {
        const Errno stored = store_data<typename Traits::Memory>(data_, std::forward<V>(value));
        if (error_ != Errno::invalid)
            error_ = stored;
        return std::move(*this);
    }

    /// Makes the thread. **Panics** on the errors of try_build(), but for out of memory, which is std::bad_alloc where
    /// exceptions exist.
    std::shared_ptr<Thread> build() {
        Errno error = Errno::ok;
        std::shared_ptr<Thread> thread = make(error, Goal::published);
        if (error != Errno::ok)
            refuse_build<Traits>(error, error_ == Errno::invalid, Location::current());
        return thread;
    }

    /// Makes the thread and publishes it, in one critical section. On an error the builder keeps its data, and may try
    /// again. **Errors**: no_process (the process has exited, or a group exit or exec has begun); exists (the number is
    /// in use; the process's own is free for one living leader); invalid (0, or beyond the tree's highest); again (all
    /// numbers are in use); no_memory. **Complexity**: one allocation, and two blocks of the table now and then.
    [[nodiscard]] Built try_build() {
        Errno error = Errno::ok;
        Built built(make(error, Goal::published));
        built.error = error;
        return built;
    }

    /// Does the same but for the last step: what may fail. **Errors** as try_build().
    [[nodiscard]] Result<Prepared> prepare() {
        Errno error = Errno::ok;
        std::shared_ptr<Thread> thread = make(error, Goal::prepared);
        if (error != Errno::ok)
            return error;
        return Prepared(std::move(thread), leads());
    }

private:
    enum class Goal : unsigned char { published, prepared };

    /// The leader has the number of its process, which is reserved already.
    [[nodiscard]] bool leads() const noexcept { return tid_ == process_.pid; }

    /// Makes the thread with its data; then the critical section: checks, reserves the number, and enters who is to be
    /// published. Once more if the table lacks a block. On an error the data comes back, and the thread is null.
    [[gnu::noinline]] std::shared_ptr<Thread> make(Errno& error, Goal goal) {
        error = error_;
        if (error != Errno::ok) [[unlikely]]
            return nullptr;
        std::shared_ptr<Thread> thread =
            try_make_shared<Thread, typename Traits::Memory>(BuilderKey(), *topology_, std::move(data_));
        if (thread == nullptr) {
            error = Errno::no_memory;
            return thread;
        }
        typename Topology::Blocks blocks;
        do {
            typename Topology::Guard guard(topology_->lock());
            error = enter(thread, goal, blocks);
            if (error == Errno::ok) [[likely]]
                return thread;
        } while (error == Errno::no_memory && blocks.try_fill());
        data_ = std::move(thread->data_);
        thread = nullptr;
        return thread;
    }

    /// The critical section.
    [[nodiscard, gnu::always_inline]] Errno enter(const std::shared_ptr<Thread>& handle, Goal goal,
                                                  typename Topology::Blocks& blocks) noexcept {
        Thread& thread = *handle;
        Process* const process = Process::find(*topology_, process_);
        if (Prepared::refused(process))
            return Errno::no_process;
        const bool leader = leads();
        if (!leader) [[likely]] {
            if (const Errno refusal = topology_->reserve(thread, tid_, blocks); refusal != Errno::ok) [[unlikely]]
                return refusal;
        } else if (topology_->template find<Thread>(process_.pid, NumberRole::tid) != nullptr) {
            return Errno::exists;
        }
        Pid number = thread.number;
        if (leader) [[unlikely]]
            number = process_.pid;
        thread.tid_.store(number, std::memory_order_relaxed);
        // Over an empty one, as in Thread::enter.
        ::new (static_cast<void*>(&thread.process_)) std::shared_ptr<Process>(process->self_handle());
        if (goal == Goal::published) [[likely]]
            Prepared::link(handle, leader);
        return Errno::ok;
    }

    Topology* topology_;
    ProcessId process_;
    Pid tid_; // 0: the next free one
    Data data_{};
    Errno error_;
};

} // namespace procspace
