#pragma once
// What the table of numbers is made of: hooks inside the objects, and blocks of 256 places.

#include "../fwd.hpp"
#include "../core/memory.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

namespace procspace {

/// What a number can stand for.
enum class NumberRole : unsigned char {
    tid,
    pid,
    pgid,
    sid,
    reserved ///< of a process or thread that is prepared and not published
};

/// Base of whatever has a number. Guarded by the tree lock while it is in the table.
struct NumberHook {
    NumberHook* next_role; // of the same number; means nothing outside of the table
    Pid number = 0;
    NumberRole role = NumberRole::reserved;

    NumberHook() noexcept {}
    explicit NumberHook(NumberRole its_role, Pid its_number = 0) noexcept : number(its_number), role(its_role) {}
};

/// 256 bits that are searched 64 at a time.
class NumberBits {
public:
    static constexpr unsigned size = 256;

    void set(unsigned i) noexcept { words_[i / 64] |= Word(1) << i % 64; }
    void clear(unsigned i) noexcept { words_[i / 64] &= ~(Word(1) << i % 64); }
    [[nodiscard]] bool has(unsigned i) const noexcept { return (words_[i / 64] >> i % 64 & 1) != 0; }

    /// Returns the first set bit from `from` on, or `size`.
    [[nodiscard]] unsigned first_set(unsigned from) const noexcept { return search(from, 0); }
    /// Returns the first clear bit from `from` on, or `size`.
    [[nodiscard]] unsigned first_clear(unsigned from) const noexcept { return search(from, ~Word(0)); }

private:
    using Word = std::uint64_t;

    [[nodiscard]] unsigned search(unsigned from, Word inverted) const noexcept {
        if (from >= size)
            return size;
        Word masked = (words_[from / 64] ^ inverted) & ~Word(0) << from % 64;
        for (unsigned i = from / 64;;) {
            if (masked != 0)
                return i * 64 + static_cast<unsigned>(std::countr_zero(masked));
            if (++i == size / 64)
                return size;
            masked = words_[i] ^ inverted;
        }
    }

    Word words_[size / 64]{};
};

/// A branch or a leaf: 256 places, empty ones null.
struct NumberNode {
    void* places[NumberBits::size]{}; // of a branch: its leaves; of a leaf: the first role of each number
    NumberBits used;                  // places that are not empty
    NumberBits full;                  // of a branch: leaves without a free number
    unsigned count = 0;               // of places that are not empty
    NumberNode* next_free = nullptr;  // while in NumberBlocks

    [[nodiscard]] NumberNode* leaf(unsigned at) const noexcept { return static_cast<NumberNode*>(places[at]); }
    [[nodiscard]] NumberHook* roles(unsigned at) const noexcept { return static_cast<NumberHook*>(places[at]); }

    void fill(unsigned at, void* with) noexcept {
        places[at] = with;
        used.set(at);
        ++count;
    }
    void clear(unsigned at) noexcept {
        places[at] = nullptr;
        used.clear(at);
        --count;
    }

    /// Returns true when the bits and the count are those of the places.
    [[nodiscard]] bool is_sound() const noexcept {
        unsigned taken = 0;
        for (unsigned at = 0; at < NumberBits::size; ++at) {
            if (used.has(at) != (places[at] != nullptr))
                return false;
            taken += places[at] != nullptr;
        }
        return taken == count;
    }
};

/// Nodes of the table that are not in it, all empty: to be used, or to be given back after unlock.
template <class Memory>
class NumberBlocks {
public:
    NumberBlocks() noexcept = default;
    NumberBlocks(const NumberBlocks&) = delete;
    NumberBlocks& operator=(const NumberBlocks&) = delete;
    [[PROCSPACE_SHARED]] ~NumberBlocks() {
        if (first_ != nullptr) [[unlikely]]
            give_back();
    }

    /// Gets what one number can need, a leaf and a branch; false when there is no memory. **Pre**: no lock is held.
    [[nodiscard, PROCSPACE_SELDOM]] bool try_fill() noexcept {
        while (!has(2)) {
            void* const bytes = Memory::allocate(sizeof(NumberNode), alignof(NumberNode));
            if (bytes == nullptr)
                return false;
            put(::new (bytes) NumberNode());
        }
        return true;
    }

    /// Returns whether there are at least so many: 1 or 2.
    [[nodiscard]] bool has(unsigned count) const noexcept {
        return first_ != nullptr && (count == 1 || first_->next_free != nullptr);
    }
    /// **Pre**: `has(1)`.
    [[nodiscard]] NumberNode* take() noexcept {
        NumberNode* const node = first_;
        first_ = node->next_free;
        return node;
    }
    void put(NumberNode* node) noexcept {
        node->next_free = first_;
        first_ = node;
    }

private:
    [[PROCSPACE_OUTER_PART]] void give_back() noexcept {
        while (first_ != nullptr)
            Memory::deallocate(take(), sizeof(NumberNode), alignof(NumberNode));
    }

    NumberNode* first_ = nullptr;
};

} // namespace procspace
