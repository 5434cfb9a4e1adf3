#pragma once
// Memory policies: where the library's blocks come from.
//
// A policy is a type with two static functions:
//   static void* allocate(std::size_t size, std::size_t align) noexcept;                null when there is none
//   static void deallocate(void* p, std::size_t size, std::size_t align) noexcept;      same size and align as
//   allocated
//
// Optional member: a class Batch that saves what several requests in a row have in common. Default-constructible, and
// has
//   void* allocate(const BlockSize& block) noexcept;                                    see core/size_classes.hpp
//   void deallocate(void* p, const BlockSize& block) noexcept;
// It may keep a lock, or interrupts masked, while it lives: one thread uses it, for a few dozen requests, makes no
// others meanwhile and runs no foreign code.

#include "../fwd.hpp"
#include "config.hpp"
#include "size_classes.hpp"

#include <concepts>
#include <cstddef>
#include <new>

namespace procspace {

/// A source of memory that says null instead of throwing.
template <class M>
concept MemoryPolicy = requires(void* p, std::size_t n) {
    { M::allocate(n, n) } noexcept -> std::same_as<void*>;
    { M::deallocate(p, n, n) } noexcept;
};

/// A policy with a Batch.
template <class M>
concept BatchedMemory = MemoryPolicy<M> && requires { typename M::Batch; };

/// The Batch of a policy whose requests have nothing in common.
template <class Memory>
struct PlainBatch {
    void* allocate(const BlockSize& block) noexcept { return Memory::allocate(block.size, block.align); }
    void deallocate(void* p, const BlockSize& block) noexcept { Memory::deallocate(p, block.size, block.align); }
};

/// The heap of the program: operator new and delete.
///
/// **Thread safety**: that of the program's operator new.
struct HeapMemory {
    using Batch = PlainBatch<HeapMemory>;

    static void* allocate(std::size_t size, std::size_t align) noexcept {
        if (align <= __STDCPP_DEFAULT_NEW_ALIGNMENT__)
            return ::operator new(size, std::nothrow);
        return ::operator new(size, std::align_val_t{align}, std::nothrow);
    }

    static void deallocate(void* p, std::size_t, std::size_t align) noexcept {
        if (align <= __STDCPP_DEFAULT_NEW_ALIGNMENT__)
            ::operator delete(p);
        else
            ::operator delete(p, std::align_val_t{align});
    }
};

/// Owns raw bytes of a policy until they are released to whatever is built in them.
///
/// Getting the memory and building in it are two steps so that everything that can run out is asked for before the
/// first lock is taken and before anything has to be undone.
template <class Memory>
class [[nodiscard]] MemoryBlock {
public:
    /// Asks the policy. **Post**: converts to false when there was no memory.
    MemoryBlock(std::size_t size, std::size_t align) noexcept
        : bytes_(Memory::allocate(size, align)), size_(size), align_(align) {}

    ~MemoryBlock() {
        if (bytes_ != nullptr)
            Memory::deallocate(bytes_, size_, align_);
    }

    MemoryBlock(const MemoryBlock&) = delete;
    MemoryBlock& operator=(const MemoryBlock&) = delete;

    explicit operator bool() const noexcept { return bytes_ != nullptr; }
    void* get() const noexcept { return bytes_; }

    /// Gives the bytes up. Returns null when they were given up before.
    void* release() noexcept {
        void* const bytes = bytes_;
        bytes_ = nullptr;
        return bytes;
    }

private:
    void* bytes_;
    std::size_t size_;
    std::size_t align_;
};

} // namespace procspace
