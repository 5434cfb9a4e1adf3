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
    using Inner = BasicResInner<Traits>;
    using Joint = BasicJointBlock<Traits>;

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
            Remains{*this};
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

    /// Makes room for `count` elements, and adds a fresh value of each resource that `walk.next()` points to, those
    /// that have a place in joint blocks in such. Returns false when there is no memory. What initialisers throw passes
    /// through.
    /// **Pre**: there is no array; `walk` has `count` of them, and null behind; those of a joint block all, in the
    /// order in which JointPlaces had them.
    template <class Walk>
    [[nodiscard]] bool fill(std::size_t count, Walk walk) {
        if (!reserve(count))
            return false;
        if constexpr (Joint::used) {
            return fill_jointly(walk);
        } else {
            while (const Resource* const resource = walk.next())
                if (!push_new(*resource))
                    return false;
            return true;
        }
    }

    /// Gives up all elements, the last one first, and the array. Should destructors of values throw, all the others
    /// are given up nevertheless, and the first exception leaves.
    [[gnu::noinline]] void release() {
        if (capacity_ == 0)
            return;
        Remains remains(*this);
        remains.end_values();
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
    static void put(Arc* place, void* body) noexcept { ::new (static_cast<void*>(place)) Arc(body); }
    void push(void* body) noexcept { put(arcs_ + size_++, body); }

    template <class Walk>
    [[nodiscard]] bool fill_jointly(Walk walk) {
        typename Joint::Filling block;
        unsigned char* memory = nullptr; // of the block
        // In registers, and stored before what may leave the loop: through memory each element would wait for the one
        // before.
        Arc* const arcs = arcs_;
        std::size_t size = 0;
        std::size_t others = 0; // elements before those of the block, and in between
        const auto note = [&] {
            size_ = size;
            block.values = size - others;
        };
        while (const Resource* const resource = walk.next()) {
            const std::size_t place = resource->place();
            if (place <= JointPlaces::first_place) [[unlikely]] {
                note();
                if (place == 0) {
                    if (!push_new(*resource))
                        return false;
                    ++size;
                    ++others;
                    continue;
                }
                block.close();
                others = size;
                memory = block.open(resource->joint_size());
                if (memory == nullptr)
                    return false;
            }
            void* const body = Arc::control(memory + place, *resource, true);
            if (!resource->init_constant(body)) [[unlikely]] {
                note();
                resource->init(body);
            }
            put(arcs + size++, body);
        }
        note();
        return true;
    }

    /// An array that is given up: what of it is still there at the end of the scope.
    class Remains {
    public:
        explicit Remains(BasicArcArray& array) noexcept : array_(array) {}
        Remains(const Remains&) = delete;
        Remains& operator=(const Remains&) = delete;
        ~Remains() {
            if constexpr (has_exceptions) { // without them end_values() has come to its end
                while (array_.size_ != 0) {
                    PROCSPACE_TRY {
                        end_values();
                    }
                    PROCSPACE_CATCH(...) {}
                }
            }
            Traits::Memory::deallocate(array_.arcs_, array_.capacity_ * sizeof(Arc), alignof(Arc));
            array_.capacity_ = 0;
        }

        /// Gives up the elements, the last one first. What a destructor throws passes through.
        void end_values() {
            // In registers, and stored before foreign code, as in fill_jointly().
            Arc* const arcs = array_.arcs_;
            Joint* block = joint_.block;
            std::size_t ended = joint_.ended;
            std::size_t i = array_.size_;
            const auto note = [&] {
                array_.size_ = i;
                joint_.block = block;
                joint_.ended = ended;
            };
            while (i != 0) {
                void* const body = arcs[--i].body();
                if (body == nullptr || !Arc::lose_owner(body))
                    continue;
                const Inner& inner = Inner::of(body);
                if (!inner.joint()) {
                    note();
                    Arc::destroy(body);
                    continue;
                }
                const Resource& resource = inner.joint_resource();
                Joint* const its_block = &Joint::of(body, resource);
                if (its_block != block) [[unlikely]] {
                    if (block != nullptr)
                        block->lose(ended);
                    block = its_block;
                    ended = 0;
                }
                ++ended;
                if (resource.has_drop()) {
                    note();
                    resource.drop(body);
                }
            }
            note();
        }

    private:
        BasicArcArray& array_;
        typename Joint::Ending joint_;
    };

    Arc* arcs_ = nullptr; // meaningless without capacity
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace procspace
