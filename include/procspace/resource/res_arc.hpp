#pragma once
// ResArc: an owner of one resource value. Count and value share one allocation.
//
//      one block:   [ const Resource* | count | padding | T ]
//                   ^                                    ^
//                   handle: one pointer                  body(), at an offset that typed access knows at compile time

#include "../fwd.hpp"
#include "../core/lock.hpp"
#include "../core/memory.hpp"
#include "../core/ref_count.hpp"
#include "../core/result.hpp"
#include "../core/traits.hpp"
#include "descriptor.hpp"

#include <cstddef>
#include <new>
#include <type_traits>

namespace procspace {

/// The control block in front of every resource value.
template <class Traits>
class BasicResInner {
public:
    explicit BasicResInner(const Resource& resource) noexcept : resource_(&resource) {}

    [[nodiscard]] const Resource& resource() const noexcept { return *resource_; }

    /// Returns where the value is.
    [[nodiscard]] void* body() noexcept { return bytes() + offset(resource_->layout().align); }

    /// The same with the type known: a compile-time offset.
    template <class T>
    [[nodiscard]] T* body_as() noexcept {
        constexpr std::size_t distance = offset(alignof(T));
        return std::launder(reinterpret_cast<T*>(bytes() + distance));
    }

    /// Returns the layout of the whole block for a value of layout `body`.
    static constexpr Layout block(Layout body) noexcept {
        return {offset(body.align) + body.size,
                body.align > alignof(BasicResInner) ? body.align : alignof(BasicResInner)};
    }

private:
    friend class BasicAnyResArc<Traits>;

    static constexpr std::size_t offset(std::size_t align) noexcept {
        return (sizeof(BasicResInner) + align - 1) & ~(align - 1); // alignments are powers of two
    }
    unsigned char* bytes() noexcept { return reinterpret_cast<unsigned char*>(this); }

    const Resource* resource_; // immutable
    RefCount<Traits> count_;   // atomic, see core/ref_count.hpp
};

/// One owner of a resource value whose type is not known: what a namespace's array is made of.
///
/// Empty only after a move, or where a Result carries an error.
///
/// **Thread safety**: as std::shared_ptr's: distinct handles freely, one handle only for concurrent reads.
template <class Traits>
class BasicAnyResArc {
public:
    static constexpr std::size_t max_refcount = RefCount<Traits>::max;

    explicit BasicAnyResArc(NoValue) noexcept {}
    BasicAnyResArc(const BasicAnyResArc& other) : inner_(other.inner_) {
        if (inner_ != nullptr)
            inner_->count_.increment();
    }
    BasicAnyResArc(BasicAnyResArc&& other) noexcept : inner_(other.take()) {}
    BasicAnyResArc& operator=(const BasicAnyResArc& other) {
        if (inner_ != other.inner_) // else both name one value already: no read-modify-write
            assign(other);
        return *this;
    }
    /// The former value, if this was its last owner, dies after the handle names the new one: its destructor may look.
    BasicAnyResArc& operator=(BasicAnyResArc&& other) noexcept(!has_exceptions) {
        BasicAnyResArc former(static_cast<BasicAnyResArc&&>(other));
        swap(former);
        return *this;
    }
    /// A value's destructor may throw: its memory is returned all the same.
    ~BasicAnyResArc() noexcept(!has_exceptions) {
        if (inner_ != nullptr && inner_->count_.decrement())
            destroy(inner_);
    }

    /// Makes a value by its initialiser, with this handle as the only owner. What the initialiser throws passes
    /// through.
    /// **Errors**: no_memory. **Complexity**: one allocation.
    static Result<BasicAnyResArc> create(const Resource& resource) {
        return create(resource, [&resource](void* body) { resource.init(body); });
    }

    /// Makes a copy of the value of `from`, with this handle as the only owner. What the copy throws passes through.
    /// **Pre**: `from` is not empty, and the policy of its resource copies. **Errors** and **Complexity**: as create.
    static Result<BasicAnyResArc> create_copy(const BasicAnyResArc& from) {
        return create(from.resource(), [&from](void* body) { from.resource().copy(body, from.body()); });
    }

    [[nodiscard]] explicit operator bool() const noexcept { return inner_ != nullptr; }

    /// **Pre**, for all below: not empty.
    [[nodiscard]] const Resource& resource() const noexcept { return inner().resource(); }
    [[nodiscard]] void* body() const noexcept { return inner().body(); }
    template <class T>
    [[nodiscard]] T* body_as() const noexcept {
        return inner().template body_as<T>();
    }
    /// Returns true when no other handle names this value.
    [[nodiscard]] bool unique() const noexcept { return inner().count_.unique(); }
    /// Returns the number of owners at some recent moment: for diagnostics, never for a decision.
    [[nodiscard]] std::size_t use_count() const noexcept { return inner().count_.value(); }

