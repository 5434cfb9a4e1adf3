#pragma once
// Registry: all resources of the program, each with its index. Where they are collected depends on the object format:
// by the linker in ELF files (section_slots.hpp), elsewhere in a list (listed_slots.hpp). The whole program uses one of
// them: see PROCSPACE_PORTABLE_REGISTRY in core/config.hpp.
//
// Members of a static library that nothing refers to never reach the linker: link such code as an object library.
//
// One registry per executable or shared object. What depends on it is hidden, so that the dynamic linker does not let
// the inline functions of one object stand in for those of another; compile a shared object that defines resources with
// -fvisibility=hidden, so that this holds for std::make_unique<Namespace> and its kin as well. A namespace belongs to
// the object that made it: the key of another one is refused by all that looks before it acts, which is everything but
// the typed get and get_mut.

#include "../fwd.hpp"
#include "../core/config.hpp"
#include "descriptor.hpp"
#include "joint_block.hpp"
#include "listed_slots.hpp"
#include "section_slots.hpp"

#include <atomic>
#include <cstddef>
#include <type_traits>

namespace procspace {

/// The program's resources. The order is never promised. One resource may have several slots: a definition in a header
/// puts one into every translation unit.
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

    /// Gives each resource its place in joint blocks, on the first call. **Complexity**: as size().
    static void place_values() noexcept {
        if (!placed_.load(std::memory_order_acquire)) // pairs with the release in place_all()
            place_all();
    }

    /// Calls `f(const Resource&)` once for each resource, in ascending order of index.
    template <class F>
    static void for_each(F&& f) {
        static_cast<void>(size());
        Walk walk;
        while (const Resource* const resource = walk.next())
            f(*resource);
    }

private:
    template <class>
    friend class BasicNamespace;

    using Slots = std::conditional_t<has_portable_registry, ListedSlots, SectionSlots>;
    static constexpr std::size_t unknown = static_cast<std::size_t>(-1);

    /// Returns the next resource each time, in ascending order of index, and null behind the last one.
    /// **Pre**: size() has been called.
    class Walk {
    public:
        [[nodiscard]] const Resource* next() noexcept {
            const Resource* const resource = next_;
            if (resource != nullptr)
                next_ = resource->next();
            return resource;
        }

    private:
        const Resource* next_ = first_.load(std::memory_order_relaxed); // as Resource::offset()
    };

    // Needs no lock: the index of a resource follows from the slots alone, so that threads which number at the same
    // time write the same values.
    [[gnu::noinline]] static std::size_t number_all() noexcept {
        Slots::close();
        std::size_t next = 0;
        std::atomic<const Resource*>* link = &first_;
        Slots::Walk slots;
        while (const Resource* const resource = slots.next()) {
            const std::size_t offset = resource->offset();
            if (offset == Resource::unnumbered)
                resource->offset_.store(next, std::memory_order_relaxed); // published by the release below
            else if (offset != next)
                continue;
            // Else another thread, or a slot seen before, gave it just this place.
            link->store(resource, std::memory_order_relaxed);
            link = &resource->next_;
            next += Resource::bytes_per_owner;
        }
        const std::size_t size = next / Resource::bytes_per_owner;
        size_.store(size, std::memory_order_release); // pairs with size()
        return size;
    }

    // Needs no lock for the same reason.
    [[gnu::noinline]] static void place_all() noexcept {
        {
            JointPlaces places;
            for_each([&](const Resource& resource) { places.add(resource); });
        }
        placed_.store(true, std::memory_order_release); // pairs with place_values()
    }

    inline static constinit std::atomic<std::size_t> size_{unknown};
    inline static constinit std::atomic<const Resource*> first_{nullptr};
    inline static constinit std::atomic<bool> placed_{false};
};

} // namespace procspace
