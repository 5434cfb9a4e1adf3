#pragma once
// ResArc: an owner of one resource value. Count and value share one allocation: a block of their own, or the joint
// block of values that began together (joint_block.hpp).
//
//      own block:   [ padding | const Resource* | count | T ]
//                                                       ^
//                   handle: one pointer, to the value; the control block is right in front of it, whatever T's
//                   alignment

#include "../fwd.hpp"
#include "../core/lock.hpp"
#include "../core/memory.hpp"
#include "../core/ref_count.hpp"
#include "../core/result.hpp"
#include "../core/traits.hpp"
#include "descriptor.hpp"
#include "joint_block.hpp"

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

namespace procspace {

/// The control block in front of every resource value.
template <class Traits>
class BasicResInner {
public:
    explicit BasicResInner(const Resource& resource, bool joint = false) noexcept
        : resource_(reinterpret_cast<std::uintptr_t>(&resource) + (joint ? 1 : 0)) {
        static_assert(alignof(Resource) > 1);
    }

    [[nodiscard]] const Resource& resource() const noexcept {
        if constexpr (BasicJointBlock<Traits>::used)
            return *reinterpret_cast<const Resource*>(resource_ & ~std::uintptr_t{1});
        else
            return *reinterpret_cast<const Resource*>(resource_);
    }
    /// Returns whether the value is in a joint block.
    [[nodiscard]] bool joint() const noexcept {
        if constexpr (BasicJointBlock<Traits>::used)
            return (resource_ & 1) != 0;
        else
            return false;
    }

    /// The same as resource(), with one instruction less. **Pre**: joint().
    [[nodiscard]] const Resource& joint_resource() const noexcept {
        return *reinterpret_cast<const Resource*>(resource_ - 1);
    }

    /// Returns where the value is.
    [[nodiscard]] void* body() noexcept { return this + 1; }

    /// Returns the control block of the value at `body`.
    [[nodiscard]] static BasicResInner& of(void* body) noexcept {
        return *std::launder(reinterpret_cast<BasicResInner*>(body) - 1);
    }

private:
    friend class BasicAnyResArc<Traits>;

    std::uintptr_t resource_; // immutable: its address, and one more in a joint block
    RefCount<Traits> count_;  // atomic, see core/ref_count.hpp
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
    /// Adds an owner. **Panics** on overflow of the count, with nothing changed; so does the assignment.
    BasicAnyResArc(const BasicAnyResArc& other) : body_(other.body_ != nullptr ? other.shared() : nullptr) {}
    BasicAnyResArc(BasicAnyResArc&& other) noexcept : body_(other.body_) { other.body_ = nullptr; }
    BasicAnyResArc& operator=(const BasicAnyResArc& other) {
        if (body_ != other.body_) // else both name one value already: no read-modify-write
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
        if (body_ != nullptr && inner().count_.decrement_shared())
            destroy(body_);
    }

    /// Makes a value by its initialiser, with the handle as the only owner. What the initialiser throws passes
    /// through.
    /// **Errors**: no_memory. **Complexity**: one allocation.
    static Result<BasicAnyResArc> create(const Resource& resource) {
        BasicAnyResArc made(NoValue{});
        if (!made.renew(resource))
            return Errno::no_memory;
        return Result<BasicAnyResArc>(static_cast<BasicAnyResArc&&>(made));
    }

    /// Puts a fresh value of `resource` in place, or a copy of the one at `from` where that is not null; the former
    /// value dies last. Returns false, with nothing changed, when there is no memory. What initialisers, copies and
    /// destructors throw passes through. **Pre**: to copy, the policy of the resource copies.
    [[nodiscard]] bool renew(const Resource& resource, const void* from = nullptr) {
        void* const made = make(resource, from);
        if (made != nullptr)
            adopt(made);
        return made != nullptr;
    }

    [[nodiscard]] explicit operator bool() const noexcept { return body_ != nullptr; }

    /// **Pre**, for all below: not empty.
    [[nodiscard]] const Resource& resource() const noexcept { return inner().resource(); }
    [[nodiscard]] void* body() const noexcept { return body_; }
    template <class T>
    [[nodiscard]] T* body_as() const noexcept {
        if (body_ == nullptr) // the precondition, told to the compiler
            __builtin_unreachable();
        return std::launder(static_cast<T*>(body_));
    }
    /// Returns true when no other handle names this value.
    [[nodiscard]] bool unique() const noexcept { return inner().count_.unique(); }
    /// Returns the number of owners at some recent moment: for diagnostics, never for a decision.
    [[nodiscard]] std::size_t use_count() const noexcept { return inner().count_.value(); }

