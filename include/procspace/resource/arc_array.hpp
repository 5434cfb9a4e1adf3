#pragma once
// ArcArray: the array of owners that a namespace is made of.

#include "../fwd.hpp"
#include "../core/config.hpp"
#include "res_arc.hpp"

#include <cstddef>
#include <new>

namespace procspace {

/// One allocation with room for an owner of each resource; elements may be empty while a change is being built.
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
        PROCSPACE_TRY {
            release();
        }
        PROCSPACE_CATCH(...) {}
    }

    /// Makes room for `size` elements, all empty. Returns false when there is no memory. **Pre**: there is no array.
    /// **Complexity**: one allocation, none for 0.
    [[nodiscard]] bool try_allocate(std::size_t size) noexcept {
        if (size == 0)
            return true;
        void* const memory = Traits::Memory::allocate(size * sizeof(Arc), alignof(Arc));
        if (memory == nullptr)
            return false;
        arcs_ = static_cast<Arc*>(memory);
        for (; size_ < size; ++size_)
            ::new (static_cast<void*>(arcs_ + size_)) Arc(NoValue{});
        return true;
    }

    /// Gives up all elements, the last one first, and the array. Should destructors of values throw, all the others
    /// are given up nevertheless, and the first exception leaves.
    void release() {
        struct Rest { // goes on where a throwing destructor stopped; a second exception has nowhere to go
            BasicArcArray& array;
            std::size_t left;
            ~Rest() {
                while (left != 0) {
                    PROCSPACE_TRY {
                        array.arcs_[--left].~Arc();
                    }
                    PROCSPACE_CATCH(...) {}
                }
                Traits::Memory::deallocate(array.arcs_, array.size_ * sizeof(Arc), alignof(Arc));
                array.arcs_ = nullptr;
                array.size_ = 0;
            }
        };
        if (arcs_ == nullptr)
            return;
        Rest rest{*this, size_};
        while (rest.left != 0)
            arcs_[--rest.left].~Arc();
    }

    void swap(BasicArcArray& other) noexcept {
        Arc* const arcs = arcs_;
        const std::size_t size = size_;
        arcs_ = other.arcs_;
        size_ = other.size_;
        other.arcs_ = arcs;
        other.size_ = size;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] Arc& operator[](std::size_t index) const noexcept { return arcs_[index]; }

private:
    Arc* arcs_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace procspace
