#pragma once
// The current namespace: which one `name.current()` looks into.
//
// Traits::CurrentNs, the provider, is a default-constructible guard: while it lives, `ns()` stays the same namespace.
// Without one the current namespace is the global one. Optional members:
//   const BasicNamespace<Traits>* try_ns() const noexcept       null where ns() would have to make one
//   static Former enter(const BasicNamespace<Traits>& next)     makes it current; Former is whatever leave() needs
//   static void leave(Former former)                            undoes the innermost enter
//   static void switch_to(const BasicNamespace<Traits>* next)   puts it in the place of the current one
// Ready-made: PerCpuCurrent (per_cpu_current.hpp), ThreadLocalCurrent (thread_local_current.hpp, hosted).

#include "../fwd.hpp"
#include "../core/lazy.hpp"
#include "../core/lock.hpp"
#include "namespace.hpp"

namespace procspace {

/// The provider used when the traits name none: the namespace that exists without being made.
template <class Traits>
class GlobalCurrent {
public:
    /// Returns the global namespace, making it at the first call.
    [[nodiscard, gnu::visibility("hidden")]] const BasicNamespace<Traits>& ns() const { return lazy_.get_or_make(); }
    /// Returns the global namespace, or null while it is not made.
    [[nodiscard, gnu::visibility("hidden")]] const BasicNamespace<Traits>* try_ns() const noexcept {
        return lazy_.get();
    }

private:
    // Hidden, as the registry: each shared object has resources, and so a global namespace, of its own.
    [[gnu::visibility("hidden")]] inline static constinit Lazy<BasicNamespace<Traits>, Traits> lazy_{};
};

/// Returns the global namespace: made at the first call, once, and never destroyed.
///
/// An initialiser that throws leaves it unmade; the next call tries again.
/// **Panics** when an initialiser of a resource calls it, or uses current(), while it is being made.
/// **Complexity**: as Namespace() at the first call, then one load.
/// **Thread safety**: may be called concurrently; those who come while it is being made wait.
template <class Traits>
[[nodiscard]] const BasicNamespace<Traits>& global_ns() {
    return GlobalCurrent<Traits>().ns();
}

/// Returns the global namespace, or null while it is not made: neither allocates nor waits, so that an interrupt
/// handler may call it. **Complexity**: one load.
template <class Traits>
[[nodiscard]] const BasicNamespace<Traits>* try_global_ns() noexcept {
    return GlobalCurrent<Traits>().try_ns();
}

/// The provider of a traits struct: its CurrentNs, or the global namespace.
template <class Traits>
struct CurrentProvider {
    using type = GlobalCurrent<Traits>;
};
template <class Traits>
    requires requires { typename Traits::CurrentNs; }
struct CurrentProvider<Traits> {
    using type = typename Traits::CurrentNs;
};

/// Asks for a ResCurrent that may be empty.
struct OrNull {};

/// A resource of the current namespace, together with the guard that keeps that namespace current.
///
/// Neither copyable nor movable: it lives where it was asked for, inside the scope it came from.
///
/// **Thread safety**: for the thread that got it.
/// **Source**: seed 000, ResCurrent.
template <class T, class Traits>
class [[nodiscard]] ResCurrent {
public:
    [[gnu::visibility("hidden")]] explicit ResCurrent(const ResWrapper<T>& wrapper)
        : value_(__builtin_addressof(wrapper.get(provider_.ns()))) {} // T may have an operator& of its own
    /// Empty, instead of making the namespace, where that does not exist yet.
    [[gnu::visibility("hidden")]] ResCurrent(const ResWrapper<T>& wrapper, OrNull) noexcept {
        if (const BasicNamespace<Traits>* const ns = try_ns(); ns != nullptr)
            value_ = __builtin_addressof(wrapper.get(*ns));
    }
    ResCurrent(const ResCurrent&) = delete;
    ResCurrent& operator=(const ResCurrent&) = delete;

    /// Returns false only for what try_current() returns.
    [[nodiscard]] explicit operator bool() const noexcept { return value_ != nullptr; }

    /// Returns the value: good as long as this object lives, of a temporary to the end of the expression, and as the
    /// namespace names it: a reset or unshare of the current namespace itself ends it, with nothing to tell.
    [[nodiscard]] Shared<T>& operator*() const noexcept PROCSPACE_LIFETIME_BOUND { return *value_; }
    [[nodiscard]] Shared<T>* operator->() const noexcept { return value_; }
    [[nodiscard]] Shared<T>* get() const noexcept { return value_; }

private:
    const BasicNamespace<Traits>* try_ns() const noexcept {
        if constexpr (requires { provider_.try_ns(); })
            return provider_.try_ns();
        else
            return &provider_.ns();
    }

    [[no_unique_address]] typename CurrentProvider<Traits>::type provider_{};
    Shared<T>* value_ = nullptr;
};

/// Makes a namespace the current one from construction to the end of the scope; scopes nest.
///
/// **Pre**: `ns` outlives the scope. Needs a provider that can be entered, such as ThreadLocalCurrent.
template <class Traits>
class [[nodiscard]] NamespaceScope {
    using Provider = typename CurrentProvider<Traits>::type;
    static_assert(
        requires(const BasicNamespace<Traits>& ns) { Provider::leave(Provider::enter(ns)); },
        "procspace: the current namespace of these traits cannot be entered: give them a CurrentNs that can, "
        "for instance ThreadLocalCurrent");

public:
    explicit NamespaceScope(const BasicNamespace<Traits>& ns) : former_(Provider::enter(ns)) {}
    explicit NamespaceScope(const BasicNamespace<Traits>&&) = delete; // it would be gone at once
    ~NamespaceScope() noexcept(false) { Provider::leave(former_); }   // a provider may panic, and a test's panic throws
    /// Puts `next` in the place of the namespace that is current here, for instance one that the task has unshared. One
    /// step: there is no moment without a current namespace. **Pre**: `next` outlives the scope. **Panics** as the
    /// provider's switch_to(), with nothing changed.
    void switch_to(const BasicNamespace<Traits>& next) { Provider::switch_to(&next); }
    void switch_to(const BasicNamespace<Traits>&&) = delete; // as above

    NamespaceScope(const NamespaceScope&) = delete;
    NamespaceScope& operator=(const NamespaceScope&) = delete;

private:
    decltype(Provider::enter(*static_cast<const BasicNamespace<Traits>*>(nullptr))) former_;
};

} // namespace procspace