    /// Returns true when both name one value (or both are empty).
    [[nodiscard]] bool same_as(const BasicAnyResArc& other) const noexcept { return inner_ == other.inner_; }

    void swap(BasicAnyResArc& other) noexcept {
        BasicResInner<Traits>* const mine = inner_;
        inner_ = other.inner_;
        other.inner_ = mine;
    }

private:
    explicit BasicAnyResArc(BasicResInner<Traits>* inner) noexcept : inner_(inner) {}

    template <class Construct>
    static Result<BasicAnyResArc> create(const Resource& resource, const Construct& construct) {
        const Layout layout = BasicResInner<Traits>::block(resource.layout());
        MemoryBlock<typename Traits::Memory> block(layout.size, layout.align);
        if (!block)
            return Errno::no_memory;
        // The value first: if its construction throws there is nothing to undo but the block.
        construct(static_cast<unsigned char*>(block.get()) + BasicResInner<Traits>::offset(resource.layout().align));
        return BasicAnyResArc(::new (block.release()) BasicResInner<Traits>(resource));
    }

    // The precondition, told to the compiler: else g++ follows the empty case of the copy constructor in here and
    // warns.
    [[nodiscard]] BasicResInner<Traits>& inner() const noexcept {
        if (inner_ == nullptr)
            __builtin_unreachable();
        return *inner_;
    }

    // Out of line, so that the compare in front of it is all that a caller carries.
    [[gnu::noinline]] void assign(const BasicAnyResArc& other) { *this = BasicAnyResArc(other); }

    BasicResInner<Traits>* take() noexcept {
        BasicResInner<Traits>* const inner = inner_;
        inner_ = nullptr;
        return inner;
    }

    static void destroy(BasicResInner<Traits>* inner) {
        struct Return { // returns the block also when the value's destructor throws
            BasicResInner<Traits>* inner;
            Layout layout;
            ~Return() {
                inner->~BasicResInner();
                Traits::Memory::deallocate(inner, layout.size, layout.align);
            }
        };
        const Resource& resource = inner->resource();
        Return guard{inner, BasicResInner<Traits>::block(resource.layout())};
        resource.drop(inner->body());
    }

    BasicResInner<Traits>* inner_ = nullptr;
};

/// One owner of a resource value of type T. Outlives the namespace it came from ("pin").
///
/// Empty only after a move; an empty one may be destroyed, assigned to and tested.
///
/// **Thread safety**: as std::shared_ptr's: distinct handles freely, one handle only for concurrent reads.
/// **Source**: seed 001, ResArc.
template <class T, class Traits>
class ResArc {
public:
    static constexpr std::size_t max_refcount = RefCount<Traits>::max;

    explicit ResArc(NoValue) noexcept : any_(NoValue{}) {}
    ResArc(const ResArc&) = default;
    ResArc(ResArc&&) noexcept = default;
    ResArc& operator=(const ResArc&) = default;
    ResArc& operator=(ResArc&&) noexcept(std::is_nothrow_destructible_v<T>) = default;
    ~ResArc() noexcept(std::is_nothrow_destructible_v<T>) {}

    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(any_); }

    /// Returns the value. **Pre**: not empty. **Complexity**: one addition.
    [[nodiscard]] Shared<T>& operator*() const noexcept { return *get(); }
    [[nodiscard]] Shared<T>* operator->() const noexcept { return get(); }
    [[nodiscard]] Shared<T>* get() const noexcept { return any_.template body_as<T>(); }

    /// Returns the value for writing if nobody shares it, else null. **Pre**: not empty.
    [[nodiscard]] T* get_mut() noexcept { return any_.unique() ? any_.template body_as<T>() : nullptr; }

    /// Returns the number of owners at some recent moment: for diagnostics, never for a decision. **Pre**: not empty.
    [[nodiscard]] std::size_t use_count() const noexcept { return any_.use_count(); }

    /// Returns true when both name one value: what kcmp(2) tells of two tasks.
    [[nodiscard]] bool same_as(const ResArc& other) const noexcept { return any_.same_as(other.any_); }

private:
    template <class U>
    friend class ResWrapper;

    explicit ResArc(BasicAnyResArc<Traits> any) noexcept : any_(static_cast<BasicAnyResArc<Traits>&&>(any)) {}

    BasicAnyResArc<Traits> any_;
};

} // namespace procspace
