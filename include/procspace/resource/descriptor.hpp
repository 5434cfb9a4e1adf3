#pragma once
// Resource: what the library knows of a resource's type: how large it is, how to begin, copy and end one, and what
// becomes of it when a namespace is forked.

#include "../fwd.hpp"
#include "policy.hpp"

#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <type_traits>

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

/// The memory of one value in a block of its own: `head` bytes for the control block, then the value.
struct ValueBlock {
    std::size_t head;
    std::size_t size; ///< of the whole
    std::size_t align;

    static constexpr ValueBlock of(Layout value, Layout control) noexcept {
        const std::size_t head = (control.size + value.align - 1) & ~(value.align - 1); // alignments are powers of two
        const std::size_t size = (head + value.size + control.align - 1) & ~(control.align - 1); // a multiple of that
        return {head, size, value.align > control.align ? value.align : control.align};
    }
};

/// Types whose values begin where their bytes are stored.
template <class T>
concept ImplicitLifetime = std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T> &&
                           (std::is_aggregate_v<T> || std::is_trivially_default_constructible_v<T> ||
                            std::is_trivially_copy_constructible_v<T> || std::is_trivially_move_constructible_v<T>);

/// How a value begins: by a function, and where it is known when the program is compiled and fits into a word also by
/// its bytes. To store them costs less than a call through a pointer, which no processor guesses in a loop over types.
struct Initialiser {
    using Function = void (*)(void* body);

    Function function;
    bool constant = false;
    std::size_t word = 0; ///< the bytes, where constant

    constexpr Initialiser(std::convertible_to<Function> auto its_function) noexcept : function(its_function) {}

    /// Returns that of T for `its_function`; `value.operator()<T>()` returns what the function constructs.
    template <class T, class Value>
    static constexpr Initialiser of(Function its_function, Value) noexcept {
        Initialiser made(its_function);
        // Without pointers, which may be to the value itself, and without padding: bit_cast sees to that. T's lifetime
        // begins where its bytes are stored. An array cannot be returned, and T(args...) is no expression of it.
        if constexpr (ImplicitLifetime<T> && !std::is_array_v<T> && fits_word<T>) {
            if constexpr (requires { typename Word<word_of(Value().template operator()<T>())>; }) {
                made.constant = true;
                made.word = word_of(Value().template operator()<T>());
            }
        }
        return made;
    }

private:
    // Not the empty type of size 0 that compilers have as an extension: nobody leaves room for it.
    template <class T>
    static constexpr bool fits_word = sizeof(T) != 0 && sizeof(T) <= sizeof(std::size_t);
    template <std::size_t>
    struct Word;
    template <std::size_t Size>
    struct Bytes {
        unsigned char at[Size];
    };
    template <class T>
    static constexpr std::size_t word_of(const T& value) noexcept {
        const auto bytes = std::bit_cast<Bytes<sizeof(T)>>(value);
        Bytes<sizeof(std::size_t)> word{};
        for (std::size_t i = 0; i < sizeof(T); ++i)
            word.at[i] = bytes.at[i];
        return std::bit_cast<std::size_t>(word);
    }
};

/// The static descriptor of one resource. There is one per definition, made by the macros of define.hpp at compile
/// time.
///
/// Everything is immutable but the resource's place in every namespace's array, and its value's in joint blocks: the
/// registry gives them when the first namespace is made that needs them.
///
/// **Thread safety**: all members may be called concurrently.
class Resource {
public:
    using Drop = void (*)(void* body);
    using Copy = void (*)(void* body, const void* from);

    constexpr Resource(const char* its_name, Layout its_layout, Initialiser how_to_init, Drop how_to_drop,
                       Copy how_to_copy = nullptr, const ResourcePolicy& its_policy = {}) noexcept
        : init_(how_to_init), drop_(how_to_drop), block_(ValueBlock::of(its_layout, usual_control)),
          layout_(its_layout), copy_(how_to_copy), name_(its_name), policy_(its_policy) {}
    Resource(const Resource&) = delete;
    Resource& operator=(const Resource&) = delete;

