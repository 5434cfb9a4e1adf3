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
    [[gnu::always_inline]] explicit LockGuard(Lock& lock) : lock_(lock) { lock_.lock(); }
    [[gnu::always_inline]] ~LockGuard() { lock_.unlock(); }
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

    [[PROCSPACE_OFTEN]] void lock() noexcept {
        if (!try_lock()) [[unlikely]]
            wait();
    }

    /// Returns true when the lock was free and is now held.
    [[nodiscard, gnu::always_inline]] bool try_lock() noexcept {
        // relaxed: only a hint that spares the exclusive access; the exchange decides.
        // acquire: pairs with unlock(): the section sees what the previous holder wrote.
        if (held_.load(std::memory_order_relaxed) != 0) [[unlikely]]
            return false;
        return held_.exchange(1, std::memory_order_acquire) == 0;
    }

    void unlock() noexcept {
        // release: pairs with try_lock(): what this section wrote is visible to the next holder.
        held_.store(0, std::memory_order_release);
    }

private:
    // Nanoseconds. Half of it costs a quarter more for each operation on two processors, and beyond the longest a free
    // lock would lie idle.
    static constexpr unsigned first_wait = 1600;
    static constexpr unsigned longest_wait = 12800;

    // Every section would carry the code of the rare case.
    [[gnu::noinline]] void wait() noexcept {
        unsigned nanoseconds = first_wait;
        do {
            cpu_wait(nanoseconds);
            if (nanoseconds < longest_wait)
                nanoseconds *= 2;
        } while (!try_lock());
    }

    std::atomic<unsigned> held_{0}; // a word: not every processor exchanges bytes
};

/// Ticket lock: whoever comes first is served first, so that no waiter starves.
///
/// Not recursive. Fairness has a price: each section waits for the processor whose turn it is, asleep or not, and under
/// contention it is slower than SpinLock by a factor of about three. For trees whose sections must be bounded in time.
///
/// **Thread safety**: lock() makes visible everything done before the matching unlock().
class TicketLock {
public:
    constexpr TicketLock() noexcept = default;
    TicketLock(const TicketLock&) = delete;
    TicketLock& operator=(const TicketLock&) = delete;

    void lock() noexcept {
        // relaxed: only the order of the tickets counts here; the load below does the rest.
        const unsigned mine = next_.fetch_add(1, std::memory_order_relaxed);
        // acquire: pairs with unlock(): the section sees what the previous holder wrote.
        while (serving_.load(std::memory_order_acquire) != mine)
            cpu_relax();
    }

    void unlock() noexcept {
        // relaxed: only the holder writes it. release: pairs with lock(): what this section wrote is visible to the
        // next.
        serving_.store(serving_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

private:
    std::atomic<unsigned> next_{0};    // wraps, as the next does
    std::atomic<unsigned> serving_{0}; // the ticket whose turn it is
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

    // Both out of line, as kernels have them: a call costs nothing beside what they do, and each of the many sections
    // would carry its instructions.

    [[gnu::noinline]] void lock() noexcept {
        // Masked before the first try: a handler that came between taking and masking would wait for its own victim.
        const auto state = Irq::save_and_disable();
        spin_.lock();
        saved_ = state;
    }

    [[gnu::noinline]] void unlock() noexcept {
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
