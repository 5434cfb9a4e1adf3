#pragma once
// Namespace: one owner of each resource, in one array.
//
//      Namespace --> [ AnyResArc | AnyResArc | ... ]      one element per registered resource, at Resource::index()
//
// How it is forked, unshared and entered is defined in namespace_change.hpp, which the typed keys bring.

#include "../fwd.hpp"
#include "../core/config.hpp"
#include "../core/result.hpp"
#include "../core/traits.hpp"
#include "activation.hpp"
#include "arc_array.hpp"
#include "registry.hpp"
#include "res_arc.hpp"

#include <cstddef>
#include <cstdint>
#include <new>

namespace procspace {

/// A set of resources: exactly one of each that the program defines, own or shared with other namespaces.
///
/// Invariant: the array has Registry::size() elements and none of them is empty. A moved-from namespace has no array:
/// destroy it or assign to it.
///
/// fork, unshare and enter do with each resource what its ResourcePolicy says. Each is one transaction: everything new
/// is made first, then put in place by steps that cannot fail, and what was replaced dies last. Should it fail, by an
/// error, an exception of T's or a panic, nothing has changed.
///
/// **Thread safety**: as a container's: distinct namespaces freely, even when they share resources; one namespace only
/// for concurrent reads. `ResWrapper::get` is a read, and so is to be forked or entered.
/// **Source**: seed 000, Namespace.
template <class Traits>
class BasicNamespace {
    static_assert(ValidTraits<Traits>, "procspace: these traits miss a policy or have one of the wrong form");
    using Arc = BasicAnyResArc<Traits>;
    using Arcs = BasicArcArray<Traits>;

public:
    /// Makes every resource by its initialiser. What an initialiser throws passes through, with nothing left behind.
    /// **Errors**: out of memory is std::bad_alloc, or a panic without exceptions. **Complexity**: one allocation for
    /// the array and one for each resource; with joint blocks (core/memory.hpp) one for each of these.
    [[gnu::visibility("hidden")]] BasicNamespace() { or_no_memory(fill(arcs_)); }

    /// The state of a moved-from namespace.
    explicit BasicNamespace(NoValue) noexcept {}

    /// **Panics** when `other` is active.
    BasicNamespace(BasicNamespace&& other) noexcept {
        other.forbid_active();
        swap(other);
    }
    BasicNamespace& operator=(BasicNamespace&& other) noexcept(!has_exceptions) {
        BasicNamespace former(static_cast<BasicNamespace&&>(other));
        swap(former);
        return *this;
    }

    /// Gives up every resource. Should destructors of values throw, all the others are given up nevertheless, and the
    /// first exception leaves. **Panics** when it is active.
    ~BasicNamespace() noexcept(!has_exceptions) {
        forbid_active();
        next_.release();
        arcs_.release();
    }

    /// Exchanges the resources; where each is active stays as it is.
    void swap(BasicNamespace& other) noexcept {
        arcs_.swap(other.arcs_);
        next_.swap(other.next_);
    }

    /// As the constructor, with out of memory as a value, that of an initialiser which throws std::bad_alloc included.
    /// **Errors**: no_memory.
    [[nodiscard, gnu::visibility("hidden")]] static Result<BasicNamespace> try_create() {
        Arcs arcs;
        return finished(arcs, catching([&] { return fill(arcs) ? Errno::ok : Errno::no_memory; }));
    }

    /// Makes the namespace of a child: each resource shared, copied or fresh, as its policy and `flags` say. Flags that
    /// are no resource's are somebody else's (clone(2) has others), and ignored.
    /// **Errors**: out of memory is std::bad_alloc; a refusal of an authorisation hook panics: see try_fork().
    /// **Complexity**: one allocation, and one for each resource that is not shared; one increment for each that is.
    [[nodiscard]] static BasicNamespace fork(const BasicNamespace& parent, std::uint64_t flags = 0) {
        return BasicNamespace(parent, flags);
    }
    /// The same with errors as values. **Errors**: no_memory; what an authorisation hook says.
    [[nodiscard]] static Result<BasicNamespace> try_fork(const BasicNamespace& parent, std::uint64_t flags = 0) {
        Arcs arcs;
        return finished(arcs, catching([&] { return parent.make_fork(arcs, flags); }));
    }

    /// Gives `ns` values of its own for the resources that `flags` select. A copy that nobody shares is one already,
    /// and stays.
    /// **Errors**: out of memory is std::bad_alloc; the other errors of try_unshare() panic.
    /// **Complexity**: one allocation for each value, and one for the change.
    static void unshare(BasicNamespace& ns, std::uint64_t flags) {
        ns.must_change(NamespaceChange::unshare, flags, nullptr);
    }
    /// The same with errors as values. **Errors**: no_memory; invalid (a flag that is no resource's, or of one that
    /// cannot be unshared); what an authorisation hook says.
    [[nodiscard]] static Result<void> try_unshare(BasicNamespace& ns, std::uint64_t flags) {
        return ns.try_change(NamespaceChange::unshare, flags, nullptr);
    }

    /// Makes `ns` name the values of `target` for the resources that `flags` select; with `all_resources` for all that
    /// can be entered.
    /// **Errors**: out of memory is std::bad_alloc; the other errors of try_enter() panic.
    /// **Complexity**: one allocation for the change, one increment for each resource that they do not share yet.
    static void enter(BasicNamespace& ns, const BasicNamespace& target, std::uint64_t flags) {
        ns.must_change(NamespaceChange::enter, flags, &target);
    }
    /// The same with errors as values. **Errors**: no_memory; invalid (a flag that is no resource's, or of one that
    /// cannot be entered); what an authorisation hook says.
    [[nodiscard]] static Result<void> try_enter(BasicNamespace& ns, const BasicNamespace& target, std::uint64_t flags) {
        return ns.try_change(NamespaceChange::enter, flags, &target);
    }

