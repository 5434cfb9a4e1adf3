#pragma once
// The table of numbers: what each number of a tree stands for. One number may be a tid, a pid, a pgid and a sid at
// once; it is free when it is none of them.
//
//      root, in the tree          branch: 256 leaves        leaf: 256 slots        hooks inside the objects
//      [ 0 | 1 | ... | 63 ] ----> [ 0 | 1 | ... | 255 ] --> [ . | . | ... ] -----> Process --> Group --> Session
//
// Three loads to a slot, whatever the size of the tree. Branches and leaves are made where numbers are used and go back
// when the last number in them is free: the blocks are asked for and given back outside the lock, as everything is.
//
// A PID namespace is one more such table: an object that is visible in n nested namespaces has one hook in the table of
// each level, all reserved and released in the section that reserves and releases the one here; parents, groups and the
// rest are by identity and know no numbers.

#include "../fwd.hpp"
#include "../core/memory.hpp"
#include "../core/result.hpp"

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
    NumberHook* next_role = nullptr; // of the same number
    Pid number = 0;
    NumberRole role = NumberRole::reserved;

    explicit NumberHook(NumberRole its_role, Pid its_number = 0) noexcept : number(its_number), role(its_role) {}
};

/// 256 bits that are searched 64 at a time.
class NumberBits {
public:
    static constexpr unsigned size = 256;

    [[nodiscard]] bool none() const noexcept { return (words_[0] | words_[1] | words_[2] | words_[3]) == 0; }
    [[nodiscard]] bool all() const noexcept { return (words_[0] & words_[1] & words_[2] & words_[3]) == ~Word(0); }
    void set(unsigned i) noexcept { words_[i / 64] |= Word(1) << i % 64; }
    void clear(unsigned i) noexcept { words_[i / 64] &= ~(Word(1) << i % 64); }

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

struct NumberLeaf {
    NumberHook* slots[NumberBits::size]{}; // the first role of each number
    NumberBits used;
    NumberLeaf* next_free = nullptr; // while in NumberBlocks
};

struct NumberBranch {
    NumberLeaf* leaves[NumberBits::size]{};
    NumberBits present;
    NumberBits full; // leaves without a free number
    NumberBranch* next_free = nullptr;
};

/// Blocks of the table that are not in it: to be used, or to be given back after unlock.
template <class Memory>
class NumberBlocks {
public:
    NumberBlocks() noexcept = default;
    NumberBlocks(const NumberBlocks&) = delete;
    NumberBlocks& operator=(const NumberBlocks&) = delete;
    ~NumberBlocks() {
        while (NumberLeaf* const leaf = take(leaves_))
            Memory::deallocate(leaf, sizeof(NumberLeaf), alignof(NumberLeaf));
        while (NumberBranch* const branch = take(branches_))
            Memory::deallocate(branch, sizeof(NumberBranch), alignof(NumberBranch));
    }

    /// Gets what one number can need. Returns false when there is no memory. **Pre**: no lock is held.
    [[nodiscard]] bool try_fill() noexcept { return try_make(leaves_) && try_make(branches_); }

    [[nodiscard]] NumberLeaf* take_leaf() noexcept { return take(leaves_); }
    [[nodiscard]] NumberBranch* take_branch() noexcept { return take(branches_); }
    void put(NumberLeaf* leaf) noexcept { put(leaves_, leaf); }
    void put(NumberBranch* branch) noexcept { put(branches_, branch); }
    [[nodiscard]] bool has_leaf() const noexcept { return leaves_ != nullptr; }
    [[nodiscard]] bool has_branch() const noexcept { return branches_ != nullptr; }

private:
    template <class Block>
    static bool try_make(Block*& free) noexcept {
        if (free != nullptr)
            return true;
        void* const bytes = Memory::allocate(sizeof(Block), alignof(Block));
        if (bytes != nullptr)
            free = ::new (bytes) Block();
        return bytes != nullptr;
    }
    template <class Block>
    static Block* take(Block*& free) noexcept {
        Block* const block = free;
        if (block != nullptr)
            free = block->next_free;
        return block;
    }
    template <class Block>
    static void put(Block*& free, Block* block) noexcept {
        block->next_free = free;
        free = block;
    }

    NumberLeaf* leaves_ = nullptr;
    NumberBranch* branches_ = nullptr;
};

/// The table. All blocks that it has no use for are empty, so they can be used again as they are.
///
/// **Thread safety**: guarded by the tree lock. Every member is a few loads; none allocates or frees.
template <class Memory, Pid Highest>
class NumberTable {
public:
    using Blocks = NumberBlocks<Memory>;

    NumberTable() noexcept = default;
    NumberTable(const NumberTable&) = delete;
    NumberTable& operator=(const NumberTable&) = delete;
    ~NumberTable() { // what is left when handles outlive their tree, which is about to panic
        for (NumberBranch* const branch : root_) {
            for (unsigned i = 0; branch != nullptr && (i = branch->present.first_set(i)) < size; ++i)
                spares_.put(branch->leaves[i]);
            if (branch != nullptr)
                spares_.put(branch);
        }
    }

