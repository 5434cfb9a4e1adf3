#pragma once
// Family: the children of one thread in the order in which it got them, linked through hooks inside them. All of them
// are handed to another family at once, whatever their number, and none is looked at for it.

#include "../fwd.hpp"

namespace procspace {

/// What a child needs to be in a family. Guarded by the tree lock. Written when the child is linked, and means nothing
/// before.
struct FamilyHook {
    FamilyHook* younger; // than the youngest and elder than the eldest: the hook of the family itself
    FamilyHook* elder;
};

/// Objects of type T, which has the base class FamilyHook. **Complexity**: constant for all. **Thread safety**: as a
/// container's. Neither copies nor ends an object.
template <class T>
class Family {
public:
    Family() noexcept = default;
    Family(const Family&) = delete; // the first and the last know where it is
    Family& operator=(const Family&) = delete;

    [[nodiscard]] bool empty() const noexcept { return ends_.younger == &ends_; }

    /// Puts an object in as the last. **Pre**: it is in no family.
    void append(T& object) noexcept {
        FamilyHook& hook = object;
        hook.younger = &ends_;
        hook.elder = ends_.elder;
        hook.elder->younger = &hook;
        ends_.elder = &hook;
    }

    /// Takes an object out of its family, whichever that is. **Pre**: it is in one.
    static void unlink(T& object) noexcept {
        const FamilyHook& hook = object;
        hook.elder->younger = hook.younger;
        hook.younger->elder = hook.elder;
    }

    /// All that is in `other` comes behind what is here, and leaves nothing there.
    void take(Family& other) noexcept {
        if (other.empty())
            return;
        FamilyHook* const first = other.ends_.younger;
        FamilyHook* const last = other.ends_.elder;
        first->elder = ends_.elder;
        first->elder->younger = first;
        last->younger = &ends_;
        ends_.elder = last;
        other.ends_ = {&other.ends_, &other.ends_};
    }

    /// Returns the first object, or null.
    [[nodiscard]] T* first() const noexcept { return object_of(ends_.younger); }
    /// Returns the object behind one that is in this very family, or null.
    [[nodiscard]] T* next(const T& object) const noexcept {
        const FamilyHook& hook = object;
        return object_of(hook.younger);
    }
    /// Returns true if the links of an object in it and of its neighbours agree with each other.
    [[nodiscard]] static bool is_sound(const T& object) noexcept {
        const FamilyHook& hook = object;
        return hook.younger->elder == &hook && hook.elder->younger == &hook;
    }

private:
    // A hook is never null: a pointer's cast would ask.
    T* object_of(FamilyHook* hook) const noexcept { return hook != &ends_ ? &static_cast<T&>(*hook) : nullptr; }

    FamilyHook ends_{&ends_, &ends_}; // before the first and behind the last
};

} // namespace procspace
