#pragma once
// SectionSlots: how the registry finds resources in ELF files. No constructor runs, nothing registers itself.
//
// Each definition (define.hpp) puts one pointer into a section of its own; the linker lays them side by side and
// provides the bounds. Pointers, not objects: compilers pad objects in a section, so that walking them by sizeof goes
// astray.

#include "../fwd.hpp"
#include "descriptor.hpp"

// Weak: null, and not an undefined symbol, in a program without resources. Hidden: this object's own bounds.
extern "C" {
[[gnu::weak, gnu::visibility("hidden")]] extern const procspace::Resource* __start_procspace_resources[];
[[gnu::weak, gnu::visibility("hidden")]] extern const procspace::Resource* __stop_procspace_resources[];
}

namespace procspace {

/// The slots of this executable or shared object, in the order that the linker chose.
///
/// **Thread safety**: immutable.
class [[gnu::visibility("hidden")]] SectionSlots {
public:
    SectionSlots() = delete;

    /// The linker has done it.
    static void close() noexcept {}

    /// Returns the resource of the next slot each time, and null behind the last one.
    class Walk {
    public:
        [[nodiscard]] const Resource* next() noexcept {
            while (slot_ != __stop_procspace_resources)
                if (const Resource* const resource = *slot_++)
                    return resource;
            return nullptr;
        }

    private:
        const Resource** slot_ = __start_procspace_resources;
    };
};

} // namespace procspace
