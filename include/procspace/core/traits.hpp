#pragma once
// The one struct of policies. A user derives from DefaultTraits and writes only what differs.

#include "../fwd.hpp"
#include "any_data.hpp"
#include "lock.hpp"
#include "memory.hpp"
#include "panic.hpp"

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace procspace {

/// A lock that the library can hold: default-constructible, lock() and unlock().
template <class L>
concept LockPolicy = std::is_default_constructible_v<L> && requires(L& lock) {
    lock.lock();
    lock.unlock();
};

/// A type for the data of a process or thread: empty by default, movable.
template <class D>
concept DataPolicy =
    std::is_default_constructible_v<D> && std::is_move_constructible_v<D> && std::is_move_assignable_v<D>;

/// A template for counts and flags with the interface of std::atomic.
template <template <class> class A>
concept AtomicPolicy = requires(A<std::size_t>& count, A<bool>& flag, A<std::uintptr_t>& word,
                                std::uintptr_t expected) {
    { count.fetch_add(std::size_t{1}, std::memory_order_relaxed) } -> std::same_as<std::size_t>;
    { count.fetch_sub(std::size_t{1}, std::memory_order_release) } -> std::same_as<std::size_t>;
    { count.load(std::memory_order_acquire) } -> std::same_as<std::size_t>;
    count.store(std::size_t{1}, std::memory_order_relaxed);
    {
        word.compare_exchange_strong(expected, std::uintptr_t{1}, std::memory_order_acquire, std::memory_order_relaxed)
    } -> std::same_as<bool>;
    { flag.load(std::memory_order_acquire) } -> std::same_as<bool>;
    flag.store(true, std::memory_order_release);
};

/// A function for misuse; it must not return.
template <class T>
concept PanicPolicy = requires(const char* what, Location where) { T::panic(what, where); };

/// What every template of the library asks of its traits.
template <class T>
concept ValidTraits =
    LockPolicy<typename T::Lock> && MemoryPolicy<typename T::Memory> && PanicPolicy<T> &&
    AtomicPolicy<T::template Atomic> && DataPolicy<typename T::ProcessData> && DataPolicy<typename T::ThreadData>;

/// The policies that a program gets when it says nothing: spin lock, heap, any data, abort.
///
/// Optional members, detected where they are used:
///   `using CurrentNs`                      the provider of the current namespace (resource/current.hpp)
///   `static constexpr Overflow overflow`   what a reference count does at its limit (core/ref_count.hpp)
///   `static constexpr bool single_processor`   allows counts that are not atomic (process/slot.hpp)
///   `static const void* execution_context() noexcept`   tells threads, or processors, apart (core/lazy.hpp)
struct DefaultTraits {
    using Lock = SpinLock;
    using Memory = HeapMemory;
    using ProcessData = AnyData;
    using ThreadData = AnyData;

    template <class U>
    using Atomic = std::atomic<U>;

    [[noreturn]] static void panic(const char* what, Location where) noexcept { default_panic(what, where); }

    static const void* execution_context() noexcept { return thread_pointer(); }
};

/// Out of memory in a function that has no other way to say so: throws std::bad_alloc where exceptions exist, else
/// panics.
template <class Traits>
[[noreturn, PROCSPACE_SELDOM]] void raise_no_memory(const char* file = __builtin_FILE(),
                                                    unsigned line = __builtin_LINE(),
                                                    const char* function = __builtin_FUNCTION()) {
    if constexpr (has_exceptions)
        PROCSPACE_THROW(std::bad_alloc{});
    else
        raise_panic<Traits>("out of memory: use the try_ form to get this as a value", file, line, function);
}
/// The same on behalf of `where`.
template <class Traits>
[[noreturn]] void raise_no_memory(Location where) {
    raise_no_memory<Traits>(where.file, where.line, where.function);
}

} // namespace procspace
