#pragma once
// ResWrapper: the typed key of a resource, and the object through which programs use it. It contains the descriptor, so
// that reaching a value costs the load of an index at a constant address and two dependent loads.

#include "../fwd.hpp"
#include "../core/lock.hpp"
#include "../core/result.hpp"
#include "../core/traits.hpp"
#include "current.hpp"
#include "descriptor.hpp"
#include "namespace.hpp"
#include "namespace_change.hpp"
#include "res_arc.hpp"

#include <cstddef>
#include <new>
#include <type_traits>

namespace procspace {

/// A type that must stay with one thread says so with a member named thread_bound.
template <class T>
concept ThreadBound = requires { T::thread_bound; } || requires { typename T::thread_bound; };

/// A policy together with the type that it is for: one that copies needs a type that can be copied.
template <class T, bool Copies>
struct CopyPolicy {
    static_assert(!Copies || std::is_copy_constructible_v<T>,
                  "procspace: the policy of this resource copies, but its type has no copy constructor");
    const ResourcePolicy& policy;
};

/// The key of one resource of type T. Made by the macros of define.hpp only: one constant object per resource.
///
/// No member leaves a namespace without the resource: what is new is made first, what was there dies last.
///
/// **Thread safety**: the key is immutable; for namespaces see BasicNamespace: functions that take a `const` one read
/// it.
/// **Source**: seed 000 and 001, ResWrapper.
template <class T>
class ResWrapper {
    static_assert(!ThreadBound<T>,
                  "procspace: a thread_bound type cannot be a resource: namespaces share their resources "
                  "and move between threads");
    static_assert(std::is_object_v<T> && !std::is_const_v<T>, "procspace: a resource is a non-const object");
    static_assert(!std::is_array_v<T> || std::is_trivially_destructible_v<T>,
                  "procspace: an array whose elements have destructors cannot be a resource: put it into a struct");

public:
    /// For the macros.
    template <bool Copies = false>
    constexpr ResWrapper(const char* name, Initialiser init, CopyPolicy<T, Copies> policy = {{}}) noexcept
        : resource_(name, Layout::of<T>(), init, drop_of(), copy_of<Copies>(), policy.policy) {}

    [[nodiscard]] constexpr const Resource& resource() const noexcept { return resource_; }

    /// Returns the value in `ns` for reading, shared or not; `T&` when T is internally_synchronised.
    /// The reference ends when `ns` drops the resource. **Complexity**: three dependent loads, no read-modify-write.
    template <class Traits>
    [[nodiscard]] Shared<T>& get(const BasicNamespace<Traits>& ns) const noexcept {
        return *ns.at(resource_).template body_as<T>();
    }

    /// Returns the value in `ns` for writing, or null while another namespace or a ResArc shares it.
    template <class Traits>
    [[nodiscard]] T* get_mut(BasicNamespace<Traits>& ns) const noexcept {
        auto& arc = ns.at(resource_);
        return arc.unique() ? arc.template body_as<T>() : nullptr;
    }

    /// Makes `dst` name the value of `src`. The former value of `dst` dies if nobody else names it.
    /// Harmless when they share it already, or are the same. **Complexity**: one pointer compare, then at most one
    /// increment and one decrement; no allocation. **Panics** on overflow of the count, with nothing changed.
    template <class Traits>
    void share_from(BasicNamespace<Traits>& dst, const BasicNamespace<Traits>& src) const {
        if (!dst.within(resource_).same_as(src.within(resource_)))
            dst.share(resource_, src);
    }

