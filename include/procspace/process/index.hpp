#pragma once
// NumberIndex: objects in ascending order of their numbers, linked through hooks inside them: the members of a group,
// the threads, the groups of a session, the children to whom something has happened. To link and to unlink needs no
// memory and cannot fail, so both are done under a lock.
//
// It is a treap: a search tree by number that is at the same time a heap by priority. The priority is a mix of the
// number, so the shape depends on nothing but the set of numbers: 2 ln n steps deep on average, and since no choice
// among 4194304 numbers has a longer monotone run of priorities than about 4000, never a list of a million. Only the
// last object may stand below one of lower priority.

#include "../fwd.hpp"
#include "../core/config.hpp"

#include <cstddef>
#include <cstdint>

namespace procspace {

/// What an object needs to be in one index. Guarded by whatever guards the index. Written when the object is linked,
/// and means nothing before. The priority is made of the key and not worth its memory.
struct IndexHook {
    IndexHook* up;
    IndexHook* below[2]; // lower keys and higher ones
    std::uint64_t key;
};

/// One base class for each index that an object can be in.
template <class Role>
struct HookFor : IndexHook {};

/// The tree of hooks. It knows nothing of the objects, so that there is one for all kinds of them.
///
/// **Thread safety**: as a container's. Neither copies nor ends an object.
class IndexTree {
public:
    IndexTree() noexcept = default;
    IndexTree(const IndexTree&) = delete; // the objects' hooks are in one index
    IndexTree& operator=(const IndexTree&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

protected:
    [[PROCSPACE_OFTEN]] void link(IndexHook& hook, std::uint64_t key) noexcept {
        hook.key = key;
        ++size_;
        if (last_is_loose_ != 0)
            place_last();
        IndexHook** place = &root_;
        if (last_ != nullptr) {
            if (key < last_->key) [[unlikely]]
                return insert(hook);
            place = &last_->below[higher];
        }
        // Behind the last one, whatever its priority. That is seen to when another one comes, which is often too late:
        // the youngest is the first to go.
        attach(hook, last_, place);
        last_ = &hook;
        last_is_loose_ = 1;
    }

    // Out of line, as the rest: many sections do these, and each would carry all of it.

    [[gnu::noinline]] void unlink(IndexHook& hook) noexcept {
        --size_;
        if (PROCSPACE_SMALL || last_ != &hook || last_is_loose_ == 0 || hook.below[lower] != nullptr) [[unlikely]]
            return unlink_apart(hook);
        last_ = hook.up;
        last_is_loose_ = 0;
        (last_ != nullptr ? last_->below[higher] : root_) = nullptr;
    }

    [[nodiscard, gnu::noinline]] IndexHook* first() const noexcept {
        return root_ != nullptr ? outermost(root_, lower) : nullptr;
    }

    [[nodiscard, gnu::noinline]] static IndexHook* next(const IndexHook* hook) noexcept {
        if (hook->below[higher] != nullptr)
            return outermost(hook->below[higher], lower);
        while (hook->up != nullptr && hook->up->below[higher] == hook)
            hook = hook->up;
        return hook->up;
    }

    [[nodiscard, gnu::noinline]] IndexHook* after(std::uint64_t limit) const noexcept {
        IndexHook* found = nullptr;
        for (IndexHook* hook = root_; hook != nullptr;) {
            if (hook->key > limit) {
                found = hook;
                hook = hook->below[lower];
            } else {
                hook = hook->below[higher];
            }
        }
        return found;
    }

    [[nodiscard]] bool holds(const IndexHook* hook) const noexcept {
        while (hook->up != nullptr)
            hook = hook->up;
        return hook == root_;
    }

    [[nodiscard]] bool links_agree() const noexcept {
        std::size_t count = 0;
        const IndexHook* before = nullptr;
        for (const IndexHook* hook = first(); hook != nullptr; hook = next(hook), ++count) {
            const bool linked =
                hook->up == nullptr ? root_ == hook : hook->up->below[lower] == hook || hook->up->below[higher] == hook;
            const bool loose = last_is_loose_ != 0 && hook == last_;
            if (!linked || (hook->up != nullptr && is_above(*hook, *hook->up) && !loose) || count == size_ ||
                (before != nullptr && before->key > hook->key))
                return false;
            before = hook;
        }
        return count == size_ && before == last_;
    }

private:
    // Of a hook, which hooks are below it.
    static constexpr bool lower = false;
    static constexpr bool higher = true;

    /// Of the key's lower half. One to one, so that numbers have different priorities unless they are 2^32 apart, and
    /// well mixed, so that neighbours, as an allocator gives them, have unrelated ones.
    static std::uint32_t priority(const IndexHook& hook) noexcept {
        auto x = static_cast<std::uint32_t>(hook.key);
        x *= 0x846CA68BU;
        return (x ^ (x >> 15)) * 0x9E3779B1U;
    }

    /// Returns whether the priorities want the first one above the other, of two that are neighbours in the tree.
    [[PROCSPACE_SHARED]] static bool is_above(const IndexHook& hook, const IndexHook& other) noexcept {
        return priority(hook) > priority(other);
    }

    /// Returns the last hook on this side of a subtree.
    static IndexHook* outermost(IndexHook* hook, bool side) noexcept {
        while (hook->below[side] != nullptr)
            hook = hook->below[side];
        return hook;
    }

    IndexHook** place_of(const IndexHook& hook) noexcept {
        if (hook.up == nullptr)
            return &root_;
        return hook.up->below[lower] == &hook ? &hook.up->below[lower] : &hook.up->below[higher];
    }

    [[PROCSPACE_OUTER_PART]] void unlink_apart(IndexHook& hook) noexcept {
        // Down to where it has one below it at most: of two that with the higher priority goes above the other one.
        while (hook.below[lower] != nullptr && hook.below[higher] != nullptr)
            rise(*hook.below[is_above(*hook.below[higher], *hook.below[lower])]);
        IndexHook* const rest = hook.below[hook.below[lower] == nullptr];
        *place_of(hook) = rest;
        if (rest != nullptr)
            rest->up = hook.up;
        if (last_ == &hook) {
            last_ = rest != nullptr ? outermost(rest, higher) : hook.up;
            last_is_loose_ = 0;
        }
    }

    /// As a leaf.
    static void attach(IndexHook& hook, IndexHook* above, IndexHook** place) noexcept {
        hook.up = above;
        hook.below[lower] = nullptr;
        hook.below[higher] = nullptr;
        *place = &hook;
    }

    [[PROCSPACE_OUTER_PART]] void place_last() noexcept {
        lift(*last_);
        last_is_loose_ = 0;
    }

    /// Behind those with an equal key.
    [[PROCSPACE_OUTER_PART]] void insert(IndexHook& hook) noexcept {
        IndexHook* above = nullptr;
        IndexHook** place = &root_;
        while (*place != nullptr) {
            above = *place;
            place = &above->below[hook.key >= above->key];
        }
        attach(hook, above, place);
        lift(hook);
    }

    /// Goes up to where its priority places it.
    void lift(IndexHook& hook) noexcept {
        while (hook.up != nullptr && is_above(hook, *hook.up))
            rise(hook);
    }

    /// Changes places with the one above, which comes below it.
    [[PROCSPACE_SHARED]] void rise(IndexHook& hook) noexcept {
        IndexHook& above = *hook.up;
        const bool side = above.below[higher] == &hook;
        IndexHook* const between = hook.below[!side];
        *place_of(above) = &hook;
        hook.up = above.up;
        hook.below[!side] = &above;
        above.up = &hook;
        above.below[side] = between;
        if (between != nullptr)
            between->up = &above;
    }

    IndexHook* root_ = nullptr;
    IndexHook* last_ = nullptr;       // the highest key: numbers mostly come ascending
    std::uint32_t size_ = 0;          // there are no more numbers
    std::uint32_t last_is_loose_ = 0; // a flag: no priority has placed it yet. As large as its neighbour
};

/// Objects of type T, which has the base class `HookFor<Role>`, ascending by a key that each is linked with.
///
/// **Thread safety**: as a container's. Neither copies nor ends an object.
template <class T, class Role>
class NumberIndex : public IndexTree {
    using Hook = HookFor<Role>;

public:
    /// Puts an object in, behind those with an equal key. **Pre**: the hook is in no index.
    /// **Complexity**: constant for a key not below the last, else logarithmic, both on average.
    void link(T& object, std::uint64_t key) noexcept { IndexTree::link(static_cast<Hook&>(object), key); }

