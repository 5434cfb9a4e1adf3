#pragma once
// ListedSlots: how the registry finds resources where the linker does not collect them (any object format but ELF).
//
// Each definition makes a static object whose constructor joins a list. So here, other than with SectionSlots, static
// constructors must run before the first namespace is made; a kernel calls them itself. Grouped sections of PE and
// Mach-O would do without, but each needs names, bounds and linker options of its own; this asks nothing of the linker.

#include "../fwd.hpp"
#include "../core/config.hpp"
#include "../core/panic.hpp"
#include "descriptor.hpp"
#include "section_slots.hpp"

#include <atomic>
#include <cstdint>

namespace procspace {

/// One definition of a resource in one translation unit: an element of the list, with static storage.
class [[gnu::visibility("hidden")]] ListedSlot {
public:
    /// **Panics** (default_panic: a definition knows no traits) when a namespace exists already.
    explicit ListedSlot(const Resource* resource) noexcept;
    ListedSlot(const ListedSlot&) = delete;
    ListedSlot& operator=(const ListedSlot&) = delete;

private:
    friend class ListedSlots;

    const Resource* resource_;         // immutable
    const ListedSlot* next_ = nullptr; // immutable once it is in the list
};

/// The list of this executable or shared object, the newest slot first. Closed, for ever, by the first namespace: a
/// resource that came later would be missing in it.
///
/// **Thread safety**: all members may be called concurrently.
class [[gnu::visibility("hidden")]] ListedSlots {
public:
    ListedSlots() = delete;

    /// Ends the time in which slots may join. More than once does no harm, and every caller then sees the same list.
    static void close() noexcept {
        if (has_section_slots()) // defined where the setting is another one: they would be missing
            default_panic("PROCSPACE_PORTABLE_REGISTRY is set for a part of the program only", Location::current());
        head_.fetch_or(closed, std::memory_order_acquire); // pairs with the release in join(): the slots are visible
    }

    /// Returns the resource of the next slot each time, and null behind the last one. **Pre**: close() happened before.
    class Walk {
    public:
        [[nodiscard]] const Resource* next() noexcept {
            if (slot_ == nullptr)
                return nullptr;
            const Resource* const resource = slot_->resource_;
            slot_ = slot_->next_;
            return resource;
        }

    private:
        // relaxed: it does not change any more, and close() has acquired it.
        const ListedSlot* slot_ = reinterpret_cast<const ListedSlot*>(head_.load(std::memory_order_relaxed) & ~closed);
    };

private:
    friend class ListedSlot;
    static constexpr std::uintptr_t closed = 1; // in the lowest bit of the address, which alignment leaves free

    static void join(ListedSlot& slot) noexcept {
        std::uintptr_t head = head_.load(std::memory_order_relaxed); // the exchange below decides
        do {
            if ((head & closed) != 0)
                default_panic((PanicText() << "the resource " << slot.resource_->name()
                                           << " registers after the first namespace was made: no static initialiser "
                                              "may make one where the registry is a list")
                                  .text(),
                              Location::current());
            slot.next_ = reinterpret_cast<const ListedSlot*>(head);
            // release: pairs with close(): whoever walks the list sees the slot's members. relaxed: tried again.
        } while (!head_.compare_exchange_weak(head, reinterpret_cast<std::uintptr_t>(&slot), std::memory_order_release,
                                              std::memory_order_relaxed));
    }

    static bool has_section_slots() noexcept {
        if constexpr (is_elf)
            return SectionSlots::Walk().next() != nullptr;
        else
            return false;
    }

    inline static constinit std::atomic<std::uintptr_t> head_{0}; // atomic, see join() and close()
};

inline ListedSlot::ListedSlot(const Resource* resource) noexcept : resource_(resource) {
    ListedSlots::join(*this);
}

} // namespace procspace
