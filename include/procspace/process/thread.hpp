#pragma once
// Thread: one thread of a process.

#include "../fwd.hpp"
#include "../core/traits.hpp"
#include "family.hpp"
#include "index.hpp"
#include "leftovers.hpp"
#include "numbers.hpp"
#include "process.hpp"
#include "process_exit.hpp"
#include "topology.hpp"
#include "user_data.hpp"

#include <memory>
#include <new>
#include <utility>

namespace procspace {

/// A thread. Owns its process; the process knows it weakly. It is living until exit(), until its process exits, until a
/// sibling's exec(), or until its last handle goes.
///
/// **Thread safety**: all members may be called concurrently. **Source**: seed 002, Thread.
template <class Traits>
class BasicThread : NumberHook, HookFor<InProcess> {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Process = BasicProcess<Traits>;
    using Effects = BasicEffects<Traits>;
    using Data = typename Traits::ThreadData;

public:
    BasicThread(BuilderKey, Topology& topology, Data&& data) : topology_(&topology), data_(std::move(data)) {}

    /// A thread that was never told to exit leaves its process now: nobody is told that it was the last.
    ~BasicThread() {
        if (living_.load(std::memory_order_acquire)) // pairs with whoever ended it: its unlinking is visible
            end(nullptr, {});
    }

    /// Returns the number: constant but for exec(). No lock.
    [[nodiscard]] Pid tid() const noexcept { return tid_.load(std::memory_order_relaxed); }
    [[nodiscard]] const std::shared_ptr<Process>& process() const noexcept { return process_; }

    /// Sets the signal that the process gets when the thread of its parent whose child it is ends; 0 for none. Goes
    /// with the thread. Takes the tree lock. **Source**: prctl(2), PR_SET_PDEATHSIG.
    void set_parent_death_signal(int signal) {
        Guard guard(topology_->lock());
        (tid() == process_->pid() ? process_->parent_death_signal_ : parent_death_signal_) =
            static_cast<std::uint8_t>(signal);
    }

    /// Returns the user's data if it is a T, else null. The data itself is not synchronised.
    template <class T>
    [[nodiscard]] T* data() noexcept {
        return data_as<T>(data_);
    }
    template <class T>
    [[nodiscard]] const T* data() const noexcept {
        return data_as<const T>(data_);
    }

    /// Ends the thread and leaves `code` as the process's exit code, unless a group exit has fixed that.
    /// Returns true if this was the last living thread: then, and only once, it is the caller's part to let the process
    /// exit. A second call, or one after the process has exited, returns false and changes nothing.
    /// **Complexity**: linear in its own children, who are another thread's then, and their threads, else constant on
    /// average; no allocation. Takes the tree lock.
    bool exit(int code) { return end(&code, {}); }
    /// The same, and adds the time that the thread has used to that of the process.
    bool exit(int code, const Usage& spent) { return end(&code, spent); }

    /// The thread's part of exec in one step: its siblings end, their exit() returning false, and it becomes the
    /// leader: its number is now that of the process. Returns false, with nothing changed, if it has ended, a group
    /// exit has begun, or another thread is in exec. Who has to wait for the siblings' own end uses begin_exec()
    /// (exec.hpp).
    /// **Complexity**: linear in the other threads, their children and those' threads; no allocation. Takes the tree
    /// lock.
    /// **Source**: execve(2).
    bool exec();

private:
    friend BasicTopology<Traits>;
    friend NumberIndex<BasicThread, InProcess>;
    friend Process;
    friend BasicThreadBuilder<Traits>;
    friend BasicPreparedThread<Traits>;
    friend BasicProcessTree<Traits>;
    friend BasicExec<Traits>;
    friend BasicJobControl<Traits>;
    friend BasicLineage<Traits>;
    friend TreeInvariants<Traits>;

    /// Effects that are made when there are any: most threads end without.
    class LateEffects {
    public:
        LateEffects() noexcept {}
        LateEffects(const LateEffects&) = delete;
        LateEffects& operator=(const LateEffects&) = delete;
        [[gnu::always_inline]] ~LateEffects() {
            if (made_) [[unlikely]]
                end();
        }
        /// **Pre**: not made yet.
        [[nodiscard, PROCSPACE_SELDOM_PART]] Effects& make(Topology& topology) noexcept {
            ::new (static_cast<void*>(&effects)) Effects(topology);
            made_ = true;
            return effects;
        }

    private:
        [[PROCSPACE_SELDOM_PART]] void end() noexcept { effects.~Effects(); }

        union {
            Effects effects; // lives while made_
        };
        bool made_ = false;
    };

    // Under the tree lock.

    [[nodiscard]] bool living() const noexcept { return living_.load(std::memory_order_relaxed); }

    /// Null when the last handle has gone, and the destructor waits for the lock.
    [[nodiscard]] std::shared_ptr<BasicThread> self_handle() const noexcept { return self_.lock(); }

    /// Into the process's threads. **Pre**: its process and number are set.
    [[PROCSPACE_PART]] void enter(const std::shared_ptr<BasicThread>& self) noexcept {
        this->role = NumberRole::tid;
        // Over an empty one, which needs no destructor: an assignment would look for what it has to give up.
        ::new (static_cast<void*>(&self_)) std::weak_ptr<BasicThread>(self);
        process_->threads_.threads_.link(*this, this->number);
        born_ = topology_->births_;
        ++topology_->counts_.threads;
        living_.store(true, std::memory_order_relaxed); // published with the lock
    }

    /// exit(), with no code for one that was never told to.
    bool end(const int* code, const Usage& spent);

