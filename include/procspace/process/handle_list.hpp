#pragma once
// HandleList: owners of the objects of a tree, as of one moment, in memory that may run out.

#include "../fwd.hpp"
#include "../core/memory.hpp"
#include "hosted.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace procspace {

/// The answer of try_children() and its like: an array of handles from a memory policy.
///
/// **Thread safety**: as a container's.
template <class T, class Memory>
class HandleList {
public:
    using Handle = std::shared_ptr<T>;

    HandleList() noexcept = default;
    HandleList(HandleList&& other) noexcept { swap(other); }
    HandleList& operator=(HandleList&& other) noexcept {
        HandleList(std::move(other)).swap(*this);
        return *this;
    }
    ~HandleList() {
        for (std::size_t i = size_; i > 0; --i)
            handles_[i - 1].~Handle();
        if (handles_ != nullptr)
            Memory::deallocate(handles_, capacity_ * sizeof(Handle), alignof(Handle));
    }

    [[nodiscard]] const Handle* begin() const noexcept { return handles_; }
    [[nodiscard]] const Handle* end() const noexcept { return handles_ + size_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// **Pre**: `place < size()`.
    [[nodiscard]] const Handle& operator[](std::size_t place) const noexcept { return handles_[place]; }

    // For the library, which fills it:

    [[nodiscard]] Handle* begin() noexcept { return handles_; }
    [[nodiscard]] Handle* end() noexcept { return handles_ + size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    /// Makes room for at least `count` handles in an empty list. Returns false when there is no memory.
    [[nodiscard]] bool reserve(std::size_t count) noexcept {
        HandleList larger;
        larger.handles_ = static_cast<Handle*>(Memory::allocate(count * sizeof(Handle), alignof(Handle)));
        if (larger.handles_ == nullptr)
            return false;
        larger.capacity_ = count;
        swap(larger);
        return true;
    }
    /// **Pre**: `size() < capacity()`.
    void push_back(Handle&& handle) noexcept {
        ::new (static_cast<void*>(handles_ + size_++)) Handle(std::move(handle));
    }

private:
    void swap(HandleList& other) noexcept {
        std::swap(handles_, other.handles_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
    }

    Handle* handles_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace procspace
