#pragma once
// SlotCurrent: providers of the current namespace that keep it in a slot for each thread or processor.

#include "../fwd.hpp"
#include "../core/panic.hpp"
#include "current.hpp"

#include <atomic>
#include <cstddef>

namespace procspace {

/// Which namespace is the current one of one thread or processor, and what still refers to it.
///
/// Constant-initialised: nothing is entered, so that the global namespace is the current one.
///
/// **Thread safety**: for its own thread or processor, interrupt handlers on it included.
template <class Traits>
class CurrentSlot {
public:
    constexpr CurrentSlot() noexcept = default;
    CurrentSlot(const CurrentSlot&) = delete;
    CurrentSlot& operator=(const CurrentSlot&) = delete;

private:
    template <class, class>
    friend class SlotCurrent;

    struct Guard {
        Guard* older;
        std::size_t depth; // that of the activation it was made in
    };

    // Atomic for handlers that interrupt a switch: they see the former namespace or the next one. Null: the global one.
    typename Traits::template Atomic<const BasicNamespace<Traits>*> ns_{nullptr};
    std::size_t depth_ = 0;   // number of scopes around
    bool marked_ = false;     // whether it is for the innermost activation to take the mark off its namespace
    Guard* newest_ = nullptr; // the live guards, as a list: a handler that comes in between restores it before it ends
};

/// A provider: its objects are the guards that ResCurrent holds.
///
/// Every live guard knows the activation in which it was made, and to end that activation with guards alive is a panic:
/// what `current()` hands out cannot silently outlive it. A namespace knows where it is active, and its destruction
/// there is a panic as well.
///
/// `Slots` has `static CurrentSlot<Traits>& slot() noexcept`, the caller's; `exclusive`, whether a namespace may be
/// active in one slot only; and `Pin`, a guard that keeps the caller with its slot.
///
/// **Complexity**: a guard costs four words and a few stores; an end looks at the guards that are alive.
/// **Thread safety**: every thread or processor sees its own. A guard belongs to the one that made it.
template <class Traits, class Slots>
class SlotCurrent {
    using Ns = BasicNamespace<Traits>;
    using Slot = CurrentSlot<Traits>;

    struct Activation {
        const Slot* slot;
        const Ns* ns;
        std::size_t depth;
        bool marked;
    };

public:
    SlotCurrent() noexcept : slot_(Slots::slot()), guard_{slot_.newest_, slot_.depth_} {
        std::atomic_signal_fence(std::memory_order_release); // a handler that walks the list finds whole guards
        slot_.newest_ = &guard_;
    }
    ~SlotCurrent() {
        auto** link = &slot_.newest_; // nearly always this one: guards end in reverse order
        while (*link != &guard_)
            link = &(*link)->older;
        *link = guard_.older;
    }
    SlotCurrent(const SlotCurrent&) = delete;
    SlotCurrent& operator=(const SlotCurrent&) = delete;

    /// Returns the current namespace; makes the global one if that is current and not made yet.
    [[nodiscard]] const Ns& ns() const {
        const Ns* const entered = current(slot_);
        return entered != nullptr ? *entered : global_ns<Traits>();
    }
    /// Returns the current namespace, or null where it would be the global one and that is not made yet.
    [[nodiscard]] const Ns* try_ns() const noexcept {
        const Ns* const entered = current(slot_);
        return entered != nullptr ? entered : try_global_ns<Traits>();
    }

    /// Makes `next` the current namespace, for NamespaceScope. **Panics** when it is active where it must not be.
    [[nodiscard]] static Activation enter(const Ns& next) {
        [[maybe_unused]] const typename Slots::Pin pin{};
        Slot& slot = Slots::slot();
        const bool marked = mark(slot, &next);
        const Activation former{&slot, current(slot), slot.depth_, slot.marked_};
        slot.depth_ = former.depth + 1;
        slot.marked_ = marked;
        slot.ns_.store(&next, std::memory_order_relaxed); // for this thread or processor: no other reads it
        return former;
    }

    /// Undoes the matching enter(). **Panics** when a guard made since then is still alive, with the scope left; when
    /// it is not the innermost one here, with nothing changed.
    static void leave(Activation former) {
        [[maybe_unused]] const typename Slots::Pin pin{};
        Slot& slot = Slots::slot();
        if (&slot != former.slot || slot.depth_ != former.depth + 1)
            raise_panic<Traits>(
                "a NamespaceScope is left in another order than it was entered, or on another processor");
        const Ns* const left = current(slot);
        const bool marked = slot.marked_;
        slot.ns_.store(former.ns, std::memory_order_relaxed); // as in enter()
        slot.marked_ = former.marked;
        slot.depth_ = former.depth;
        if (marked)
            unmark(*left);
        bool outlived = false;
        for (auto* guard = slot.newest_; guard != nullptr; guard = guard->older)
            if (guard->depth > former.depth) {
                guard->depth = 0; // reported once: whoever survives the panic may enter scopes again
                outlived = true;
            }
        if (outlived)
            raise_panic<Traits>("a ResCurrent outlives the NamespaceScope it came from");
    }

    /// Puts `next` in the place of the current namespace, null for the global one: what a scheduler does when it
    /// switches tasks, and a task that has unshared its namespace. One store: there is no moment without a current
    /// namespace, and `next` is marked before it and the former one afterwards.
    /// **Panics**, with nothing changed, when a guard of the former one is alive, or `next` is active where it must not
    /// be.
    static void switch_to(const Ns* next) {
        [[maybe_unused]] const typename Slots::Pin pin{};
        Slot& slot = Slots::slot();
        for (auto* guard = slot.newest_; guard != nullptr; guard = guard->older)
            if (guard->depth == slot.depth_)
                raise_panic<Traits>("a ResCurrent is alive while the namespace it came from is switched");
        const Ns* const former = current(slot);
        if (former == next)
            return;
        const bool former_marked = slot.marked_;
        slot.marked_ = mark(slot, next);
        slot.ns_.store(next, std::memory_order_relaxed); // as in enter()
        if (former_marked)
            unmark(*former);
    }

private:
    static const Ns* current(const Slot& slot) noexcept { return slot.ns_.load(std::memory_order_relaxed); }

    /// Marks `next` as active. Returns whether there is a mark to take off again: not where the slot has claimed it
    /// already, in an activation around this one or one that a handler has interrupted, and not for the global
    /// namespace: that is current wherever nothing else is, and nobody counts where.
    static bool mark(Slot& slot, const Ns* next) {
        if (next == nullptr || next == try_global_ns<Traits>())
            return false;
        if constexpr (Slots::exclusive) {
            const void* const holder = next->activation().claim(&slot);
            if (holder != nullptr && holder != &slot)
                raise_panic<Traits>("a namespace is made the current one of two processors at once");
            return holder == nullptr;
        } else {
            next->activation().add();
            return true;
        }
    }
    static void unmark(const Ns& former) noexcept {
        if constexpr (Slots::exclusive)
            former.activation().unclaim();
        else
            former.activation().remove();
    }

    [[no_unique_address]] typename Slots::Pin pin_{}; // before anything that depends on the slot
    Slot& slot_;
    typename Slot::Guard guard_;
};

} // namespace procspace
