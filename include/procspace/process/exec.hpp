#pragma once
// exec as a transaction: for a kernel, whose threads end in their own time.

#include "../fwd.hpp"
#include "../core/result.hpp"
#include "effects.hpp"
#include "thread.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace procspace {

/// An exec that has begun: no new thread comes, no other exec begins, and the siblings have been told to end. finish()
/// completes it once they have; one that is dropped instead lets the process go on, with the threads that are left.
///
/// **Thread safety**: a value of the calling thread. Must not outlive its tree. **Source**: execve(2).
template <class Traits>
class BasicExec {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Thread = BasicThread<Traits>;

public:
    explicit BasicExec(NoValue) noexcept {}
    BasicExec(BasicExec&&) noexcept = default;
    BasicExec& operator=(BasicExec&&) = delete; // what was to be overwritten would have to be given up first
    ~BasicExec() {
        if (caller_ == nullptr)
            return;
        {
            Guard guard(caller_->topology_->lock());
            if (!mine()) {
                forget();
                return;
            }
        }
        { const BasicEffects<Traits> told(std::move(effects_)); } // before new threads come, who are not meant
        Guard guard(caller_->topology_->lock());
        if (mine())
            caller_->process_->threads_.execing_ = nullptr;
    }

    /// Begins. `effects()` are then the siblings to be killed. **Errors**: no_process (the caller has ended, or a group
    /// exit has begun); again (another thread is in exec). **Complexity**: constant; no allocation.
    [[nodiscard]] static Result<BasicExec> begin(const std::shared_ptr<Thread>& caller) {
        BasicExec exec(*caller->topology_);
        {
            Guard guard(caller->topology_->lock());
            auto& group = caller->process_->threads_;
            if (!caller->living() || group.exited())
                return Errno::no_process;
            if (group.execing_ != nullptr)
                return Errno::again;
            group.execing_ = caller.get();
            exec.execs_before_ = caller->process_->execed_at_;
            exec.caller_ = caller; // only now: one that was refused has nothing to give up
            if (group.threads_.size() > 1)
                exec.effects_.kill_threads(caller->process_->id(), caller->tid());
        }
        return Result<BasicExec>(std::move(exec));
    }

    /// The siblings to be killed: deliver them, or leave it to Traits::effect when this ends. None once it is over.
    [[nodiscard]] BasicEffects<Traits>& effects() noexcept { return effects_; }

    /// The caller becomes the leader: its number is that of the process, a leader that had exited vanishes, the exit
    /// signal is SIGCHLD again. **Errors**: again (a sibling lives: the last one's exit wakes whoever waits for the
    /// process); no_process (the caller has ended); interrupted (a group exit has begun). **Complexity**: constant.
    [[nodiscard]] Result<void> finish() {
        typename Topology::Blocks emptied;
        BasicEffects<Traits> effects(*caller_->topology_);
        Guard guard(caller_->topology_->lock());
        auto& group = caller_->process_->threads_;
        if (!caller_->living() || !mine())
            return Errno::no_process;
        if (group.exited())
            return Errno::interrupted;
        if (group.threads_.size() > 1)
            return Errno::again;
        caller_->become_leader(effects, emptied);
        forget();
        return {};
    }

private:
    explicit BasicExec(Topology& topology) noexcept : effects_(topology) {}

    // Both under the tree lock.

    /// Returns whether it is under way: not finished, not cut short by the caller's end or its exec() in one step.
    [[nodiscard]] bool mine() const noexcept {
        const auto& process = *caller_->process_;
        return process.threads_.execing_ == caller_.get() && process.execed_at_ == execs_before_;
    }
    /// Who was to end has ended, or is not to. Delivered now it would reach who came since, or the caller by its new
    /// number.
    void forget() noexcept {
        static_cast<void>(effects_.take(BasicEffects<Traits>::killed));
        effects_.pending_ = false;
    }

    std::shared_ptr<Thread> caller_; // null in one that was moved from or refused
    std::uint64_t execs_before_ = 0; // which exec of the process this is
    BasicEffects<Traits> effects_;
};

/// Begins an exec by this thread: see BasicExec::begin.
template <class Traits>
[[nodiscard]] Result<BasicExec<Traits>> begin_exec(const std::shared_ptr<BasicThread<Traits>>& caller) {
    return BasicExec<Traits>::begin(caller);
}

} // namespace procspace