    /// Gives `ns` a fresh value. Others that shared the former one keep it.
    /// What the initialiser throws passes through, with nothing changed. **Complexity**: one allocation.
    /// **Errors**: out of memory is std::bad_alloc, or a panic without exceptions.
    template <class Traits>
    void reset(BasicNamespace<Traits>& ns) const {
        ns.or_no_memory(ns.renew(resource_));
    }
    /// The same with out of memory as a value, that of an initialiser which throws std::bad_alloc included.
    /// **Errors**: no_memory, with nothing changed.
    template <class Traits>
    [[nodiscard]] Result<void> try_reset(BasicNamespace<Traits>& ns) const {
        auto& place = ns.checked(resource_);
        auto fresh = try_create<Traits>();
        if (fresh)
            place.swap(fresh.value.any_); // the former value dies last: what its destructor throws is no failure
        return fresh.error;
    }

    /// Makes a fresh value that is in no namespace yet. **Errors** and **Complexity**: as reset.
    template <class Traits = DefaultTraits>
    [[nodiscard]] ResArc<T, Traits> create() const {
        ResArc<T, Traits> made(NoValue{});
        BasicNamespace<Traits>::or_no_memory(made.any_.renew(resource_));
        return made;
    }
    /// The same with out of memory as a value. **Errors**: no_memory.
    template <class Traits = DefaultTraits>
    [[nodiscard]] Result<ResArc<T, Traits>> try_create() const {
        ResArc<T, Traits> made(NoValue{});
        const Errno error =
            BasicNamespace<Traits>::catching([&] { return made.any_.renew(resource_) ? Errno::ok : Errno::no_memory; });
        if (error != Errno::ok)
            return error;
        return Result<ResArc<T, Traits>>(static_cast<ResArc<T, Traits>&&>(made));
    }

    /// Returns the value that a fork of `ns` starts from: another one than get() only while an unshare or enter of a
    /// resource with `next_child_only` is waiting for the next child.
    template <class Traits>
    [[nodiscard]] Shared<T>& get_for_children(const BasicNamespace<Traits>& ns) const {
        return *ns.get_for_children(resource_).template body_as<T>();
    }

    /// Returns an owner of the value in `ns`: it keeps the value alive wherever it goes ("pin").
    template <class Traits>
    [[nodiscard]] ResArc<T, Traits> arc(const BasicNamespace<Traits>& ns) const {
        return ResArc<T, Traits>(ns.get(resource_));
    }

    /// Makes `ns` name the value of `arc`; returns the owner of what was there. **Pre**: `arc` came from this key.
    /// **Panics** when `arc` is empty or of another resource of the same type, with nothing changed.
    template <class Traits>
    ResArc<T, Traits> replace(BasicNamespace<Traits>& ns, ResArc<T, Traits> arc) const {
        if (!arc || &arc.any_.resource() != &resource_)
            raise_panic<Traits>("replace: the ResArc is empty (moved from) or belongs to another resource");
        ns.get_mut(resource_).swap(arc.any_);
        return arc;
    }

    /// Returns the value in the current namespace of the traits. **Errors**: as global_ns() where that is the current
    /// one.
    template <class Traits = DefaultTraits>
    [[nodiscard, gnu::always_inline]] ResCurrent<T, Traits> current() const {
        return ResCurrent<T, Traits>(*this);
    }

    /// The same for code that must neither allocate nor initialise nor wait, such as an interrupt handler.
    /// **Returns** an empty ResCurrent where the current namespace is the global one and that does not exist yet.
    template <class Traits = DefaultTraits>
    [[nodiscard]] ResCurrent<T, Traits> try_current() const noexcept {
        return ResCurrent<T, Traits>(*this, OrNull());
    }

private:
    template <bool Copies>
    static constexpr Resource::Copy copy_of() noexcept {
        if constexpr (Copies)
            return [](void* body, const void* from) { ::new (body) T(*static_cast<const T*>(from)); };
        else
            return nullptr;
    }

    static constexpr Resource::Drop drop_of() noexcept {
        if constexpr (std::is_trivially_destructible_v<T>)
            return nullptr;
        else
            return [](void* body) { static_cast<T*>(body)->~T(); };
    }

    Resource resource_;
};

} // namespace procspace
