#pragma once
// Memory policies: where the library's blocks come from.
//
// A policy is a type with two static functions:
//   static void* allocate(std::size_t size, std::size_t align) noexcept;                null when there is none
//   static void deallocate(void* p, std::size_t size, std::size_t align) noexcept;      same size and align as
//   allocated
//
// Optional member:
//   static constexpr bool joint_values = true;      a request costs more than a little memory that is kept too long:
//   the values of a namespace begin in joint blocks of up to 1 KiB (resource/joint_block.hpp), not in one each. A
//   policy that derives from one with this inherits it, and may say false

#include "../fwd.hpp"
#include "config.hpp"

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

/// A policy that wants joint blocks.
template <class M>
concept JoiningMemory = MemoryPolicy<M> && requires { requires M::joint_values; };

/// The heap of the program: operator new and delete.
///
/// **Thread safety**: that of the program's operator new.
struct HeapMemory {
    static constexpr bool joint_values = true;

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
