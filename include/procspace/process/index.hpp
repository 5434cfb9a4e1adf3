#pragma once
// NumberIndex: objects in ascending order of their numbers, linked through hooks inside them: the members of a group,
// the threads, the groups of a session, the children to whom something has happened. To link and to unlink needs no
// memory and cannot fail, so both are done under a lock.
//
// It is a treap: a search tree by number that is at the same time a heap by priority. The priority is a mix of the
// number, so the shape depends on nothing but the set of numbers: 2 ln n steps deep on average, and since no choice
// among 4194304 numbers has a longer monotone run of priorities than about 4000, never a list of a million.

#include "../fwd.hpp"
#include "../core/config.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

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
    // Out of line: many sections do these, and each would carry all of it.

    [[gnu::noinline]] void link(IndexHook& hook, std::uint64_t key) noexcept {
        hook.key = key;
        const std::uint32_t its = priority(hook);
        ++size_;
        IndexHook* above = last_;
        if (above != nullptr && key < above->key)
            return insert(hook, its);
        // From the end of the right edge upwards: what has a lower priority comes below the new one.
        IndexHook* below = nullptr;
        while (above != nullptr && priority(*above) < its) {
            below = above;
            above = above->up;
        }
        hook.below[lower] = below;
        hook.below[higher] = nullptr;
        hook.up = above;
        if (below != nullptr)
            below->up = &hook;
        (above != nullptr ? above->below[higher] : root_) = &hook;
        last_ = &hook;
    }

    [[gnu::noinline]] void unlink(IndexHook& hook) noexcept {
        if (last_ == &hook)
            last_ = hook.below[lower] != nullptr ? outermost(hook.below[lower], higher) : hook.up;
        // The two subtrees are zipped into one: of the two roots that with the higher priority stays above.
        IndexHook** place = place_of(hook);
        IndexHook* above = hook.up;
        IndexHook* roots[2] = {hook.below[lower], hook.below[higher]};
        while (roots[lower] != nullptr && roots[higher] != nullptr) {
            const bool side = priority(*roots[lower]) < priority(*roots[higher]);
            IndexHook* const taken = roots[side];
            *place = taken;
            taken->up = above;
            above = taken;
            place = &taken->below[!side];
            roots[side] = *place;
        }
        IndexHook* const rest = roots[roots[lower] == nullptr];
        *place = rest;
        if (rest != nullptr)
            rest->up = above;
        --size_;
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
            if (!linked || (hook->up != nullptr && priority(*hook->up) < priority(*hook)) || count == size_ ||
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

    /// From the root down to where its priority places it; what was there is unzipped into lower and higher keys.
    [[gnu::noinline]] void insert(IndexHook& hook, std::uint32_t its) noexcept {
        IndexHook* above = nullptr;
        IndexHook** place = &root_;
        while (*place != nullptr && priority(**place) >= its) {
            above = *place;
            place = &above->below[hook.key >= above->key];
        }
        hook.up = above;
        IndexHook* rest = std::exchange(*place, &hook);
        IndexHook** low = &hook.below[lower];
        IndexHook* above_low = &hook;
        IndexHook** high = &hook.below[higher];
        IndexHook* above_high = &hook;
        while (rest != nullptr) {
            if (rest->key <= hook.key) {
                *low = rest;
                rest->up = above_low;
                above_low = rest;
                low = &rest->below[higher];
                rest = *low;
            } else {
                *high = rest;
                rest->up = above_high;
                above_high = rest;
                high = &rest->below[lower];
                rest = *high;
            }
        }
        *low = nullptr;
        *high = nullptr;
    }

    IndexHook* root_ = nullptr;
    IndexHook* last_ = nullptr; // the highest key: numbers mostly come ascending
    std::size_t size_ = 0;
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
