#pragma once
// Resource: what the library knows of a resource's type: how large it is, how to begin, copy and end one, and what
// becomes of it when a namespace is forked.

#include "../fwd.hpp"
#include "policy.hpp"

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

/// The memory of one value: `head` bytes for the control block, then the value.
struct ValueBlock {
    std::size_t head;
    std::size_t size; ///< of all
    std::size_t align;

    static constexpr ValueBlock of(Layout value, Layout control) noexcept {
        const std::size_t head = (control.size + value.align - 1) & ~(value.align - 1); // alignments are powers of two
        return {head, head + value.size, value.align > control.align ? value.align : control.align};
    }
};

/// The static descriptor of one resource. There is one per definition, made by the macros of define.hpp at compile
/// time.
///
/// Everything but the place is immutable. It is the resource's place in every namespace's array: the registry gives it
/// when the first namespace is made.
///
/// **Thread safety**: all members may be called concurrently.
class Resource {
public:
    using Init = void (*)(void* body);
    using Drop = void (*)(void* body);
    using Copy = void (*)(void* body, const void* from);

    constexpr Resource(const char* its_name, Layout its_layout, Init how_to_init, Drop how_to_drop,
                       Copy how_to_copy = nullptr, const ResourcePolicy& its_policy = {}) noexcept
        : layout_(its_layout), block_(ValueBlock::of(its_layout, usual_control)), init_(how_to_init),
          drop_(how_to_drop), copy_(how_to_copy), name_(its_name), policy_(its_policy) {}
    Resource(const Resource&) = delete;
    Resource& operator=(const Resource&) = delete;

    [[nodiscard]] constexpr const char* name() const noexcept { return name_; }
    [[nodiscard]] constexpr Layout layout() const noexcept { return layout_; }
    [[nodiscard]] constexpr const ResourcePolicy& policy() const noexcept { return policy_; }
    /// Returns the memory of a value behind a Control. Computed beforehand for the usual one:
    /// each namespace that comes or goes asks for each of its values.
    template <class Control>
    [[nodiscard]] constexpr ValueBlock block_behind() const noexcept {
        constexpr Layout control = Layout::of<Control>();
        if constexpr (control.size == usual_control.size && control.align == usual_control.align)
            return block_;
        else
            return ValueBlock::of(layout_, control);
    }

    /// Constructs a value at `body`. What the user's initialiser throws passes through.
    /// **Pre**: `body` has the size and alignment of layout() and holds nothing.
    void init(void* body) const { init_(body); }

    /// Constructs a copy of the value at `from`. What T's copy constructor throws passes through.
    /// **Pre**: as init; the policy copies.
    void copy(void* body, const void* from) const { copy_(body, from); }

    /// Destroys the value at `body`; nothing happens for a type without a destructor of its own. What its destructor
    /// throws passes through.
    void drop(void* body) const {
        if (drop_ != nullptr)
            drop_(body);
    }

    /// Returns the place in a namespace's array. **Pre**: a namespace exists.
    [[nodiscard]] std::size_t index() const noexcept { return offset() / bytes_per_owner; }

    /// The same in bytes from the array's beginning. This is what is stored: an access that has to scale an index waits
    /// one cycle longer on some processors.
    [[nodiscard]] std::size_t offset() const noexcept {
        // relaxed: written before the first namespace was made, and every namespace was made before it was used.
        return offset_.load(std::memory_order_relaxed);
    }

private:
    friend class Registry;
    template <class>
    friend class BasicArcArray;
    static constexpr std::size_t bytes_per_owner = sizeof(void*);
    static constexpr Layout usual_control{2 * sizeof(void*), alignof(void*)}; // a pointer and a count
    static constexpr std::size_t unnumbered = static_cast<std::size_t>(-1);

    mutable std::atomic<std::size_t> offset_{unnumbered}; // atomic, see Registry::size
    Layout layout_;                                       // immutable, as all below
    ValueBlock block_;
    Init init_;
    Drop drop_; // null where there is nothing to do
    Copy copy_; // null where the policy copies nothing
    const char* name_;
    ResourcePolicy policy_;
};

} // namespace procspace
