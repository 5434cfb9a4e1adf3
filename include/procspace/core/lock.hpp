#pragma once
// Lock policies. Each is BasicLockable (lock, unlock), constant-initialisable and knows nothing of what it guards.

#include "../fwd.hpp"
#include "config.hpp"

#include <atomic>
#include <type_traits>

namespace procspace {

/// Holds a lock from construction to the end of the scope.
template <class Lock>
class [[nodiscard]] LockGuard {
public:
    explicit LockGuard(Lock& lock) : lock_(lock) { lock_.lock(); }
    ~LockGuard() { lock_.unlock(); }
    LockGuard(const LockGuard&) = delete;
    LockGuard& operator=(const LockGuard&) = delete;

private:
    Lock& lock_;
};

/// Does nothing: for a tree or namespace that only one thread ever touches.
class NullLock {
public:
    void lock() noexcept {}
    void unlock() noexcept {}
};

/// Test-and-test-and-set spin lock that backs off while it waits.
///
/// Not recursive, not fair. Waiting backs off exponentially: what a contended section costs is the transfer of its
/// cache line between processors, and a waiter that keeps asking for the line adds one transfer to each handover.
///
/// **Thread safety**: lock() makes visible everything done before the matching unlock().
class SpinLock {
public:
    constexpr SpinLock() noexcept = default;
    SpinLock(const SpinLock&) = delete;
    SpinLock& operator=(const SpinLock&) = delete;

    void lock() noexcept {
        unsigned pauses = first_wait;
        while (!try_lock()) {
            for (unsigned i = 0; i < pauses; ++i)
                cpu_relax();
            if (pauses < longest_wait)
                pauses *= 2;
        }
    }

    /// Returns true when the lock was free and is now held.
    [[nodiscard]] bool try_lock() noexcept {
        // relaxed: only a hint that spares the exclusive access; the exchange decides.
        // acquire: pairs with unlock(): the section sees what the previous holder wrote.
        return !held_.load(std::memory_order_relaxed) && !held_.exchange(true, std::memory_order_acquire);
    }

    void unlock() noexcept {
        // release: pairs with try_lock(): what this section wrote is visible to the next holder.
        held_.store(false, std::memory_order_release);
    }

private:
    static constexpr unsigned first_wait = 32;    // pauses, about a microsecond on current processors
    static constexpr unsigned longest_wait = 256; // beyond ten microseconds a free lock would lie idle

    std::atomic<bool> held_{false};
};

/// Spin lock that masks interrupts on this processor while it is held, so that a handler may take it as well.
///
/// `Irq` is the user's: `static State save_and_disable() noexcept; static void restore(State) noexcept;`, where State
/// is any default-constructible type (the flags register, a nesting count).
template <class Irq>
class SpinNoIrq {
public:
    constexpr SpinNoIrq() noexcept = default;
    SpinNoIrq(const SpinNoIrq&) = delete;
    SpinNoIrq& operator=(const SpinNoIrq&) = delete;

    void lock() noexcept {
        // Masked before the first try: a handler that came between taking and masking would wait for its own victim.
        const auto state = Irq::save_and_disable();
        spin_.lock();
        saved_ = state;
    }

    void unlock() noexcept {
        // Read while still the holder: the next holder overwrites it.
        const auto state = saved_;
        spin_.unlock();
        Irq::restore(state);
    }

private:
    SpinLock spin_;
    decltype(Irq::save_and_disable()) saved_{}; // guarded by spin_
};

/// True for types that synchronise themselves: a shared reference to one is enough to change it. `ResWrapper::get`,
/// ResArc and ResCurrent then hand out `T&` instead of `const T&`. Specialise it to opt in.
template <class T>
inline constexpr bool internally_synchronised = false;
template <class T>
inline constexpr bool internally_synchronised<std::atomic<T>> = true;
template <>
inline constexpr bool internally_synchronised<std::atomic_flag> = true;
template <class T, class Lock>
inline constexpr bool internally_synchronised<Guarded<T, Lock>> = true;

/// A reference as shared access gives it: `const T&`, or `T&` for a type that synchronises itself.
template <class T>
struct SharedAccess {
    using type = const T;
};
template <class T>
    requires internally_synchronised<T>
struct SharedAccess<T> {
    using type = T;
};
template <class T>
using Shared = typename SharedAccess<T>::type;

/// A value together with the lock that guards it: the value is reachable only while the lock is held.
///
/// **Thread safety**: every member may be called from several threads at once.
template <class T, class Lock>
class Guarded {
public:
    constexpr Guarded() = default;

    /// Constructs the value in place.
    template <class... Args>
        requires(sizeof...(Args) > 0 && std::is_constructible_v<T, Args...>)
    constexpr explicit Guarded(Args&&... args) : value_(static_cast<Args&&>(args)...) {}

    /// Calls `f(T&)` with the lock held and returns what it returns. `f` must not keep the reference.
    template <class F>
    decltype(auto) with(F&& f) {
        LockGuard<Lock> guard(lock_);
        return static_cast<F&&>(f)(value_);
    }
    template <class F>
    decltype(auto) with(F&& f) const {
        LockGuard<Lock> guard(lock_);
        return static_cast<F&&>(f)(static_cast<const T&>(value_));
    }

private:
    mutable Lock lock_{};
    T value_{}; // guarded by lock_
};

} // namespace procspace
