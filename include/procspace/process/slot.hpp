#pragma once
// Slots: how standard containers and shared_ptr get their memory here. The block is asked for first, with null as the
// answer when there is none; then exactly one node or object is built in it. So out of memory is a value, with or
// without exceptions, and nothing is ever allocated under a lock.

#include "../fwd.hpp"
#include "../core/memory.hpp"
#include "hosted.hpp"

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace procspace {

/// An allocator that hands out one block obtained before, and returns blocks to the policy.
///
/// `Bytes` and `Align` are those of the block whatever it is rebound to: the policy gets back the size it gave. The
/// first `Room` bytes of it are what is handed out.
template <class T, class Memory, std::size_t Bytes, std::size_t Align, std::size_t Room>
class SlotAllocator {
public:
    using value_type = T;
    using is_always_equal = std::true_type; // any of them returns any block to the same policy

    template <class U>
    struct rebind {
        using other = SlotAllocator<U, Memory, Bytes, Align, Room>;
    };

    /// One that has nothing to hand out: for containers into which nodes are only linked.
    SlotAllocator() noexcept = default;
    /// **Pre**: a request for the bytes follows, since who asks for them owns them.
    explicit SlotAllocator(void* block) noexcept : block_(block) {}
    template <class U>
    SlotAllocator(const SlotAllocator<U, Memory, Bytes, Align, Room>& other) noexcept : block_(other.block_) {}

    /// **Pre**: `n == 1`, and the block has not been handed out.
    T* allocate(std::size_t) noexcept {
        static_assert(sizeof(T) <= Room && alignof(T) <= Align, "procspace: this standard library's node or control "
                                                                "block is larger than the slot");
        return static_cast<T*>(block_);
    }
    void deallocate(T* p, std::size_t) noexcept { Memory::deallocate(p, Bytes, Align); }

    friend bool operator==(const SlotAllocator&, const SlotAllocator&) noexcept { return true; }

private:
    template <class, class, std::size_t, std::size_t, std::size_t>
    friend class SlotAllocator;

    void* block_ = nullptr; // used while building only; dangles harmlessly afterwards
};

/// The slot for a T with what stands in front of it: a map node's links, or a shared object's control block.
template <class T>
struct SlotSize {
    static constexpr std::size_t align = alignof(T) > alignof(void*) ? alignof(T) : alignof(void*);
    static constexpr std::size_t before = (control_block_bytes + align - 1) / align * align;
    static constexpr std::size_t bytes = before + sizeof(T);
};

/// Ends the object of a shared_ptr, whose memory goes with the control block in front of it.
struct EndOnly {
    template <class T>
    void operator()(T* object) const noexcept {
        object->~T();
    }
};

/// std::make_shared with memory of the policy; null when there is none. What T's constructor throws passes through.
/// The block is as that of std::allocate_shared, but with less code: the control blocks of that have a function for
/// each type, to tell whether they are its own.
/// **Complexity**: one allocation.
template <class T, class Memory, class... Args>
std::shared_ptr<T> try_make_shared(Args&&... args) {
    using Slot = SlotSize<T>;
    void* const block = Memory::allocate(Slot::bytes, Slot::align);
    if (block == nullptr)
        return nullptr;
    PROCSPACE_TRY {
        auto* const place = static_cast<unsigned char*>(block) + Slot::before;
        T* const object = ::new (static_cast<void*>(place)) T(std::forward<Args>(args)...);
        return {object, EndOnly(), SlotAllocator<T, Memory, Slot::bytes, Slot::align, Slot::before>(block)};
    }
    PROCSPACE_CATCH(...) {
        Memory::deallocate(block, Slot::bytes, Slot::align);
        PROCSPACE_RETHROW();
    }
}

} // namespace procspace
