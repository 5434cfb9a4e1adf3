#pragma once
// ThreadGroup: the threads of one process and how they end.

#include "../fwd.hpp"
#include "index.hpp"

#include <atomic>

namespace procspace {

/// The role of a hook: a thread in its process.
struct InProcess;

/// The living threads of a process, known weakly, with the exit code that they leave behind. A member of Process.
///
/// **Source**: seed 002, ThreadGroup.
template <class Traits>
class BasicThreadGroup {
public:
    using Threads = NumberIndex<BasicThread<Traits>, InProcess>;

    /// Returns the code of the thread that exited last, or of the group exit. No lock.
    [[nodiscard]] int exit_code() const noexcept {
        return exit_code_.load(std::memory_order_relaxed); // whoever needs more asks is_zombie() first, which orders it
    }
    /// Returns true once group_exit() was called. No lock.
    [[nodiscard]] bool exited() const noexcept {
        return exited_.load(std::memory_order_acquire); // pairs with exit(): its code is visible
    }

private:
    friend BasicProcess<Traits>;
    friend BasicThread<Traits>;
    friend BasicPreparedThread<Traits>;
    friend BasicExec<Traits>;
    friend BasicLineage<Traits>;
    friend BasicProcessTree<Traits>;
    friend BasicEffects<Traits>;
    friend TreeInvariants<Traits>;

    // Under the tree lock.
    void exit(int code) noexcept {
        exit_code_.store(code, std::memory_order_relaxed);
        exited_.store(true, std::memory_order_release); // pairs with exited()
    }

    Threads threads_;                                    // guarded by tree lock, as the next two
    BasicThread<Traits>* execing_ = nullptr;             // the thread between begin_exec and finish_exec
    typename Traits::template Atomic<int> exit_code_{0}; // atomic, written under the tree lock, as the next
    typename Traits::template Atomic<bool> exited_{false};
    bool leader_exited_ = false; // a zombie leader holds the number of the process; guarded by tree lock
};

} // namespace procspace