    [[nodiscard]] constexpr const char* name() const noexcept { return name_; }
    [[nodiscard]] constexpr Layout layout() const noexcept { return layout_; }
    [[nodiscard]] constexpr const ResourcePolicy& policy() const noexcept { return policy_; }
    /// Returns the memory of a value behind a Control. Computed beforehand for the usual one.
    template <class Control>
    [[nodiscard]] constexpr decltype(auto) block_behind() const noexcept {
        constexpr Layout control = Layout::of<Control>();
        if constexpr (control.size == usual_control.size && control.align == usual_control.align)
            return (block_);
        else
            return ValueBlock::of(layout_, control);
    }

    /// Constructs a value at `body`. What the user's initialiser throws passes through.
    /// **Pre**: `body` has the size and alignment of layout() and holds nothing.
    void init(void* body) const { init_.function(body); }

    /// Constructs a value at `body` if it is known in advance. Returns whether it is. **Pre**: as init; behind the
    /// value the block goes on to the end of a word, as a joint block does.
    [[nodiscard]] bool init_constant(void* body) const noexcept {
        const bool constant = init_.constant; // not read again behind the copy, which to the compiler may change it
        if (constant) [[likely]]
            __builtin_memcpy(body, &init_.word, sizeof init_.word);
        return constant;
    }
    /// Returns whether init_constant() does what init() does.
    [[nodiscard]] bool has_constant() const noexcept { return init_.constant; }

    /// Constructs a copy of the value at `from`. What T's copy constructor throws passes through.
    /// **Pre**: as init; the policy copies.
    void copy(void* body, const void* from) const { copy_(body, from); }

    /// Destroys the value at `body`; nothing happens for a type without a destructor of its own. What its destructor
    /// throws passes through.
    void drop(void* body) const {
        if (has_drop())
            drop_(body);
    }
    /// Returns whether drop() does anything.
    [[nodiscard]] bool has_drop() const noexcept { return drop_ != nullptr; }

    /// Returns the place in a namespace's array. **Pre**: a namespace exists.
    [[nodiscard]] std::size_t index() const noexcept { return offset() / bytes_per_owner; }

    /// The same in bytes from the array's beginning. This is what is stored: an access that has to scale an index waits
    /// one cycle longer on some processors.
    [[nodiscard]] std::size_t offset() const noexcept {
        // relaxed, as the three below: written before the first namespace was made that needs it, and every namespace
        // was made before it was used.
        return offset_.load(std::memory_order_relaxed);
    }

    /// Returns the resource with the next index, or null behind the last one. **Pre**: a namespace exists.
    [[nodiscard]] const Resource* next() const noexcept { return next_.load(std::memory_order_relaxed); }

    /// Returns where its values stand in joint blocks, from their beginning; 0 when they have blocks of their own.
    /// **Pre**: Registry::place_values() has been called, as by the first namespace that has joint blocks.
    [[nodiscard]] std::size_t place() const noexcept { return place_.load(std::memory_order_relaxed); }
    /// Returns the size of the joint block in which this resource is the first, else 0. **Pre**: as place().
    [[nodiscard]] std::size_t joint_size() const noexcept { return joint_size_.load(std::memory_order_relaxed); }

private:
    friend class JointPlaces;
    friend class Registry;
    template <class>
    friend class BasicArcArray;
    static constexpr std::size_t bytes_per_owner = sizeof(void*);
    static constexpr Layout usual_control{2 * sizeof(void*), alignof(void*)}; // a pointer and a count
    static constexpr std::size_t unnumbered = static_cast<std::size_t>(-1);

    mutable std::atomic<std::size_t> offset_{unnumbered}; // atomic, as the next three: see Registry::size
    mutable std::atomic<const Resource*> next_{nullptr};
    mutable std::atomic<unsigned> place_{0};
    mutable std::atomic<unsigned> joint_size_{0};
    Initialiser init_; // immutable, as all below
    Drop drop_;        // null where there is nothing to do
    ValueBlock block_;
    Layout layout_;
    Copy copy_; // null where the policy copies nothing
    const char* name_;
    ResourcePolicy policy_;
};

} // namespace procspace
