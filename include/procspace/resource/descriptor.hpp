#pragma once
// Resource: what the library knows of a resource's type: how large it is, how to begin one and how to end one.

#include "../fwd.hpp"

#include <atomic>
#include <cstddef>

namespace procspace {

/// Size and alignment of a type.
struct Layout {
    std::size_t size;
    std::size_t align;

    template <class T>
    static constexpr Layout of() noexcept {
        return {sizeof(T), alignof(T)};
    }
};

/// The static descriptor of one resource. There is one per definition, made by the macros of define.hpp at compile
/// time.
///
/// Everything but the index is immutable. The index is the resource's place in every namespace's array: the registry
/// gives it when the first namespace is made.
///
/// **Thread safety**: all members may be called concurrently.
class Resource {
public:
    using Init = void (*)(void* body);
    using Drop = void (*)(void* body);

    constexpr Resource(const char* its_name, Layout its_layout, Init how_to_init, Drop how_to_drop) noexcept
        : layout_(its_layout), init_(how_to_init), drop_(how_to_drop), name_(its_name) {}
    Resource(const Resource&) = delete;
    Resource& operator=(const Resource&) = delete;

    [[nodiscard]] constexpr const char* name() const noexcept { return name_; }
    [[nodiscard]] constexpr Layout layout() const noexcept { return layout_; }

    /// Constructs a value at `body`. What the user's initialiser throws passes through.
    /// **Pre**: `body` has the size and alignment of layout() and holds nothing.
    void init(void* body) const { init_(body); }

    /// Destroys the value at `body`; nothing happens for a type without a destructor of its own. What its destructor
    /// throws passes through.
    void drop(void* body) const {
        if (drop_ != nullptr)
            drop_(body);
    }

    /// Returns the place in a namespace's array. **Pre**: a namespace exists.
    [[nodiscard]] std::size_t index() const noexcept {
        // relaxed: written before the first namespace was made, and every namespace was made before it was used.
        return index_.load(std::memory_order_relaxed);
    }

private:
    friend class Registry;
    static constexpr std::size_t unnumbered = static_cast<std::size_t>(-1);

    mutable std::atomic<std::size_t> index_{unnumbered}; // atomic, see Registry::size
    Layout layout_;                                      // immutable, as all below
    Init init_;
    Drop drop_; // null where there is nothing to do
    const char* name_;
};

} // namespace procspace
