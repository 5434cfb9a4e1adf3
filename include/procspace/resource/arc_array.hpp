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
            const Remains remains(*this);
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

    /// Makes room for `count` elements, and adds a fresh value of each resource that `walk.next()` points to. Returns
    /// false when there is no memory. What initialisers throw passes through.
    /// **Pre**: there is no array; `walk` has `count` of them, and null behind.
    template <class Walk>
    [[nodiscard]] bool fill(std::size_t count, Walk walk) {
        if (!reserve(count))
            return false;
        if constexpr (!batched) {
            while (const Resource* const resource = walk.next())
                if (!push_new(*resource))
                    return false;
        } else {
            Unbegun blocks{*this};
            std::size_t first = count; // of the values that are not constant
            std::size_t last = 0;      // of them
            for (std::size_t i = 0; i != count;) {
                typename Memory::Batch batch;
                Arc* const arcs = arcs_; // not read again for each
                for (const std::size_t end = batch_end(i, count); i != end; ++i) {
                    const Resource& resource = *walk.next();
                    void* const body = Arc::allocate(resource, batch);
                    if (body == nullptr) [[unlikely]] {
                        blocks.end = i;
                        return false;
                    }
                    if (!resource.init_constant(body)) [[unlikely]] {
                        first = first == count ? i : first;
                        last = i;
                    }
                    put(arcs + i, body);
                }
            }
            blocks.end = count;
            size_ = first;
            while (size_ <= last && size_ != count) {
                if (!arcs_[size_].resource().has_constant())
                    arcs_[size_].resource().init(arcs_[size_].body());
                ++size_;
            }
            size_ = count;
        }
        return true;
    }

    /// Gives up all elements, the last one first, and the array. Should destructors of values throw, all the others
    /// are given up nevertheless, and the first exception leaves.
    [[gnu::noinline]] void release() {
        if (capacity_ == 0)
            return;
        const Remains remains(*this);
        end_values();
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

    /// Returns where a batch that begins at `i` ends: while one lives the policy may hold a lock, or mask interrupts.
    static std::size_t batch_end(std::size_t i, std::size_t size) noexcept {
        constexpr std::size_t most = 32;
        return size - i < most ? size : i + most;
    }

    /// Blocks behind the elements in which no value was begun yet, or a constant, up to `end`.
    struct Unbegun {
        BasicArcArray& array;
        std::size_t end = 0;
        ~Unbegun() {
            while (end > array.size_)
                Arc::deallocate(array.arcs_[--end].body());
        }
    };

    static void put(Arc* place, void* body) noexcept { ::new (static_cast<void*>(place)) Arc(body); }
    void push(void* body) noexcept { put(arcs_ + size_++, body); }

    /// Gives up the elements, the last one first. What a destructor throws passes through.
    void end_values() {
        Arc* const arcs = arcs_; // not read again after each destructor, and the size neither
        for (std::size_t i = size_; i != 0;) {
            size_ = --i;
            void* const body = arcs[i].body();
            if constexpr (batched)
                arcs[i].resource().drop(body);
            else if (body != nullptr && Arc::lose_owner(body))
                Arc::destroy(body);
        }
    }

    /// An array that is given up: what of it is still there at the end of the scope.
    class Remains {
    public:
        explicit Remains(BasicArcArray& array) noexcept : array_(array) {
            if constexpr (batched)
                array.sweep();
            blocks_ = array.size_;
        }
        Remains(const Remains&) = delete;
        Remains& operator=(const Remains&) = delete;
        ~Remains() {
            while (array_.size_ != 0) {
                PROCSPACE_TRY {
                    array_.end_values();
                }
                PROCSPACE_CATCH(...) {}
            }
            array_.deallocate(blocks_);
        }

    private:
        BasicArcArray& array_;
        std::size_t blocks_; // in which a value has ended, from the front. With batches only
    };

    /// Gives up the elements that need no destructor, and leaves those that do, of which this was the last owner.
    void sweep() noexcept {
        Arc* const arcs = arcs_; // not read again for each, and the size neither
        const std::size_t size = size_;
        std::size_t left = 0;
        for (std::size_t i = 0; i != size;) {
            typename Memory::Batch batch;
            for (const std::size_t end = batch_end(i, size); i != end; ++i) {
                void* const body = arcs[i].body();
                if (body == nullptr || !Arc::lose_owner(body)) [[unlikely]]
                    continue;
                if (Arc::Inner::of(body).resource().has_drop())
                    put(arcs + left++, body);
                else
                    Arc::deallocate(body, batch);
            }
        }
        size_ = left;
    }

    /// Returns so many blocks of values that have ended, and the array.
    void deallocate(std::size_t blocks) noexcept {
        if constexpr (batched) {
            for (std::size_t i = 0; i != blocks;) {
                typename Memory::Batch batch;
                for (const std::size_t end = batch_end(i, blocks); i != end; ++i)
                    Arc::deallocate(arcs_[i].body(), batch);
            }
        }
        Memory::deallocate(arcs_, capacity_ * sizeof(Arc), alignof(Arc));
        capacity_ = 0;
    }

    Arc* arcs_ = nullptr; // meaningless without capacity
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace procspace