    /// Takes an object out. **Pre**: it is in this index. **Complexity**: constant on average.
    void unlink(T& object) noexcept { IndexTree::unlink(static_cast<Hook&>(object)); }

    /// Returns the first object, or null. **Complexity**: logarithmic.
    [[nodiscard, PROCSPACE_PART]] T* first() const noexcept { return object_of(IndexTree::first()); }

    /// Returns the object behind one that is in, or null. **Complexity**: constant on average over a walk.
    [[nodiscard, PROCSPACE_PART]] T* next(const T& object) const noexcept {
        return object_of(IndexTree::next(&static_cast<const Hook&>(object)));
    }

    /// Returns the first object with a key above this one, or null. **Complexity**: logarithmic.
    [[nodiscard]] T* after(std::uint64_t limit) const noexcept { return object_of(IndexTree::after(limit)); }

    /// Returns true when the object is in this index. **Complexity**: logarithmic.
    [[nodiscard]] bool holds(const T& object) const noexcept {
        return IndexTree::holds(&static_cast<const Hook&>(object));
    }

    /// Returns true when the links agree with each other, the keys ascend, and the priorities make a heap: always.
    /// **Complexity**: linear.
    [[nodiscard]] bool is_sound() const noexcept { return links_agree(); }

    /// Returns the key with which the object was linked last.
    [[nodiscard]] static std::uint64_t key_of(const T& object) noexcept { return static_cast<const Hook&>(object).key; }

private:
    static T* object_of(IndexHook* hook) noexcept {
        return hook != nullptr ? static_cast<T*>(static_cast<Hook*>(hook)) : nullptr;
    }
};

} // namespace procspace
