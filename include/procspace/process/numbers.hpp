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
#include "../core/result.hpp"
#include "number_blocks.hpp"

namespace procspace {

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
    ~NumberTable() {
        if constexpr (has_exceptions)
            give_back();
    }
    /// What is left when handles outlive their tree, which panics: by an exception, or there is no destructor.
    void give_back() noexcept {
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
    [[nodiscard, PROCSPACE_SHARED]] NumberHook* find(Pid number, NumberRole role) const noexcept {
        NumberHook* hook = roles(number);
        while (hook != nullptr && hook->role != role)
            hook = hook->next_role;
        return hook;
    }

    /// Enters a hook under its number. **Errors**, with nothing entered: no_memory (it takes blocks, and there are not
    /// enough: they are to be asked for after unlock); exists (the number is in use, and `must_be_free`).
    /// **Pre**: the number is not above Highest.
    [[nodiscard, PROCSPACE_OFTEN]] Errno enter(NumberHook& hook, Blocks& blocks, bool must_be_free) noexcept {
        NumberNode* const leaf = leaf_of(hook.number);
        if (leaf == nullptr) [[unlikely]]
            return enter_new_leaf(hook, blocks);
        const unsigned at = hook.number & 255;
        hook.next_role = leaf->roles(at);
        if (hook.next_role != nullptr) [[unlikely]] {
            if (must_be_free)
                return Errno::exists;
            leaf->places[at] = &hook;
            return Errno::ok;
        }
        leaf->fill(at, &hook);
        if (leaf->count == size) [[unlikely]]
            filled(hook.number);
        return Errno::ok;
    }

    /// Takes a hook out. Blocks without a number go to `emptied`, but for those of one leaf if `keep_one`.
    [[gnu::always_inline]] void leave(NumberHook& hook, Blocks& emptied, bool keep_one) noexcept {
        NumberNode& leaf = used_leaf(hook.number);
        const unsigned at = hook.number & 255;
        if (PROCSPACE_SMALL || leaf.roles(at) != &hook || hook.next_role != nullptr || !keep_one ||
            leaf.count == size || (leaf.count == 1 && idle_ != &leaf)) [[unlikely]]
            return leave_apart(hook, emptied, keep_one);
        leaf.clear(at);
    }

    /// Returns the first free number from `from` to `last`, or 0. **Complexity**: at most four words for each branch.
    [[nodiscard, gnu::noinline]] Pid first_free(Pid from, Pid last) const noexcept {
        while (from <= last) {
            const NumberNode* const branch = root_[from >> 16];
            if (branch == nullptr)
                return from;
            const unsigned at = branch->full.first_clear(from >> 8 & 255);
            if (at != (from >> 8 & 255))
                from = (from >> 16 << 16) + (at << 8); // behind the branch if there is none
            if (at == size)
                continue;
            const NumberNode* const leaf = branch->leaf(at);
            const unsigned slot = leaf != nullptr ? leaf->used.first_clear(from & 255) : from & 255;
            from = (from >> 8 << 8) + slot; // behind the leaf if there is none
            if (slot != size)
                return from <= last ? from : 0;
        }
        return 0;
    }

    /// Returns the first used number from `from` on, or 0. **Complexity**: at most four words for each branch.
    [[nodiscard]] Pid first_used(Pid from) const noexcept {
        while (from <= Highest) {
            const NumberNode* const branch = root_[from >> 16];
            const unsigned at = branch != nullptr ? branch->used.first_set(from >> 8 & 255) : size;
            if (at != (from >> 8 & 255))
                from = (from >> 16 << 16) + (at << 8); // as in first_free()
            if (at == size)
                continue;
            const unsigned slot = branch->leaf(at)->used.first_set(from & 255);
            from = (from >> 8 << 8) + slot;
            if (slot != size)
                return from;
        }
        return 0;
    }

    /// Returns true when the blocks agree with each other, and none is without a number but the one that was kept:
    /// always. **Complexity**: linear in the blocks.
    [[nodiscard]] bool is_sound() const noexcept {
        for (const NumberNode* const branch : root_) {
            if (branch == nullptr)
                continue;
            if (!branch->is_sound() || branch->count == 0)
                return false;
            for (unsigned at = 0; at < size; ++at) {
                const NumberNode* const leaf = branch->leaf(at);
                if (branch->full.has(at) != (leaf != nullptr && leaf->count == size))
                    return false;
                if (leaf != nullptr && (!leaf->is_sound() || (leaf->count == 0 && leaf != idle_)))
                    return false;
            }
        }
        return idle_ == nullptr || leaf_of(idle_number_) == idle_;
    }

private:
    static constexpr unsigned size = NumberBits::size;

    [[nodiscard]] NumberNode* leaf_of(Pid number) const noexcept {
        const NumberNode* const branch = root_[number >> 16];
        return branch != nullptr ? branch->leaf(number >> 8 & 255) : nullptr;
    }

    /// Enters a hook whose number has no leaf yet.
    [[gnu::noinline]] Errno enter_new_leaf(NumberHook& hook, Blocks& blocks) noexcept {
        give_idle(blocks);
        NumberNode*& branch = root_[hook.number >> 16];
        if (!blocks.has(branch == nullptr ? 2 : 1))
            return Errno::no_memory;
        if (branch == nullptr)
            branch = blocks.take();
        NumberNode* const leaf = blocks.take();
        branch->fill(hook.number >> 8 & 255, leaf);
        leaf->fill(hook.number & 255, &hook);
        hook.next_role = nullptr;
        return Errno::ok;
    }

    [[nodiscard]] NumberNode& used_leaf(Pid number) const noexcept {
        return *root_[number >> 16]->leaf(number >> 8 & 255);
    }

    [[PROCSPACE_OUTER_PART]] void filled(Pid number) noexcept { root_[number >> 16]->full.set(number >> 8 & 255); }

    /// leave() with all that may follow.
    [[PROCSPACE_OUTER_PART]] void leave_apart(NumberHook& hook, Blocks& emptied, bool keep_one) noexcept {
        NumberNode& leaf = used_leaf(hook.number);
        void*& place = leaf.places[hook.number & 255];
        if (place == &hook && hook.next_role == nullptr) {
            leaf.clear(hook.number & 255);
            root_[hook.number >> 16]->full.clear(hook.number >> 8 & 255);
            if (leaf.count == 0 && idle_ != &leaf) {
                give_idle(emptied);
                idle_ = &leaf;
                idle_number_ = hook.number;
            }
        } else if (place == &hook) {
            place = hook.next_role;
        } else {
            NumberHook* before = static_cast<NumberHook*>(place);
            while (before->next_role != &hook)
                before = before->next_role;
            before->next_role = hook.next_role;
        }
        if (!keep_one)
            give_idle(emptied);
    }

    /// The leaf that was kept goes to `blocks`, unless it has a number again, and its branch if that is empty then.
    void give_idle(Blocks& blocks) noexcept {
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
