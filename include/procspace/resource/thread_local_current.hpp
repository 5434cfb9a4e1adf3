#pragma once
// ThreadLocalCurrent: each thread has its own current namespace. Opt-in and hosted: it needs thread-local storage.
//
//   struct MyTraits : procspace::DefaultTraits { using CurrentNs = procspace::ThreadLocalCurrent<MyTraits>; };

#include "../fwd.hpp"
#include "../core/panic.hpp"
#include "current.hpp"

#include <cstddef>

namespace procspace {

/// The provider that NamespaceScope enters for the calling thread only. Outside of any scope: the global namespace.
///
/// Every live guard (a ResCurrent holds one) is counted against the scope in which it was made, and leaving a scope with guards alive
/// is a panic: what `current()` hands out cannot silently outlive the scope it came from.
///
/// **Thread safety**: every thread sees its own. A guard belongs to the thread that made it.
template <class Traits>
class ThreadLocalCurrent {
    struct Activation {
        const BasicNamespace<Traits>* ns = nullptr;
        std::size_t guards = 0;
    };

public:
    ThreadLocalCurrent() noexcept { ++active_.guards; }
    ~ThreadLocalCurrent() { --active_.guards; }
    ThreadLocalCurrent(const ThreadLocalCurrent&) = delete;
    ThreadLocalCurrent& operator=(const ThreadLocalCurrent&) = delete;

    [[nodiscard]] const BasicNamespace<Traits>& ns() const {
        return active_.ns != nullptr ? *active_.ns : global_ns<Traits>();
    }

    [[nodiscard]] static Activation enter(const BasicNamespace<Traits>& next) noexcept {
        const Activation former = active_;
        active_ = {&next, 0};
        return former;
    }

    /// **Panics** when a guard made since the matching enter() is still alive.
    static void leave(Activation former) {
        const std::size_t guards = active_.guards;
        active_ = former;
        if (guards != 0)
            Traits::panic("a ResCurrent outlives the NamespaceScope it came from", Location::current());
    }

private:
    inline static thread_local constinit Activation active_{};
};

} // namespace procspace
