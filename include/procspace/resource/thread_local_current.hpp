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
/// Every live guard (a ResCurrent holds one) knows the scope in which it was made, and leaving that scope with guards
/// alive is a panic: what `current()` hands out cannot silently outlive the scope it came from.
///
/// **Complexity**: a guard costs three words and a few stores; leaving looks at the guards that are alive.
/// **Thread safety**: every thread sees its own. A guard belongs to the thread that made it.
template <class Traits>
class ThreadLocalCurrent {
    struct Activation {
        const BasicNamespace<Traits>* ns = nullptr;
        std::size_t depth = 0; // number of scopes around
    };

public:
    ThreadLocalCurrent() noexcept : older_(newest_), depth_(active_.depth) { newest_ = this; }
    ~ThreadLocalCurrent() {
        ThreadLocalCurrent** link = &newest_; // nearly always this one: guards end in reverse order
        while (*link != this)
            link = &(*link)->older_;
        *link = older_;
    }
    ThreadLocalCurrent(const ThreadLocalCurrent&) = delete;
    ThreadLocalCurrent& operator=(const ThreadLocalCurrent&) = delete;

    [[nodiscard]] const BasicNamespace<Traits>& ns() const {
        return active_.ns != nullptr ? *active_.ns : global_ns<Traits>();
    }

    [[nodiscard]] static Activation enter(const BasicNamespace<Traits>& next) noexcept {
        const Activation former = active_;
        active_ = {&next, former.depth + 1};
        return former;
    }

    /// **Panics** when a guard made since the matching enter() is still alive.
    static void leave(Activation former) {
        active_ = former;
        bool outlived = false;
        for (ThreadLocalCurrent* guard = newest_; guard != nullptr; guard = guard->older_)
            if (guard->depth_ > former.depth) {
                guard->depth_ = 0; // reported once: whoever survives the panic may enter scopes again
                outlived = true;
            }
        if (outlived)
            Traits::panic("a ResCurrent outlives the NamespaceScope it came from", Location::current());
    }

private:
    inline static thread_local constinit Activation active_{};
    inline static thread_local constinit ThreadLocalCurrent* newest_ = nullptr; // the thread's live guards, as a list

    ThreadLocalCurrent* older_;
    std::size_t depth_; // that of the scope it was made in
};

} // namespace procspace