    /// Returns the owner of `resource` here.
    /// **Panics** when there is none: moved from, or `resource` is one of another program or shared object.
    [[nodiscard]] const Arc& get(const Resource& resource) const { return checked(resource); }
    /// The same for exchanging it. It must not be left empty.
    [[nodiscard]] Arc& get_mut(const Resource& resource) { return checked(resource); }
    /// Returns the owner that a fork starts from: another one than get() where `next_child_only` has put it aside.
    /// **Panics** as get().
    [[nodiscard]] const Arc& get_for_children(const Resource& resource) const {
        static_cast<void>(checked(resource));
        return for_children(resource.index());
    }

    /// Returns where this namespace is the current one: kept by the provider of the current namespace.
    [[nodiscard]] ActivationMark<Traits>& activation() const noexcept { return activation_; }

private:
    template <class T>
    friend class ResWrapper;

    /// For the typed key: no check. **Pre**: as get().
    [[nodiscard]] Arc& at(const Resource& resource) const noexcept { return arcs_.at_offset(resource.offset()); }

    [[nodiscard]] Arc& within(const Resource& resource) const {
        if (resource.index() >= arcs_.size()) [[unlikely]]
            refuse_resource();
        return at(resource);
    }
    [[nodiscard, gnu::noinline]] Arc& checked(const Resource& resource) const {
        Arc& arc = within(resource);
        if (&arc.resource() != &resource) [[unlikely]]
            refuse_resource();
        return arc;
    }
    [[noreturn, PROCSPACE_SELDOM]] static void refuse_resource() {
        raise_panic<Traits>(
            "no such resource in this namespace: it was moved from, or made by another program or shared object than "
            "the resource");
    }

    // For the typed key as well, out of line.
    [[gnu::noinline]] void share(const Resource& resource, const BasicNamespace& from) {
        checked(resource) = from.checked(resource);
    }
    bool renew(const Resource& resource) { return checked(resource).renew(resource); }

    void forbid_active() const {
        if (activation_.active()) [[unlikely]]
            raise_panic<Traits>("a namespace is destroyed or moved while it is the current one");
    }

    [[nodiscard]] const Arc& for_children(std::size_t index) const noexcept {
        return next_.size() != 0 && next_[index] ? next_[index] : arcs_[index];
    }

    explicit BasicNamespace(Arcs& arcs) noexcept { arcs_.swap(arcs); }
    BasicNamespace(const BasicNamespace& parent, std::uint64_t flags) { or_raise(parent.make_fork(arcs_, flags)); }

    static Result<BasicNamespace> finished(Arcs& arcs, Errno error) {
        if (error != Errno::ok)
            return error;
        return Result<BasicNamespace>(BasicNamespace(arcs));
    }

    [[gnu::visibility("hidden")]] static bool fill(Arcs& arcs) {
        const std::size_t size = Registry::size(); // before the walk
        if constexpr (BasicJointBlock<Traits>::used)
            Registry::place_values();
        return arcs.fill(size, Registry::Walk());
    }

    // Defined in namespace_change.hpp:
    Errno make_fork(Arcs& arcs, std::uint64_t flags) const;
    static bool push(Arcs& arcs, ForkRule rule, const Arc& from);
    [[PROCSPACE_SELDOM]] void must_change(NamespaceChange what, std::uint64_t flags, const BasicNamespace* target);
    Result<void> try_change(NamespaceChange what, std::uint64_t flags, const BasicNamespace* target);
    [[PROCSPACE_SELDOM]] Errno change(Arcs& candidate, NamespaceChange what, std::uint64_t flags,
                                      const BasicNamespace* target);
    [[PROCSPACE_SELDOM]] bool propose(Arc& place, std::size_t i, const BasicNamespace* target);
    [[PROCSPACE_SELDOM]] Errno permit(NamespaceChange what, std::uint64_t flags, const BasicNamespace* target) const;

    [[nodiscard]] const ResourcePolicy& policy(std::size_t index) const noexcept {
        return arcs_[index].resource().policy();
    }

    // An initialiser may allocate as well: its std::bad_alloc is out of memory like any other.
    template <class F>
    static Errno catching(F f) {
        PROCSPACE_TRY {
            return f();
        }
        PROCSPACE_CATCH(const std::bad_alloc&) {
            return Errno::no_memory;
        }
    }

    static void or_no_memory(bool complete) {
        if (!complete) [[unlikely]]
            raise_no_memory<Traits>();
    }
    static void or_raise(Errno error) {
        if (error != Errno::ok) [[unlikely]]
            raise(error);
    }
    [[noreturn, PROCSPACE_SELDOM]] static void raise(Errno error) {
        if (error == Errno::no_memory)
            raise_no_memory<Traits>();
        raise_panic<Traits>("a change of a namespace was refused: use the try_ form to get this as a value");
    }

    Arcs arcs_;                                 // the owner's to synchronise, as the next
    Arcs next_;                                 // for the next child: no elements, or mostly empty ones
    mutable ActivationMark<Traits> activation_; // atomic
};

} // namespace procspace