    /// Out of the process's threads and the table of numbers.
    void unlink(typename Topology::Blocks& emptied) noexcept {
        process_->threads_.threads_.unlink(*this);
        if (!family_.empty()) [[unlikely]]
            BasicLineage<Traits>::splice(*this); // of the last thread, and when the process exits
        topology_->release(*this, emptied);
        --topology_->counts_.threads;
        // The last step: whoever drops the last handle and reads this ends the thread at once, without the lock.
        living_.store(false, std::memory_order_release); // pairs with ~BasicThread
    }

    /// The same as its own step: a leader that leaves others behind keeps its number as a zombie, and a sibling that
    /// waits in exec hears of it.
    [[gnu::always_inline]] void leave(LateEffects& effects, typename Topology::Blocks& emptied) noexcept {
        auto& group = process_->threads_;
        const bool has_heir = group.threads_.size() > 1 && !(family_.empty() && process_->family_.empty());
        if (has_heir || group.execing_ != nullptr || process_->vforked_) [[unlikely]]
            leave_others(has_heir, effects.make(*topology_));
        unlink(emptied);
        if (tid() == process_->pid() && !group.threads_.empty()) [[unlikely]]
            group.leader_exited_ = true;
    }

    /// What the threads that stay get or hear of, and who waits in vfork: for the end of the leader, not of all. Where
    /// nobody would hear of it, the exit of the process tells.
    [[PROCSPACE_OUTER_PART]] void leave_others(bool has_heir, Effects& effects) noexcept {
        auto& group = process_->threads_;
        if (EffectSink<Traits> && group.threads_.size() > 1 && tid() == process_->pid() &&
            std::exchange(process_->vforked_, false))
            effects.end_vfork(process_->id());
        if (has_heir)
            pass_children(effects);
        if (group.execing_ == this)
            group.execing_ = nullptr;
        else if (group.execing_ != nullptr && group.threads_.size() == 2) // it and this one
            effects.wake(process_->id());
    }

    /// Hands its children to the first of the other threads, the leader before all. **Pre**: there are others.
    /// Out of line: most processes have either threads or children.
    [[PROCSPACE_OUTER_PART]] void pass_children(Effects& effects) noexcept {
        BasicThread* heir = BasicLineage<Traits>::lead_thread(*process_);
        if (heir == this)
            heir = process_->threads_.threads_.first();
        if (heir == this)
            heir = process_->threads_.threads_.next(*this);
        BasicLineage<Traits>::pass_children(*this, *heir, effects);
    }

    /// The number of the process is this thread's from now on; an old leader has vanished. **Pre**: the only thread.
    void become_leader(Effects& effects, typename Topology::Blocks& emptied) noexcept;

    Topology* topology_;                                   // immutable; outlives the process, and so the thread
    std::shared_ptr<Process> process_;                     // immutable once published
    std::weak_ptr<BasicThread> self_;                      // guarded by tree lock
    typename Traits::template Atomic<Pid> tid_{0};         // atomic, written under the tree lock, as the next
    typename Traits::template Atomic<bool> living_{false}; // in its process's table
    Family<Process> family_;                               // its children; guarded by tree lock, as the next two
    std::uint64_t born_ = 0;                               // the tree's births when it came
    std::uint8_t parent_death_signal_ = Signal::none;      // guarded by tree lock; the leader's is the process's
    Data data_;                                            // the user's to synchronise
};

template <class Traits>
bool BasicThread<Traits>::end(const int* code, const Usage& spent) {
    typename Topology::Blocks emptied;
    LateEffects effects;
    Guard guard(topology_->lock());
    if (!living()) [[unlikely]]
        return false;
    self_.reset(); // no owner is made from it any more. Here, as right behind the lock it costs next to nothing
    auto& group = process_->threads_;
    if (code != nullptr && !group.exited_.load(std::memory_order_relaxed)) [[likely]] // set under this lock
        group.exit_code_.store(*code, std::memory_order_relaxed);
    process_->usage_ += spent;
    leave(effects, emptied);
    return group.threads_.empty();
}

template <class Traits>
bool BasicThread<Traits>::exec() {
    BasicLeftovers<Traits> leftovers;
    Effects effects(*topology_);
    Guard guard(topology_->lock());
    auto& group = process_->threads_;
    if (!living() || group.exited_.load(std::memory_order_relaxed) || // under the lock that guards its change
        (group.execing_ != nullptr && group.execing_ != this))
        return false;
    for (BasicThread* thread = group.threads_.first(); thread != nullptr; thread = group.threads_.next(*thread))
        if (thread != this)
            BasicLineage<Traits>::pass_children(*thread, *this, effects);
    process_->end_threads(this, leftovers);
    become_leader(effects, leftovers.blocks);
    return true;
}

template <class Traits>
void BasicThread<Traits>::become_leader(Effects& effects, typename Topology::Blocks& emptied) noexcept {
    Process& process = *process_;
    auto& group = process.threads_;
    if (tid() != process.pid()) {
        group.threads_.unlink(*this);
        topology_->release(*this, emptied);
        tid_.store(process.pid(), std::memory_order_relaxed);
        topology_->add_role(*this, process.pid());
        group.threads_.link(*this, this->number);
        process.parent_death_signal_ = std::exchange(parent_death_signal_, std::uint8_t{0});
    }
    group.leader_exited_ = false;
    group.execing_ = nullptr;
    process.exit_signal_ = Signal::chld;
    BasicLineage<Traits>::exec(*this);
    if (std::exchange(process.vforked_, false))
        effects.end_vfork(process.id());
}

} // namespace procspace
