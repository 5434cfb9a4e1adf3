#pragma once
// PerCpuCurrent: each processor has its own current namespace, in the kernel's own per-CPU storage.
//
//   struct KernelTraits : procspace::DefaultTraits {
//       using CurrentNs = procspace::PerCpuCurrent<KernelTraits>;
//       static procspace::CurrentSlot<KernelTraits>& current_slot() noexcept;   // that of this processor
//       using Pin = PreemptionOff;                                              // optional, see below
//   };

#include "../fwd.hpp"
#include "slot_current.hpp"

namespace procspace {

/// What keeps the caller on its processor: Traits::Pin, or nothing.
template <class Traits>
struct CpuPin {};
template <class Traits>
    requires requires { typename Traits::Pin; }
struct CpuPin<Traits> {
    [[no_unique_address]] typename Traits::Pin pin{};
};

/// Slots of PerCpuCurrent: `Traits::current_slot()`. A namespace may be the current one of one processor only.
template <class Traits>
struct CpuSlots {
    using Pin = CpuPin<Traits>;
    static constexpr bool exclusive = true;
    [[nodiscard]] static CurrentSlot<Traits>& slot() noexcept { return Traits::current_slot(); }
};

/// The provider for kernels. The scheduler calls switch_to() when it switches tasks; a NamespaceScope is for what one
/// task does on behalf of another, between two switches.
///
/// A kernel that preempts its own code gives its traits a `Pin`: a default-constructible guard that keeps the caller on
/// its processor. Each ResCurrent holds one, so that what it refers to stays the current namespace.
template <class Traits>
class PerCpuCurrent : public SlotCurrent<Traits, CpuSlots<Traits>> {};

} // namespace procspace
