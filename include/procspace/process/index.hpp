#pragma once
// NumberIndex: objects in ascending order of their numbers, linked through hooks inside them: the members of a group,
// the threads, the groups of a session, the children to whom something has happened. To link and to unlink needs no
// memory and cannot fail, so both are done under a lock.
//
// It is a treap: a search tree by number that is at the same time a heap by priority. The priority is a mix of the
// number, so the shape depends on nothing but the set of numbers: 2 ln n steps deep on average, and since no choice
// among 4194304 numbers has a longer monotone run of priorities than about 4000, never a list of a million.

#include "../fwd.hpp"

#include <cstddef>
#include <cstdint>

namespace procspace {

/// What an object needs to be in one index. Guarded by whatever guards the index. The key is the object's own, and the
/// priority is made of the key: neither is worth its memory. Means nothing before the object is linked.
struct IndexHook {
    IndexHook* up;
    IndexHook* left;
    IndexHook* right;
};

/// One base class for each index that an object can be in.
template <class Role>
struct HookFor : IndexHook {};

/// Objects of type T, which has the base class `HookFor<Role>`, ascending by `index_key(Role*)`: an unsigned number of
/// the object that stays the same while it is in.
///
/// **Thread safety**: as a container's. Neither copies nor ends an object.
template <class T, class Role>
class NumberIndex {
    using Hook = HookFor<Role>;

public:
    NumberIndex() noexcept = default;
    NumberIndex(const NumberIndex&) = delete; // the objects' hooks are in one index
    NumberIndex& operator=(const NumberIndex&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    /// Puts an object in, behind those with an equal key. **Pre**: the hook is in no index.
    /// **Complexity**: constant for a key not below the last, else logarithmic, both on average.
    void link(T& object) noexcept {
        IndexHook& hook = static_cast<Hook&>(object);
        if (last_ == nullptr || key_of(object) >= key(last_))
            append(hook);
        else
            insert(hook);
        ++size_;
    }

    /// Takes an object out. **Pre**: it is in this index. **Complexity**: constant on average.
    /// Out of line, as insert(): many sections unlink, and each would carry all of it.
    [[gnu::noinline]] void unlink(T& object) noexcept {
        IndexHook& hook = static_cast<Hook&>(object);
        if (last_ == &hook)
            last_ = hook.left != nullptr ? rightmost(hook.left) : hook.up;
        // The two subtrees are zipped into one: of the two roots that with the higher priority stays above.
        IndexHook** place = place_of(hook);
        IndexHook* above = hook.up;
        IndexHook* left = hook.left;
        IndexHook* right = hook.right;
        while (left != nullptr && right != nullptr) {
            IndexHook*& higher = priority(left) >= priority(right) ? left : right;
            IndexHook* const taken = higher;
            *place = taken;
            taken->up = above;
            above = taken;
            place = &higher == &left ? &taken->right : &taken->left;
            higher = *place;
        }
        IndexHook* const rest = left != nullptr ? left : right;
        *place = rest;
        if (rest != nullptr)
            rest->up = above;
        --size_;
    }

    /// Returns the first object, or null. **Complexity**: logarithmic.
    [[nodiscard]] T* first() const noexcept {
        IndexHook* hook = root_;
        while (hook != nullptr && hook->left != nullptr)
            hook = hook->left;
        return object_of(hook);
    }

    /// Returns the object behind one that is in, or null. **Complexity**: constant on average over a walk.
    [[nodiscard]] T* next(const T& object) const noexcept {
        const IndexHook* hook = &static_cast<const Hook&>(object);
        if (hook->right != nullptr) {
            IndexHook* next = hook->right;
            while (next->left != nullptr)
                next = next->left;
            return object_of(next);
        }
        while (hook->up != nullptr && hook->up->right == hook)
            hook = hook->up;
        return object_of(hook->up);
    }

    /// Returns the first object with a key above this one, or null. **Complexity**: logarithmic.
    [[nodiscard]] T* after(std::uint64_t limit) const noexcept {
        IndexHook* found = nullptr;
        for (IndexHook* hook = root_; hook != nullptr;) {
            if (key(hook) > limit) {
                found = hook;
                hook = hook->left;
            } else {
                hook = hook->right;
            }
        }
        return object_of(found);
    }

    /// Returns true when the object is in this index. **Complexity**: logarithmic.
    [[nodiscard]] bool holds(const T& object) const noexcept {
        const IndexHook* hook = &static_cast<const Hook&>(object);
        while (hook->up != nullptr)
            hook = hook->up;
        return hook == root_;
    }

    /// Returns true when the links agree with each other, the keys ascend, and the priorities make a heap: always.
    /// **Complexity**: linear.
    [[nodiscard]] bool is_sound() const noexcept {
        std::size_t count = 0;
        const IndexHook* before = nullptr;
        for (const T* object = first(); object != nullptr; object = next(*object), ++count) {
            const IndexHook* const hook = &static_cast<const Hook&>(*object);
            const bool linked = hook->up == nullptr ? root_ == hook : hook->up->left == hook || hook->up->right == hook;
            if (!linked || (hook->up != nullptr && priority(hook->up) < priority(hook)) || count == size_ ||
                (before != nullptr && key(before) > key(hook)))
                return false;
            before = hook;
        }
        return count == size_ && before == last_;
    }

    [[nodiscard]] static auto key_of(const T& object) noexcept { return object.index_key(static_cast<Role*>(nullptr)); }

private:
    static T* object_of(IndexHook* hook) noexcept {
        return hook != nullptr ? static_cast<T*>(static_cast<Hook*>(hook)) : nullptr;
    }

    static auto key(const IndexHook* hook) noexcept {
        return key_of(static_cast<const T&>(static_cast<const Hook&>(*hook)));
    }

    /// Of the key's lower half. One to one, so that numbers have different priorities unless they are 2^32 apart, and
    /// well mixed, so that neighbours, as an allocator gives them, have unrelated ones.
    static std::uint32_t priority(const IndexHook* hook) noexcept {
        auto x = static_cast<std::uint32_t>(key(hook));
        x *= 0x846CA68BU;
        return (x ^ (x >> 15)) * 0x9E3779B1U;
    }

    static IndexHook* rightmost(IndexHook* hook) noexcept {
        while (hook->right != nullptr)
            hook = hook->right;
        return hook;
    }

    IndexHook** place_of(const IndexHook& hook) noexcept {
        if (hook.up == nullptr)
            return &root_;
        return hook.up->left == &hook ? &hook.up->left : &hook.up->right;
    }

    /// From the end of the right edge upwards: what has a lower priority comes below the new one.
    void append(IndexHook& hook) noexcept {
        IndexHook* below = nullptr;
        IndexHook* above = last_;
        const std::uint32_t its = priority(&hook);
        while (above != nullptr && priority(above) < its) {
            below = above;
            above = above->up;
        }
        hook.left = below;
        hook.right = nullptr;
        hook.up = above;
        if (below != nullptr)
            below->up = &hook;
        (above != nullptr ? above->right : root_) = &hook;
        last_ = &hook;
    }

    /// From the root down to where its priority places it; what was there is unzipped into the lower and higher keys.
    [[gnu::noinline]] void insert(IndexHook& hook) noexcept {
        const auto its_key = key(&hook);
        const std::uint32_t its = priority(&hook);
        IndexHook* above = nullptr;
        IndexHook** place = &root_;
        while (*place != nullptr && priority(*place) >= its) {
            above = *place;
            place = its_key < key(above) ? &above->left : &above->right;
        }
        IndexHook* rest = *place;
        *place = &hook;
        hook.up = above;
        IndexHook** low = &hook.left;
        IndexHook* above_low = &hook;
        IndexHook** high = &hook.right;
        IndexHook* above_high = &hook;
        while (rest != nullptr) {
            if (key(rest) <= its_key) {
                *low = rest;
                rest->up = above_low;
                above_low = rest;
                low = &rest->right;
                rest = *low;
            } else {
                *high = rest;
                rest->up = above_high;
                above_high = rest;
                high = &rest->left;
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

} // namespace procspace
