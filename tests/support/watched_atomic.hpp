#pragma once
// WatchedAtomic: shows when a thread came too late for a compare-and-exchange. A test can then let another thread go on
// once it knows that the first is bound to wait, without sleeping and without guessing.

#include <procspace/core/config.hpp>

#include <atomic>

namespace support {

/// How many compare-and-exchanges failed.
///
/// **Thread safety**: all members may be called concurrently.
class Latecomers {
public:
    Latecomers() = delete;

    static void clear() noexcept { count_.store(0, std::memory_order_relaxed); }
    static void add() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }

    /// Returns when there is one.
    static void wait_for_one() noexcept {
        while (count_.load(std::memory_order_relaxed) == 0)
            procspace::cpu_relax();
    }

private:
    inline static std::atomic<int> count_{0};
};

/// Traits::Atomic that reports to Latecomers.
template <class U>
class WatchedAtomic {
public:
    constexpr WatchedAtomic() noexcept = default;
    constexpr WatchedAtomic(U value) noexcept : atomic_(value) {}

    U load(std::memory_order order) const { return atomic_.load(order); }
    void store(U value, std::memory_order order) { atomic_.store(value, order); }
    U exchange(U value, std::memory_order order) { return atomic_.exchange(value, order); }
    U fetch_add(U n, std::memory_order order) { return atomic_.fetch_add(n, order); }
    U fetch_sub(U n, std::memory_order order) { return atomic_.fetch_sub(n, order); }
    bool compare_exchange_strong(U& expected, U desired, std::memory_order success, std::memory_order failure) {
        const bool done = atomic_.compare_exchange_strong(expected, desired, success, failure);
        if (!done)
            Latecomers::add();
        return done;
    }

private:
    std::atomic<U> atomic_{};
};

} // namespace support