    /// Returns true when both name one value (or both are empty).
    [[nodiscard]] bool same_as(const BasicAnyResArc& other) const noexcept { return body_ == other.body_; }

    void swap(BasicAnyResArc& other) noexcept {
        void* const mine = body_;
        body_ = other.body_;
        other.body_ = mine;
    }

private:
    friend class BasicArcArray<Traits>;
    using Inner = BasicResInner<Traits>;
    using Joint = BasicJointBlock<Traits>;

    explicit BasicAnyResArc(void* body) noexcept : body_(body) {}

    // The precondition, told to the compiler: else g++ follows the empty case of the copy constructor in here and
    // warns.
    [[nodiscard]] Inner& inner() const noexcept {
        if (body_ == nullptr)
            __builtin_unreachable();
        return Inner::of(body_);
    }

    /// Returns the value with one more owner, for whom the caller answers.
    [[nodiscard]] void* shared() const {
        inner().count_.increment();
        return body_;
    }

    /// Takes away an owner who is likely to be the only one: a namespace. Returns true when it was the last.
    [[nodiscard]] static bool lose_owner(void* body) noexcept { return Inner::of(body).count_.decrement(); }

    // Out of line, as all below, so that the compare in front of it is all that a caller carries.
    [[gnu::noinline]] void assign(const BasicAnyResArc& other) {
        adopt(other.body_ != nullptr ? other.shared() : nullptr);
    }

    /// Takes over an owner, and gives up the former one last.
    [[gnu::noinline]] void adopt(void* body) {
        void* const former = body_;
        body_ = body;
        if (former != nullptr && Inner::of(former).count_.decrement())
            destroy(former);
    }

    /// Memory in which the value is not begun yet or has ended: returned at the end of the scope.
    struct Block {
        void* body;
        ~Block() {
            if (body != nullptr)
                deallocate(body);
        }
    };

    /// Puts the control block in front of `body`. Returns where the value goes.
    static void* control(void* body, const Resource& resource, bool joint) noexcept {
        ::new (static_cast<void*>(static_cast<Inner*>(body) - 1)) Inner(resource, joint);
        return body;
    }

    /// Returns where the value goes in a new block that has one owner, or null when there is no memory.
    [[nodiscard]] static void* allocate(const Resource& resource) noexcept {
        const ValueBlock& block = resource.template block_behind<Inner>();
        void* const memory = Traits::Memory::allocate(block.size, block.align);
        return memory != nullptr ? control(static_cast<unsigned char*>(memory) + block.head, resource, false) : nullptr;
    }
    [[gnu::noinline]] static void deallocate(void* body) noexcept {
        Inner& inner = Inner::of(body);
        const Resource& resource = inner.resource();
        if (inner.joint())
            return Joint::of(body, resource).lose(1);
        const ValueBlock& block = resource.template block_behind<Inner>();
        inner.~Inner();
        Traits::Memory::deallocate(static_cast<unsigned char*>(body) - block.head, block.size, block.align);
    }

    /// Returns the value in a block of its own, with one owner, or null when there is no memory.
    [[gnu::noinline]] static void* make(const Resource& resource, const void* from) {
        Block block{allocate(resource)};
        void* const body = block.body;
        if (body == nullptr)
            return nullptr;
        if (from == nullptr)
            resource.init(body);
        else
            resource.copy(body, from);
        block.body = nullptr;
        return body;
    }

    [[gnu::noinline]] static void destroy(void* body) {
        if (body == nullptr) // it is not, told to the compiler
            __builtin_unreachable();
        const Block at_end{body}; // also when the value's destructor throws
        Inner::of(body).resource().drop(body);
    }

    void* body_ = nullptr;
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
    /// Adds an owner. **Panics** on overflow of the count, with nothing changed; so does the assignment.
    ResArc(const ResArc&) = default;
    ResArc(ResArc&&) noexcept = default;
    ResArc& operator=(const ResArc&) = default;
    ResArc& operator=(ResArc&&) noexcept(std::is_nothrow_destructible_v<T>) = default;
    ~ResArc() noexcept(std::is_nothrow_destructible_v<T>) {}

    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(any_); }

    /// Returns the value. **Pre**: not empty. **Complexity**: nothing but the pointer.
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
