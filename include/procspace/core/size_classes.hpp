#pragma once
// What a pool is made of apart from its slabs: the sizes of its blocks, and caches of free ones.

#include "../fwd.hpp"

#include <cstddef>

namespace procspace {

/// The sizes of blocks. Each is a multiple of every alignment, up to the strictest, to which a size that it serves can
/// have been rounded up.
class SizeClasses {
public:
    static constexpr std::size_t count = 20;
    static constexpr std::size_t largest = 1024;
    static constexpr std::size_t strictest_align = 64;

    constexpr SizeClasses() noexcept {
        std::size_t index = 0;
        for (std::size_t i = 0; i < largest / 16; ++i) {
            if (sizes_[index] < 16 * (i + 1))
                ++index;
            of_[i] = static_cast<unsigned char>(index);
        }
        for (index = 0; index < count; ++index)
            first_[index + 1] = static_cast<unsigned short>(first_[index] + cached_[index]);
    }

    /// Returns the class of the smallest block for `size`. **Pre**: 1 to `largest`.
    [[nodiscard]] constexpr std::size_t of(std::size_t size) const noexcept { return of_[(size - 1) / 16]; }

    /// Returns whether there is a class for `size` and `align`: none for 0 bytes.
    [[nodiscard]] static constexpr bool has(std::size_t size, std::size_t align) noexcept {
        return size - 1 < largest && align <= strictest_align;
    }
    /// Returns the class of the smallest block for `size` and `align`. **Pre**: there is one.
    [[nodiscard]] constexpr std::size_t of(std::size_t size, std::size_t align) const noexcept {
        return of(align > 16 ? (size + align - 1) & ~(align - 1) : size); // every block is a multiple of 16
    }

    /// Returns the size of the blocks of a class.
    [[nodiscard]] constexpr std::size_t size(std::size_t index) const noexcept { return sizes_[index]; }

    /// Returns how many blocks of a class a cache keeps at most: some 4 KiB, and no more than 64.
    [[nodiscard]] constexpr std::size_t cached(std::size_t index) const noexcept { return cached_[index]; }
    static constexpr std::size_t most_cached = 64; ///< of any class

    /// Returns where the places of a class begin in a cache; for `count`, how many there are.
    [[nodiscard]] constexpr std::size_t first_cached(std::size_t index) const noexcept { return first_[index]; }

private:
    // Up to 128 in steps of 16, then four steps to each doubling.
    unsigned short sizes_[count] = {16,  32,  48,  64,  80,  96,  112, 128, 160, 192,
                                    224, 256, 320, 384, 448, 512, 640, 768, 896, 1024};
    unsigned char cached_[count] = {64, 64, 64, 64, 51, 42, 36, 32, 25, 21, 18, 16, 12, 10, 9, 8, 6, 5, 4, 4};
    unsigned short first_[count + 1]{};
    unsigned char of_[largest / 16]{}; // for each 16 bytes: a load instead of a computation in each allocation
};
inline constexpr SizeClasses size_classes{};

/// A free block: its first word links it to the next one.
struct FreeBlock {
    FreeBlock* next;
};

/// Free blocks at hand for one processor or thread. Constant-initialised; PoolMemory::flush() empties it.
///
/// Addresses side by side, not a list through the blocks: to take one does not wait for the memory of the one before.
class PoolCache {
public:
    [[nodiscard]] std::size_t count(std::size_t index) const noexcept { return counts_[index]; }
    [[nodiscard]] bool full(std::size_t index) const noexcept { return counts_[index] >= size_classes.cached(index); }

    /// **Pre**: not full.
    void push(std::size_t index, void* block) noexcept {
        blocks_[size_classes.first_cached(index) + counts_[index]++] = block;
    }
    /// Returns a block, or null when there is none.
    [[nodiscard]] void* pop(std::size_t index) noexcept {
        return counts_[index] != 0 ? blocks_[size_classes.first_cached(index) + --counts_[index]] : nullptr;
    }
    /// Moves blocks of a class to `blocks` until `left` are left. Returns how many there are at `blocks` then.
    std::size_t take_down_to(std::size_t left, std::size_t index, void** blocks) noexcept {
        std::size_t count = 0;
        while (counts_[index] > left)
            blocks[count++] = pop(index);
        return count;
    }

private:
    unsigned counts_[SizeClasses::count]{};
    void* blocks_[size_classes.first_cached(SizeClasses::count)]{};
};

} // namespace procspace
