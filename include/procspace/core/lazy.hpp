#pragma once
// Lazy: an object with static storage that is made at first use, by exactly one thread, without a static constructor.

#include "../fwd.hpp"
#include "config.hpp"
#include "panic.hpp"

#include <atomic>
#include <new>

namespace procspace {

/// Storage for one T, empty until the first use and never destroyed.
///
/// Exactly one caller makes it; others that come meanwhile wait (a spin with pauses). A maker that fails leaves it
/// empty, so that the next use tries again. A maker that asks for the object it is making would wait for itself: that
/// is reported at once, where Traits::execution_context() can tell.
///
/// Hidden: each shared object makes its own, with its own resources in it.
///
/// **Thread safety**: all members may be called concurrently.
template <class T, class Traits>
class [[gnu::visibility("hidden")]] Lazy {
public:
    constexpr Lazy() noexcept = default;
    Lazy(const Lazy&) = delete;
    Lazy& operator=(const Lazy&) = delete;

    /// Returns the object, making it with `::new (storage) T(args...)` if it is not there.
    /// **Panics** when called by the maker itself. What T's constructor throws passes through.
    template <class... Args>
    T& get_or_make(Args&&... args) {
        // acquire: as in get()
        if (state_.load(std::memory_order_acquire) == ready) [[likely]]
            return object();
        return make_or_wait(static_cast<Args&&>(args)...);
    }

    /// Returns the object, or null while it does not exist. Never waits.
    [[nodiscard]] T* get() noexcept {
        // acquire: pairs with the release in Attempt's destructor: the finished object is visible.
        return state_.load(std::memory_order_acquire) == ready ? &object() : nullptr;
    }

private:
    enum : unsigned { empty, making, ready };

    /// **Pre**: state_ is ready.
    T& object() noexcept { return *std::launder(reinterpret_cast<T*>(storage_)); }

    // Out of line: every access would carry the code of the first one.
    template <class... Args>
    [[gnu::noinline]] T& make_or_wait(Args&&... args) {
        for (;;) {
            if (T* made = get())
                return *made;
            unsigned expected = empty;
            // acquire: pairs with the release in Attempt's destructor: a retry sees what the failed attempt undid.
            if (state_.compare_exchange_strong(expected, making, std::memory_order_acquire,
                                               std::memory_order_relaxed)) {
                Attempt attempt{*this};
                maker_.store(context(), std::memory_order_relaxed); // read back only by this very thread
                ::new (static_cast<void*>(storage_)) T(static_cast<Args&&>(args)...);
                attempt.outcome = ready;
            } else if (expected == making) {
                const void* const self = context();
                if (self != nullptr && maker_.load(std::memory_order_relaxed) == self)
                    raise_panic<Traits>(
                        "an initialiser uses the very object that it initialises (the global namespace, or "
                        "a resource read through current())");
                cpu_relax();
            }
        }
    }

    struct Attempt {
        Lazy& lazy;
        unsigned outcome = empty;
        ~Attempt() {
            // Cleared before the state changes: a thread that failed earlier must not find itself named when it waits.
            lazy.maker_.store(nullptr, std::memory_order_relaxed);
            lazy.state_.store(outcome, std::memory_order_release); // pairs with get() and get_or_make()
        }
    };

    static const void* context() noexcept {
        if constexpr (requires { Traits::execution_context(); })
            return Traits::execution_context();
        else
            return nullptr;
    }

    typename Traits::template Atomic<unsigned> state_{empty};
    typename Traits::template Atomic<const void*> maker_{nullptr};
    // Bytes, so that Lazy has a trivial destructor: a global outlives every user, whatever the order of exit handlers.
    alignas(T) unsigned char storage_[sizeof(T)]{}; // holds a T exactly while state_ is ready
};

} // namespace procspace
