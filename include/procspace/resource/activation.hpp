#pragma once
// ActivationMark: how a namespace knows that it is the current one somewhere.

#include "../fwd.hpp"

#include <atomic>
#include <cstddef>

namespace procspace {

/// Counts the places where one namespace is current. Providers of the current namespace keep it.
///
/// **Thread safety**: all members may be called concurrently.
template <class Traits>
class ActivationMark {
public:
    constexpr ActivationMark() noexcept = default;
    ActivationMark(const ActivationMark&) = delete;
    ActivationMark& operator=(const ActivationMark&) = delete;

    /// Adds a place that may be one of several.
    void add() noexcept { places_.fetch_add(1, std::memory_order_relaxed); } // ordered by what hands the namespace on

    /// Adds a place that must be the only one: `processor`, which may add it again. Returns false, with nothing
    /// changed, when the namespace is current elsewhere.
    [[nodiscard]] bool try_add(const void* processor) noexcept {
        // acquire: pairs with remove(): whoever had it before has left.
        const std::size_t before = places_.fetch_add(1, std::memory_order_acquire);
        // relaxed: equal only to what this processor stored itself.
        if (before != 0 && processor_.load(std::memory_order_relaxed) != processor) {
            places_.fetch_sub(1, std::memory_order_relaxed); // takes back what nobody has acted on
            return false;
        }
        processor_.store(processor, std::memory_order_relaxed);
        return true;
    }

    /// Takes one place away again.
    void remove() noexcept {
        // release: pairs with try_add() and active(): what was done in the namespace there is visible.
        places_.fetch_sub(1, std::memory_order_release);
    }

    [[nodiscard]] bool active() const noexcept {
        return places_.load(std::memory_order_acquire) != 0; // pairs with remove()
    }

private:
    typename Traits::template Atomic<std::size_t> places_{0};
    typename Traits::template Atomic<const void*> processor_{nullptr}; // the last one that added itself with try_add
};

} // namespace procspace
