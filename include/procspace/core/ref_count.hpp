#pragma once
// The reference count, and every memory order that counting references needs. Nowhere else in the library is a count of
// owners changed. The orders, referred to by these names:
//
//   RC1  increment, relaxed: a new reference is made from an existing one, and whatever handed that one to this
//        thread has already ordered the object before it.
//   RC2  decrement, release: what this owner did to the object must be visible to the owner that destroys it.
//   RC3  acquire when the last owner is alone (1 -> 0, and before unique access): pairs with RC2 of every former owner.
//        An acquire load instead of a fence: the same instructions, and ThreadSanitizer understands it.
//   RC4  overflow: the count never wraps. An increment beyond `max` is undone before it is reported, so that whoever
//        survives the panic (a test, a kernel that only kills the task) finds the count as it was.

#include "../fwd.hpp"
#include "config.hpp"
#include "panic.hpp"

#include <atomic>
#include <cstddef>
#include <limits>

namespace procspace {

/// What an increment beyond the limit does. A traits struct chooses with `static constexpr Overflow overflow`.
enum class Overflow {
    panic,   ///< undo the increment, then Traits::panic
    saturate ///< pin the count: the object is never destroyed (as Linux's refcount_t)
};

/// The number of owners of one object; starts at one, unless said otherwise.
///
/// **Thread safety**: all members may be called concurrently by owners. Needs no lock.
template <class Traits>
class RefCount {
public:
    static constexpr std::size_t max = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());

    constexpr RefCount() noexcept = default;
    constexpr explicit RefCount(std::size_t owners) noexcept : count_(owners) {}
    RefCount(const RefCount&) = delete;
    RefCount& operator=(const RefCount&) = delete;

    /// Adds an owner. **Pre**: the caller is an owner.
    /// **Panics** when there are `max` owners; with Overflow::saturate the count stays pinned instead.
    void increment() {
        const std::size_t after = count_.fetch_add(1, std::memory_order_relaxed) + 1; // RC1
        // RC4. More than max is the sign bit, which the addition has left in the processor's flags.
        if (static_cast<std::ptrdiff_t>(after) < 0) [[unlikely]]
            overflow();
    }

    /// Removes owners, of whom the caller answers for so many, that are likely to be all. Returns true when they were
    /// the last ones: everything that all the others did is then visible.
    [[nodiscard]] bool decrement(std::size_t owners = 1) noexcept {
        // RC3. A sole owner needs no read-modify-write: only an owner could make another one.
        return count_.load(std::memory_order_acquire) == owners || decrement_shared(owners);
    }

    /// The same where others are likely to be left: without a look at the count first.
    [[nodiscard]] bool decrement_shared(std::size_t owners = 1) noexcept {
        const std::size_t before = count_.fetch_sub(owners, std::memory_order_release); // RC2
        if constexpr (saturates) {
            if (before > max) [[unlikely]] {
                pin(); // RC4
                return false;
            }
        }
        if (before != owners)
            return false;
        // RC3. Reads what the line above wrote, which continues the release sequence of every former owner.
        static_cast<void>(count_.load(std::memory_order_acquire));
        return true;
    }

    /// Returns true when the caller is the only owner; what former owners did is then visible.
    [[nodiscard]] bool unique() const noexcept { return count_.load(std::memory_order_acquire) == 1; } // RC3

    /// Returns the number of owners at some recent moment: for diagnostics, never for a decision.
    [[nodiscard]] std::size_t value() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    static constexpr bool saturates = [] {
        if constexpr (requires { Traits::overflow; })
            return Traits::overflow == Overflow::saturate;
        else
            return false;
    }();

    // Half way between the limit and the wrap: no number of increments and decrements in flight leaves the pinned
    // range.
    static constexpr std::size_t pinned = max + max / 2;

    void pin() noexcept { count_.store(pinned, std::memory_order_relaxed); }

    [[PROCSPACE_SELDOM]] void overflow() {
        if constexpr (saturates) {
            pin();
        } else {
            // relaxed: this owner never published the reference that it takes back.
            count_.fetch_sub(1, std::memory_order_relaxed);
            raise_panic<Traits>(
                "reference count overflow: more owners than PTRDIFF_MAX, or a count that was overwritten");
        }
    }

    typename Traits::template Atomic<std::size_t> count_{1}; // atomic, see RC1 to RC4
};

} // namespace procspace
