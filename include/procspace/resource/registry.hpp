#pragma once
// Registry: all resources of the program, collected by the linker. No constructor runs, nothing registers itself.
//
// Each definition (define.hpp) puts one pointer into a section of its own; the linker lays them side by side and
// provides the bounds. Pointers, not objects: compilers pad objects in a section, so that walking them by sizeof goes
// astray. Members of a static library that nothing refers to never reach the linker: link such code as an object
// library.
//
// One registry per executable or shared object. What depends on it is hidden, so that the dynamic linker does not let
// the inline functions of one object stand in for those of another; compile a shared object that defines resources with
// -fvisibility=hidden, so that this holds for std::make_unique<Namespace> and its kin as well. A namespace belongs to
// the object that made it.

#include "../fwd.hpp"
#include "descriptor.hpp"

#include <atomic>
#include <cstddef>

// One resource may have several slots: a definition in a header puts one into every translation unit.
#define PROCSPACE_REGISTRY_SLOT [[gnu::section("procspace_resources"), PROCSPACE_KEEP_SLOT]]

// Weak: null, and not an undefined symbol, in a program without resources. Hidden: this object's own bounds.
extern "C" {
[[gnu::weak, gnu::visibility("hidden")]] extern const procspace::Resource* __start_procspace_resources[];
[[gnu::weak, gnu::visibility("hidden")]] extern const procspace::Resource* __stop_procspace_resources[];
}

namespace procspace {

/// The program's resources in the order that the linker chose. The order is never promised.
///
/// **Thread safety**: all members may be called concurrently.
class [[gnu::visibility("hidden")]] Registry {
public:
    Registry() = delete;

    /// Returns the number of resources, and gives each its index on the first call.
    /// **Complexity**: linear in the number of slots on the first call, then one load.
    [[nodiscard]] static std::size_t size() noexcept {
        // acquire: pairs with the release in number_all(): the indices are visible to whoever sees the size.
        const std::size_t known = size_.load(std::memory_order_acquire);
        return known != unknown ? known : number_all();
    }

    /// Calls `f(const Resource&)` once for each resource, in ascending order of index.
    template <class F>
    static void for_each(F&& f) {
        static_cast<void>(size());
        for_each_numbered(f);
    }

private:
    template <class>
    friend class BasicNamespace;

    static constexpr std::size_t unknown = static_cast<std::size_t>(-1);

    /// **Pre**: size() has been called.
    template <class F>
    static void for_each_numbered(F&& f) {
        std::size_t next = 0;
        for_each_slot([&](const Resource& resource) {
            if (resource.index() == next) {
                ++next;
                f(resource);
            }
        });
    }

    template <class F>
    static void for_each_slot(F&& f) {
        for (auto slot = __start_procspace_resources; slot != __stop_procspace_resources; ++slot)
            if (*slot != nullptr)
                f(**slot);
    }

    // Needs no lock: the index of a resource follows from the section alone, so that threads which number at the same
    // time write the same values.
    [[gnu::noinline]] static std::size_t number_all() noexcept {
        std::size_t next = 0;
        for_each_slot([&next](const Resource& resource) {
            const std::size_t index = resource.index();
            if (index == Resource::unnumbered)
                resource.index_.store(next++, std::memory_order_relaxed); // published by the release below
            else if (index == next)
                ++next; // another thread, or a slot seen before, gave it just this number
        });
        size_.store(next, std::memory_order_release); // pairs with size()
        return next;
    }

    inline static constinit std::atomic<std::size_t> size_{unknown};
};

} // namespace procspace
