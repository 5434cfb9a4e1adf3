#pragma once
// ThreadLocalCurrent: each thread has its own current namespace. Opt-in and hosted: it needs thread-local storage.
//
//   struct MyTraits : procspace::DefaultTraits { using CurrentNs = procspace::ThreadLocalCurrent<MyTraits>; };

#include "../fwd.hpp"
#include "slot_current.hpp"

namespace procspace {

/// Slots of ThreadLocalCurrent: one for each thread. A namespace may be the current one of several threads.
template <class Traits>
class ThreadSlots {
public:
    struct Pin {};
    static constexpr bool exclusive = false;
    [[nodiscard]] static CurrentSlot<Traits>& slot() noexcept { return slot_; }

private:
    inline static thread_local constinit CurrentSlot<Traits> slot_{};
};

/// The provider that NamespaceScope enters for the calling thread only. Outside of any scope: the global namespace.
template <class Traits>
class ThreadLocalCurrent : public SlotCurrent<Traits, ThreadSlots<Traits>> {};

} // namespace procspace
