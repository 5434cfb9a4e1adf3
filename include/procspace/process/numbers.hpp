#pragma once
// The table of numbers: what each number of a tree stands for. One number may be a tid, a pid, a pgid and a sid at
// once; it is free when it is none of them.
//
//      root, in the tree          branch: 256 leaves        leaf: 256 slots        hooks inside the objects
//      [ 0 | 1 | ... | 63 ] ----> [ 0 | 1 | ... | 255 ] --> [ . | . | ... ] -----> Process --> Group --> Session
//
// Three loads to a slot, whatever the size of the tree. Branches and leaves are made where numbers are used and go back
// when they have none any more: the blocks are asked for and given back outside the lock, as everything is.
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
};

/// Nodes of the table that are not in it, all empty: to be used, or to be given back after unlock.
template <class Memory>
class NumberBlocks {
public:
    NumberBlocks() noexcept = default;
    NumberBlocks(const NumberBlocks&) = delete;
    NumberBlocks& operator=(const NumberBlocks&) = delete;
    ~NumberBlocks() {
        if (first_ != nullptr) [[unlikely]]
            give_back();
    }

    /// Gets what one number can need, a leaf and a branch; false when there is no memory. **Pre**: no lock is held.
    [[nodiscard]] bool try_fill() noexcept {
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
    [[gnu::noinline]] void give_back() noexcept {
        while (first_ != nullptr)
            Memory::deallocate(take(), sizeof(NumberNode), alignof(NumberNode));
    }

    NumberNode* first_ = nullptr;
};

/// The table. A leaf that loses its last number stays where it is until another one does, or another place needs it: a
/// process that comes and goes alone in a leaf would otherwise cost a block each time.
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
        Blocks all;
        for (NumberNode* const branch : root_) {
            if (branch == nullptr)
                continue;
            for (void* const leaf : branch->places)
                if (leaf != nullptr)
                    all.put(static_cast<NumberNode*>(leaf));
            all.put(branch);
        }
    }

    /// Returns the first role of a number, or null if it is free.
    [[nodiscard]] NumberHook* roles(Pid number) const noexcept {
        const NumberNode* const leaf = number <= Highest ? leaf_of(number) : nullptr;
        return leaf != nullptr ? leaf->roles(number & 255) : nullptr;
    }

    /// Returns what has this number in this role, or null.
    [[nodiscard]] NumberHook* find(Pid number, NumberRole role) const noexcept {
        NumberHook* hook = roles(number);
        while (hook != nullptr && hook->role != role)
            hook = hook->next_role;
        return hook;
    }

    /// Enters a hook under its number. **Errors**, with nothing entered: no_memory (it takes blocks, and there are not
    /// enough: they are to be asked for after unlock); exists (the number is in use, and `must_be_free`).
    /// **Pre**: the number is not above Highest.
    [[nodiscard]] Errno enter(NumberHook& hook, Blocks& blocks, bool must_be_free) noexcept {
        const Pid number = hook.number;
        NumberNode* leaf = leaf_of(number);
        if (leaf == nullptr) {
            leaf = add_leaf(number, blocks);
            if (leaf == nullptr)
                return Errno::no_memory;
        }
        const unsigned at = number & 255;
        hook.next_role = leaf->roles(at);
        if (hook.next_role != nullptr) {
            if (must_be_free)
                return Errno::exists;
            leaf->places[at] = &hook;
            return Errno::ok;
        }
        leaf->fill(at, &hook);
        if (leaf->count == size)
            root_[number >> 16]->full.set(number >> 8 & 255);
        return Errno::ok;
    }

    /// Takes a hook out. Blocks without a number go to `emptied`, but for those of one leaf if `keep_one`.
    void leave(NumberHook& hook, Blocks& emptied, bool keep_one) noexcept {
        const Pid number = hook.number;
        NumberNode& leaf = *leaf_of(number);
        const unsigned at = number & 255;
        if (leaf.roles(at) != &hook) {
            NumberHook* before = leaf.roles(at);
            while (before->next_role != &hook)
                before = before->next_role;
            before->next_role = hook.next_role;
        } else if (hook.next_role != nullptr) {
            leaf.places[at] = hook.next_role;
        } else {
            if (leaf.count == size)
                root_[number >> 16]->full.clear(number >> 8 & 255);
            leaf.clear(at);
            if (leaf.count == 0 && idle_ != &leaf) {
                give_idle(emptied);
                idle_ = &leaf;
                idle_number_ = number;
            }
        }
        if (!keep_one)
            give_idle(emptied);
    }

    /// Returns the first free number from `from` to `last`, or 0. **Complexity**: at most four words for each branch.
    [[nodiscard]] Pid first_free(Pid from, Pid last) const noexcept {
        while (from <= last) {
            const NumberNode* const branch = root_[from >> 16];
            if (branch == nullptr)
                return from;
            const unsigned at = branch->full.first_clear(from >> 8 & 255);
            if (at == size) {
                from = ((from >> 16) + 1) << 16;
                continue;
            }
            if (at != (from >> 8 & 255))
                from = (from >> 16) << 16 | at << 8;
            const NumberNode* const leaf = branch->leaf(at);
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
            const NumberNode* const branch = root_[from >> 16];
            const unsigned at = branch != nullptr ? branch->used.first_set(from >> 8 & 255) : size;
            if (at == size) {
                from = ((from >> 16) + 1) << 16;
                continue;
            }
            if (at != (from >> 8 & 255))
                from = (from >> 16) << 16 | at << 8;
            const unsigned slot = branch->leaf(at)->used.first_set(from & 255);
            if (slot != size)
                return (from >> 8) << 8 | slot;
            from = ((from >> 8) + 1) << 8;
        }
        return 0;
    }

private:
    static constexpr unsigned size = NumberBits::size;

    [[nodiscard]] NumberNode* leaf_of(Pid number) const noexcept {
        const NumberNode* const branch = root_[number >> 16];
        return branch != nullptr ? branch->leaf(number >> 8 & 255) : nullptr;
    }

    /// Puts a leaf where there is none for a number. Returns it; null if there are not enough blocks.
    [[gnu::noinline]] NumberNode* add_leaf(Pid number, Blocks& blocks) noexcept {
        give_idle(blocks);
        NumberNode*& branch = root_[number >> 16];
        if (!blocks.has(branch == nullptr ? 2 : 1))
            return nullptr;
        if (branch == nullptr)
            branch = blocks.take();
        NumberNode* const leaf = blocks.take();
        branch->fill(number >> 8 & 255, leaf);
        return leaf;
    }

    /// The leaf that was kept goes to `blocks`, unless it has a number again, and its branch if that is empty then.
    [[gnu::noinline]] void give_idle(Blocks& blocks) noexcept {
        NumberNode* const leaf = idle_;
        idle_ = nullptr;
        if (leaf == nullptr || leaf->count != 0)
            return;
        blocks.put(leaf);
        NumberNode*& branch = root_[idle_number_ >> 16];
        branch->clear(idle_number_ >> 8 & 255);
        if (branch->count == 0) {
            blocks.put(branch);
            branch = nullptr;
        }
    }

    NumberNode* root_[(Highest >> 16) + 1]{};
    NumberNode* idle_ = nullptr; // the leaf that was without a number last, if it is in the table yet
    Pid idle_number_ = 0;        // one that was in it
};

} // namespace procspace