    /// Returns the first role of a number, or null if it is free.
    [[nodiscard]] NumberHook* roles(Pid number) const noexcept {
        const NumberBranch* const branch = number <= Highest ? root_[number >> 16] : nullptr;
        const NumberLeaf* const leaf = branch != nullptr ? branch->leaves[number >> 8 & 255] : nullptr;
        return leaf != nullptr ? leaf->slots[number & 255] : nullptr;
    }

    /// Returns what has this number in this role, or null.
    [[nodiscard]] NumberHook* find(Pid number, NumberRole role) const noexcept {
        NumberHook* hook = roles(number);
        while (hook != nullptr && hook->role != role)
            hook = hook->next_role;
        return hook;
    }

    /// Enters a hook under its number. **Errors**, with nothing changed: no_memory (it takes blocks, and there are
    /// none: they are to be asked for after unlock); exists (the number is in use, and `must_be_free`).
    /// **Pre**: the number is not above Highest.
    [[nodiscard]] Errno enter(NumberHook& hook, Blocks& blocks, bool must_be_free) noexcept {
        NumberBranch*& branch = root_[hook.number >> 16];
        const unsigned at = hook.number >> 8 & 255;
        const bool needs_branch = branch == nullptr;
        const bool needs_leaf = needs_branch || branch->leaves[at] == nullptr;
        if ((needs_branch && !spares_.has_branch() && !blocks.has_branch()) ||
            (needs_leaf && !spares_.has_leaf() && !blocks.has_leaf()))
            return Errno::no_memory;
        if (needs_branch)
            branch = spares_.has_branch() ? spares_.take_branch() : blocks.take_branch();
        if (needs_leaf) {
            branch->leaves[at] = spares_.has_leaf() ? spares_.take_leaf() : blocks.take_leaf();
            branch->present.set(at);
        }
        NumberLeaf& leaf = *branch->leaves[at];
        NumberHook*& slot = leaf.slots[hook.number & 255];
        if (must_be_free && slot != nullptr)
            return Errno::exists;
        hook.next_role = slot;
        slot = &hook;
        leaf.used.set(hook.number & 255);
        if (leaf.used.all())
            branch->full.set(at);
        return Errno::ok;
    }

    /// Takes a hook out. Empty blocks go to `emptied`, but for one of each kind if `keep_spares`: a process that comes
    /// and goes alone in a leaf would otherwise cost a block each time.
    void leave(NumberHook& hook, Blocks& emptied, bool keep_spares) noexcept {
        NumberBranch*& branch = root_[hook.number >> 16];
        const unsigned at = hook.number >> 8 & 255;
        NumberLeaf& leaf = *branch->leaves[at];
        NumberHook** place = &leaf.slots[hook.number & 255];
        NumberHook** const slot = place;
        while (*place != &hook)
            place = &(*place)->next_role;
        *place = hook.next_role;
        if (*slot == nullptr) {
            leaf.used.clear(hook.number & 255);
            branch->full.clear(at);
            if (leaf.used.none()) {
                branch->leaves[at] = nullptr;
                branch->present.clear(at);
                (keep_spares && !spares_.has_leaf() ? spares_ : emptied).put(&leaf);
                if (branch->present.none()) {
                    (keep_spares && !spares_.has_branch() ? spares_ : emptied).put(branch);
                    branch = nullptr;
                }
            }
        }
        if (!keep_spares)
            give_spares(emptied);
    }

    void give_spares(Blocks& blocks) noexcept {
        if (spares_.has_leaf())
            blocks.put(spares_.take_leaf());
        if (spares_.has_branch())
            blocks.put(spares_.take_branch());
    }

    /// Returns the first free number from `from` to `last`, or 0. **Complexity**: at most four words for each branch.
    [[nodiscard]] Pid first_free(Pid from, Pid last) const noexcept {
        while (from <= last) {
            const NumberBranch* const branch = root_[from >> 16];
            if (branch == nullptr)
                return from;
            const unsigned at = branch->full.first_clear(from >> 8 & 255);
            if (at == size) {
                from = ((from >> 16) + 1) << 16;
                continue;
            }
            if (at != (from >> 8 & 255))
                from = (from >> 16) << 16 | at << 8;
            const NumberLeaf* const leaf = branch->leaves[at];
            const unsigned slot = leaf != nullptr ? leaf->used.first_clear(from & 255) : from & 255;
            if (slot == size) {
                from = ((from >> 8) + 1) << 8;
                continue;
            }
            from = (from >> 8) << 8 | slot;
            return from <= last ? from : 0;
        }
        return 0;
    }

    /// Returns the first used number from `from` on, or 0. **Complexity**: at most four words for each branch.
    [[nodiscard]] Pid first_used(Pid from) const noexcept {
        while (from <= Highest) {
            const NumberBranch* const branch = root_[from >> 16];
            const unsigned at = branch != nullptr ? branch->present.first_set(from >> 8 & 255) : size;
            if (at == size) {
                from = ((from >> 16) + 1) << 16;
                continue;
            }
            if (at != (from >> 8 & 255))
                from = (from >> 16) << 16 | at << 8;
            const unsigned slot = branch->leaves[at]->used.first_set(from & 255);
            if (slot != size)
                return (from >> 8) << 8 | slot;
            from = ((from >> 8) + 1) << 8;
        }
        return 0;
    }

private:
    static constexpr unsigned size = NumberBits::size;

    NumberBranch* root_[(Highest >> 16) + 1]{};
    Blocks spares_;
};

} // namespace procspace
