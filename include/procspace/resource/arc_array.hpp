#pragma once
// ArcArray: the array of owners that a namespace is made of.

#include "../fwd.hpp"
#include "../core/config.hpp"
#include "res_arc.hpp"

#include <cstddef>
#include <new>

namespace procspace {

/// One allocation with room for an owner of each resource, filled from the front. Elements may be empty while a change
/// is being built.
///
/// **Thread safety**: as a container's.
template <class Traits>
class BasicArcArray {
    using Arc = BasicAnyResArc<Traits>;

public:
    constexpr BasicArcArray() noexcept = default;
    BasicArcArray(const BasicArcArray&) = delete;
    BasicArcArray& operator=(const BasicArcArray&) = delete;

    /// An array that is given up on the way: because of an error, and that error is the one to report. What the
    /// destructors of values throw on top of it goes nowhere; see release().
    ~BasicArcArray() {
        if constexpr (!has_exceptions)
            release();
        else if (capacity_ != 0)
            release_quietly({size_, size_});
    }

    /// Makes room for `capacity` elements. Returns false when there is no memory. **Pre**: there is no array.
    /// **Complexity**: one allocation, none for 0.
    [[nodiscard, gnu::noinline]] bool reserve(std::size_t capacity) noexcept {
        if (capacity == 0)
            return true;
        void* const memory = Traits::Memory::allocate(capacity * sizeof(Arc), alignof(Arc));
        if (memory == nullptr)
            return false;
        arcs_ = static_cast<Arc*>(memory);
        capacity_ = capacity;
        return true;
    }

    /// The same with as many empty elements.
    [[nodiscard, PROCSPACE_SELDOM]] bool try_resize(std::size_t size) noexcept {
        if (!reserve(size))
            return false;
        while (size_ != size)
            push(nullptr);
        return true;
    }

    // Each adds an element. **Pre**: there is room.

    /// One more owner of the value of `from`. **Panics** on overflow of the count. **Pre**: `from` is not empty.
    void push_shared(const Arc& from) { push(from.shared()); }
    /// A fresh value of `resource`, or a copy of the one at `from` where that is not null. Returns false, with nothing
    /// added, when there is no memory. What initialisers and copies throw passes through.
    [[nodiscard]] bool push_new(const Resource& resource, const void* from = nullptr) {
        void* const body = Arc::make(resource, from);
        if (body == nullptr)
            return false;
        push(body);
        return true;
    }

    /// Makes room for `count` elements, and adds a fresh value of each resource that `walk` passes to the function that
    /// it is given. Returns false when there is no memory. What initialisers throw passes through.
    /// **Pre**: there is no array; `walk` passes `count` of them.
    template <class Walk>
    [[nodiscard]] bool fill(std::size_t count, Walk walk) {
        bool complete = reserve(count);
        if constexpr (!batched) {
            walk([&](const Resource& resource) {
                if (complete)
                    complete = push_new(resource);
            });
        } else {
            Unbegun blocks{*this, size_};
            {
                typename Memory::Batch batch;
                walk([&](const Resource& resource) {
                    void* const body = complete ? Arc::allocate(resource, batch) : nullptr;
                    complete = body != nullptr;
                    if (complete)
                        place(blocks.end++, body);
                });
            }
            // Its own counter: through memory each round would wait for the one before.
            for (std::size_t i = size_; complete && i != blocks.end; size_ = ++i)
                arcs_[i].resource().init(arcs_[i].body());
        }
        return complete;
    }

    /// Gives up all elements, the last one first, and the array. Should destructors of values throw, all the others
    /// are given up nevertheless, and the first exception leaves.
    [[gnu::noinline]] void release() {
        if (capacity_ == 0)
            return;
        Ended ended{size_, size_};
        PROCSPACE_TRY {
            end_values(ended);
        }
        PROCSPACE_CATCH(...) {
            release_quietly(ended);
            PROCSPACE_RETHROW();
        }
        deallocate(ended);
    }

    void swap(BasicArcArray& other) noexcept {
        Arc* const arcs = arcs_;
        const std::size_t size = size_;
        const std::size_t capacity = capacity_;
        arcs_ = other.arcs_;
        size_ = other.size_;
        capacity_ = other.capacity_;
        other.arcs_ = arcs;
        other.size_ = size;
        other.capacity_ = capacity;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// **Pre**: `index < size()`.
    [[nodiscard]] Arc& operator[](std::size_t index) const noexcept { return arcs_[index]; }
    /// The same by Resource::offset(). **Pre**: as above, for its index().
    [[nodiscard]] Arc& at_offset(std::size_t offset) const noexcept {
        static_assert(sizeof(Arc) == Resource::bytes_per_owner);
        auto* first = reinterpret_cast<unsigned char*>(arcs_);
        __asm__("" : "+r"(first)); // g++ would add to it in memory, which costs the cycle that an offset saves
        return *std::launder(reinterpret_cast<Arc*>(first + offset));
    }

private:
    using Memory = typename Traits::Memory;
    static constexpr bool batched = BatchedMemory<Memory>;

    /// Blocks behind the elements in which no value was begun yet, up to `end`.
    struct Unbegun {
        BasicArcArray& array;
        std::size_t end;
        ~Unbegun() {
            while (end != array.size_)
                Arc::deallocate(array.arcs_[--end].body());
        }
    };

    void place(std::size_t index, void* body) noexcept { ::new (static_cast<void*>(arcs_ + index)) Arc(body); }
    void push(void* body) noexcept { place(size_++, body); }

    /// Where blocks stand whose value has ended: in places that the elements have left. None without batches.
    struct Ended {
        std::size_t begin;
        std::size_t end;
    };

    /// Gives up the elements, the last one first. What a destructor throws passes through.
    void end_values(Ended& ended) {
        Arc* const arcs = arcs_; // not read again after each destructor, and the size neither
        for (std::size_t i = size_; i != 0;) {
            size_ = --i;
            void* const body = arcs[i].body();
            if (body == nullptr || !Arc::lose_owner(body))
                continue;
            if constexpr (batched) {
                ::new (static_cast<void*>(arcs + --ended.begin)) Arc(body);
                arcs[ended.begin].resource().drop(body);
            } else {
                Arc::destroy(body);
            }
        }
    }

    [[gnu::noinline]] void release_quietly(Ended ended) noexcept {
        while (size_ != 0) {
            PROCSPACE_TRY {
                end_values(ended);
            }
            PROCSPACE_CATCH(...) {}
        }
        deallocate(ended);
    }

    /// Returns the blocks of the values that have ended, and the array.
    void deallocate(Ended ended) noexcept {
        if constexpr (batched) {
            typename Memory::Batch batch;
            for (; ended.begin != ended.end; ++ended.begin)
                Arc::deallocate(arcs_[ended.begin].body(), batch);
        }
        Memory::deallocate(arcs_, capacity_ * sizeof(Arc), alignof(Arc));
        capacity_ = 0;
    }

    Arc* arcs_ = nullptr; // meaningless without capacity
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace procspace
