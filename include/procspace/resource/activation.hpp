#pragma once
// ActivationMark: how a namespace knows that it is the current one somewhere.

#include "../fwd.hpp"

#include <atomic>
#include <cstdint>

namespace procspace {

/// Where one namespace is current: in a number of places, or on one processor that has claimed it. Providers of the
/// current namespace keep it, and each keeps to one of the two ways.
///
/// **Thread safety**: all members may be called concurrently.
template <class Traits>
class ActivationMark {
public:
    constexpr ActivationMark() noexcept = default;
    ActivationMark(const ActivationMark&) = delete;
    ActivationMark& operator=(const ActivationMark&) = delete;

    /// Adds a place that may be one of several.
    void add() noexcept { where_.fetch_add(1, std::memory_order_relaxed); } // ordered by what hands the namespace on
    /// Takes one place away again.
    void remove() noexcept {
        where_.fetch_sub(1, std::memory_order_release); // pairs with active(): what was done there is visible
    }

    /// Claims the namespace for `processor` alone. **Returns** who had it: null when the claim is new; `processor` when
    /// it had it already, so that the earlier claim is the one to give up; another one has it still, with nothing
    /// changed. One step, so that no two can find it free.
    [[nodiscard]] const void* claim(const void* processor) noexcept {
        std::uintptr_t holder = 0;
        // acquire: pairs with unclaim(): whoever had it before has left.
        where_.compare_exchange_strong(holder, reinterpret_cast<std::uintptr_t>(processor), std::memory_order_acquire,
                                       std::memory_order_relaxed);
        return reinterpret_cast<const void*>(holder);
    }
    /// Gives the claim up. **Pre**: the caller's processor has it.
    void unclaim() noexcept {
        // release: pairs with claim() and active(): what was done in the namespace there is visible.
        where_.store(0, std::memory_order_release);
    }

    [[nodiscard]] bool active() const noexcept {
        return where_.load(std::memory_order_acquire) != 0; // pairs with remove() and unclaim()
    }

private:
    typename Traits::template Atomic<std::uintptr_t> where_{0}; // a number of places, or the address of the processor
};

} // namespace procspace
