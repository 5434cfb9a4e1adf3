#pragma once
// ForgedAtomic: lets a test reach the reference count inside the library's objects: to set it to any number, to let
// something happen just before an operation, and to read the orders that were used.

#include <atomic>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace support {

/// The reference counts made with ForgedAtomic, the newest of them at hand.
///
/// **Thread safety**: for one thread.
class ForgedCount {
public:
    ForgedCount() = delete;

    /// Returns the count made last. The object that holds it must be alive.
    static std::atomic<std::size_t>* newest() noexcept { return newest_; }
    static void made(std::atomic<std::size_t>* count) noexcept { newest_ = count; }

    /// Runs `what` once, just before the next read-modify-write: what another thread could do at that point.
    static void before_next_rmw(std::function<void()> what) { hook_ = std::move(what); }
    static void run_hook() {
        if (hook_)
            std::exchange(hook_, nullptr)();
    }

    /// The orders of all loads and read-modify-writes since clear_orders().
    static const std::vector<std::memory_order>& orders() { return orders_; }
    static void clear_orders() { orders_.clear(); }
    static void log(std::memory_order order) { orders_.push_back(order); }

private:
    inline static std::atomic<std::size_t>* newest_ = nullptr;
    inline static std::function<void()> hook_;
    inline static std::vector<std::memory_order> orders_;
};

/// Traits::Atomic that hands its size_t ones to ForgedCount.
template <class U>
class ForgedAtomic {
public:
    ForgedAtomic() noexcept = default;
    ForgedAtomic(U value) noexcept : atomic_(value) {
        if constexpr (requires { ForgedCount::made(&atomic_); })
            ForgedCount::made(&atomic_);
    }

    U load(std::memory_order order) const {
        ForgedCount::log(order);
        return atomic_.load(order);
    }
    void store(U value, std::memory_order order) { atomic_.store(value, order); }
    U exchange(U value, std::memory_order order) { return atomic_.exchange(value, order); }
    U fetch_add(U n, std::memory_order order) {
        ForgedCount::run_hook();
        ForgedCount::log(order);
        return atomic_.fetch_add(n, order);
    }
    U fetch_sub(U n, std::memory_order order) {
        ForgedCount::run_hook();
        ForgedCount::log(order);
        return atomic_.fetch_sub(n, order);
    }
    bool compare_exchange_strong(U& expected, U desired, std::memory_order success, std::memory_order failure) {
        return atomic_.compare_exchange_strong(expected, desired, success, failure);
    }

private:
    std::atomic<U> atomic_{};
};

} // namespace support
