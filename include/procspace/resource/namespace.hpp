#pragma once
// Namespace: one owner of each resource, in one array.
//
//      Namespace --> [ AnyResArc | AnyResArc | ... ]      one element per registered resource, at Resource::index()

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
    /// the array and one for each resource.
    [[gnu::visibility("hidden")]] BasicNamespace() : BasicNamespace(or_raise(make())) {}

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
        return catching([] { return make(); });
    }

    /// Makes the namespace of a child: each resource shared, copied or fresh, as its policy and `flags` say. Flags that
    /// are no resource's are somebody else's (clone(2) has others), and ignored.
    /// **Errors**: out of memory is std::bad_alloc; a refusal of an authorisation hook panics: see try_fork().
    /// **Complexity**: one allocation, and one for each resource that is not shared; one increment for each that is.
    [[nodiscard]] static BasicNamespace fork(const BasicNamespace& parent, std::uint64_t flags = 0) {
        return or_raise(make_fork(parent, flags));
    }
    /// The same with errors as values. **Errors**: no_memory; what an authorisation hook says.
    [[nodiscard]] static Result<BasicNamespace> try_fork(const BasicNamespace& parent, std::uint64_t flags = 0) {
        return catching([&] { return make_fork(parent, flags); });
    }

    /// Gives `ns` values of its own for the resources that `flags` select. A copy that nobody shares is one already,
    /// and stays.
    /// **Errors**: out of memory is std::bad_alloc; the other errors of try_unshare() panic.
    /// **Complexity**: one allocation for each value, and one for the change.
    static void unshare(BasicNamespace& ns, std::uint64_t flags) { or_raise(ns.make_unshare(flags)); }
    /// The same with errors as values. **Errors**: no_memory; invalid (a flag that is no resource's, or of one that
    /// cannot be unshared); what an authorisation hook says.
    [[nodiscard]] static Result<void> try_unshare(BasicNamespace& ns, std::uint64_t flags) {
        return catching([&] { return ns.make_unshare(flags); });
    }

    /// Makes `ns` name the values of `target` for the resources that `flags` select; with `all_resources` for all that
    /// can be entered.
    /// **Errors**: out of memory is std::bad_alloc; the other errors of try_enter() panic.
    /// **Complexity**: one allocation for the change, one increment for each resource that they do not share yet.
    static void enter(BasicNamespace& ns, const BasicNamespace& target, std::uint64_t flags) {
        or_raise(ns.make_enter(target, flags));
    }
    /// The same with errors as values. **Errors**: no_memory; invalid (a flag that is no resource's, or of one that
    /// cannot be entered); what an authorisation hook says.
    [[nodiscard]] static Result<void> try_enter(BasicNamespace& ns, const BasicNamespace& target, std::uint64_t flags) {
        return catching([&] { return ns.make_enter(target, flags); });
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
    [[nodiscard]] Arc& at(const Resource& resource) const noexcept { return arcs_[resource.index()]; }

    [[nodiscard]] Arc& within(const Resource& resource) const {
        if (resource.index() >= arcs_.size()) [[unlikely]]
            refuse_resource();
        return at(resource);
    }
    [[nodiscard]] Arc& checked(const Resource& resource) const {
        Arc& arc = within(resource);
        if (&arc.resource() != &resource) [[unlikely]]
            refuse_resource();
        return arc;
    }
    [[noreturn, gnu::noinline, gnu::cold]] static void refuse_resource() {
        Traits::panic("no such resource in this namespace: it was moved from, or made by another program or shared "
                      "object than the resource",
                      Location::current());
    }

    void forbid_active() const {
        if (activation_.active()) [[unlikely]]
            Traits::panic("a namespace is destroyed or moved while it is the current one", Location::current());
    }

    [[nodiscard]] const Arc& for_children(std::size_t index) const noexcept {
        return next_.size() != 0 && next_[index] ? next_[index] : arcs_[index];
    }

    [[gnu::visibility("hidden")]] static Result<BasicNamespace> make() {
        Arcs arcs;
        bool complete = arcs.try_allocate(Registry::size());
        Registry::for_each([&](const Resource& resource) {
            if (complete)
                complete = put(arcs[resource.index()], Arc::create(resource));
        });
        return finished(arcs, complete);
    }

    static Result<BasicNamespace> make_fork(const BasicNamespace& parent, std::uint64_t flags) {
        if (const Errno refusal = parent.authorise(NamespaceChange::fork, flags, nullptr); refusal != Errno::ok)
            return refusal;
        Arcs arcs;
        const std::size_t size = parent.arcs_.size();
        bool complete = arcs.try_allocate(size);
        for (std::size_t i = 0; complete && i < size; ++i) {
            const Arc& from = parent.for_children(i);
            complete = put(arcs[i], made_by(from.resource().policy().fork_rule(flags), from));
        }
        return finished(arcs, complete);
    }

    static Result<BasicNamespace> finished(Arcs& arcs, bool complete) {
        if (!complete)
            return Errno::no_memory;
        BasicNamespace ns(NoValue{});
        ns.arcs_.swap(arcs);
        return Result<BasicNamespace>(static_cast<BasicNamespace&&>(ns));
    }

    Result<void> make_unshare(std::uint64_t flags) {
        const auto possible = [](const ResourcePolicy& policy) { return policy.on_unshare != ForkRule::share; };
        if (const Errno refusal = permit(NamespaceChange::unshare, flags, nullptr, possible); refusal != Errno::ok)
            return refusal;
        return change(flags, possible, [this](std::size_t i, const ResourcePolicy& policy) -> Result<Arc> {
            const Arc& from = for_children(i);
            const bool own = !policy.next_child_only || &from != &arcs_[i];
            if (policy.on_unshare == ForkRule::copy && own && from.unique())
                return Arc(NoValue{});
            return made_by(policy.on_unshare, from);
        });
    }

    Result<void> make_enter(const BasicNamespace& target, std::uint64_t flags) {
        if (target.arcs_.size() != arcs_.size())
            refuse_resource();
        const auto possible = [](const ResourcePolicy& policy) { return policy.enterable; };
        if (const Errno refusal = permit(NamespaceChange::enter, flags, &target, possible); refusal != Errno::ok)
            return refusal;
        return change(flags, possible, [&](std::size_t i, const ResourcePolicy&) -> Result<Arc> {
            if (for_children(i).same_as(target.arcs_[i]))
                return Arc(NoValue{});
            return Arc(target.arcs_[i]);
        });
    }

    static Result<Arc> made_by(ForkRule rule, const Arc& from) {
        switch (rule) {
        case ForkRule::copy:
            return Arc::create_copy(from);
        case ForkRule::fresh:
            return Arc::create(from.resource());
        default:
            return Arc(from);
        }
    }

    /// Puts what was made into an empty place. Returns false if there was no memory for it.
    static bool put(Arc& place, Result<Arc>&& made) {
        place.swap(made.value);
        return static_cast<bool>(made);
    }

    /// Checks the flags of a change, then asks the hooks.
    template <class Possible>
    Errno permit(NamespaceChange what, std::uint64_t flags, const BasicNamespace* target, Possible possible) const {
        std::uint64_t unknown = flags == all_resources ? 0 : flags;
        for (std::size_t i = 0; i < arcs_.size(); ++i) {
            const ResourcePolicy& policy = arcs_[i].resource().policy();
            unknown &= ~policy.share_flag;
            if (flags != all_resources && policy.selected(flags) && !possible(policy))
                return Errno::invalid;
        }
        return unknown != 0 ? Errno::invalid : authorise(what, flags, target);
    }

    Errno authorise(NamespaceChange what, std::uint64_t flags, const BasicNamespace* target) const {
        for (std::size_t i = 0; i < arcs_.size(); ++i) {
            const ResourcePolicy& policy = arcs_[i].resource().policy();
            if (policy.authorise == nullptr || !policy.selected(flags))
                continue;
            const void* const to = target != nullptr ? target->arcs_[i].body() : nullptr;
            if (const Errno refusal = policy.authorise(what, for_children(i).body(), to); refusal != Errno::ok)
                return refusal;
        }
        return Errno::ok;
    }

    /// The transaction: `make(i, policy)` returns what is to stand at i, empty for what stands there.
    template <class Possible, class Make>
    Result<void> change(std::uint64_t flags, Possible possible, Make make) {
        Arcs candidate;
        if (!candidate.try_allocate(arcs_.size()))
            return Errno::no_memory;
        bool for_next_child = false;
        for (std::size_t i = 0; i < arcs_.size(); ++i) {
            const ResourcePolicy& policy = arcs_[i].resource().policy();
            if (!policy.selected(flags) || !possible(policy))
                continue;
            if (!put(candidate[i], make(i, policy)))
                return Errno::no_memory;
            for_next_child |= policy.next_child_only && candidate[i];
        }
        if (for_next_child && next_.size() == 0 && !next_.try_allocate(arcs_.size()))
            return Errno::no_memory;
        // From here on nothing fails.
        for (std::size_t i = 0; i < arcs_.size(); ++i)
            if (candidate[i])
                (candidate[i].resource().policy().next_child_only ? next_[i] : arcs_[i]).swap(candidate[i]);
        candidate.release();
        return {};
    }

    template <class F>
    static auto catching(F f) -> decltype(f()) {
        PROCSPACE_TRY {
            return f();
        }
        PROCSPACE_CATCH(const std::bad_alloc&) {
            return Errno::no_memory;
        }
    }

    static BasicNamespace or_raise(Result<BasicNamespace>&& made) {
        or_raise(Result<void>(made.error));
        return static_cast<BasicNamespace&&>(made.value);
    }
    static void or_raise(Result<void> outcome) {
        if (outcome.error == Errno::no_memory)
            raise_no_memory<Traits>(Location::current());
        if (!outcome)
            Traits::panic("a change of a namespace was refused: use the try_ form to get this as a value",
                          Location::current());
    }

    Arcs arcs_;                                 // the owner's to synchronise, as the next
    Arcs next_;                                 // for the next child: no elements, or mostly empty ones
    mutable ActivationMark<Traits> activation_; // atomic
};

} // namespace procspace
