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
        if constexpr (!has_exceptions) {
            release();
        } else if (size_ != 0) {
            drop_quietly(size_);
            deallocate();
        }
    }

    /// Makes room for `size` elements, all empty. Returns false when there is no memory. **Pre**: there is no array.
    /// **Complexity**: one allocation, none for 0.
    [[nodiscard, gnu::noinline]] bool try_allocate(std::size_t size) noexcept {
        if (size == 0)
            return true;
        arcs_ = static_cast<Arc*>(Traits::Memory::allocate(size * sizeof(Arc), alignof(Arc)));
        if (arcs_ == nullptr)
            return false;
        size_ = size;
        for (Arc* arc = arcs_; arc != arcs_ + size; ++arc)
            ::new (static_cast<void*>(arc)) Arc(NoValue{});
        return true;
    }

    /// Gives up all elements, the last one first, and the array. Should destructors of values throw, all the others
    /// are given up nevertheless, and the first exception leaves.
    [[gnu::noinline]] void release() {
        if (size_ == 0)
            return;
        std::size_t left = size_;
        PROCSPACE_TRY {
            while (left != 0)
                arcs_[--left].drop();
        }
        PROCSPACE_CATCH(...) {
            drop_quietly(left);
            deallocate();
            PROCSPACE_RETHROW();
        }
        deallocate();
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
    /// **Pre**: `index < size()`.
    [[nodiscard]] Arc& operator[](std::size_t index) const noexcept { return arcs_[index]; }

private:
    void drop_quietly(std::size_t left) noexcept {
        while (left != 0) {
            PROCSPACE_TRY {
                arcs_[--left].drop();
            }
            PROCSPACE_CATCH(...) {}
        }
    }

    void deallocate() noexcept {
        Traits::Memory::deallocate(arcs_, size_ * sizeof(Arc), alignof(Arc));
        size_ = 0;
    }

    Arc* arcs_ = nullptr; // meaningless without elements
    std::size_t size_ = 0;
};

} // namespace procspace
