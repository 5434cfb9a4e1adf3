#pragma once
// What fork, unshare and enter do. Each builds all that is new first; the exchange at the end cannot fail.

#include "../fwd.hpp"
#include "namespace.hpp"

#include <cstddef>
#include <cstdint>

namespace procspace {

template <class Traits>
Errno BasicNamespace<Traits>::make_fork(Arcs& arcs, std::uint64_t flags) const {
    // Without flags, as most of the time, nothing is asked: to the compiler, all behind permit() is as seldom as that.
    if (flags != 0)
        if (const Errno refusal = permit(NamespaceChange::fork, flags, nullptr); refusal != Errno::ok)
            return refusal;
    bool complete = arcs.reserve(arcs_.size());
    for (std::size_t i = 0; complete && i < arcs_.size(); ++i) {
        const Arc& from = for_children(i);
        complete = push(arcs, from.resource().policy().fork_rule(flags), from);
    }
    return complete ? Errno::ok : Errno::no_memory;
}

/// Adds what `rule` makes of `from`. Returns false when there is no memory.
template <class Traits>
bool BasicNamespace<Traits>::push(Arcs& arcs, ForkRule rule, const Arc& from) {
    if (rule != ForkRule::share)
        return arcs.push_new(from.resource(), rule == ForkRule::copy ? from.body() : nullptr);
    arcs.push_shared(from);
    return true;
}

template <class Traits>
void BasicNamespace<Traits>::must_change(NamespaceChange what, std::uint64_t flags, const BasicNamespace* target) {
    Arcs former;
    or_raise(change(former, what, flags, target));
    former.release();
}

template <class Traits>
Result<void> BasicNamespace<Traits>::try_change(NamespaceChange what, std::uint64_t flags,
                                                const BasicNamespace* target) {
    Arcs former;
    const Errno error = catching([&] { return change(former, what, flags, target); });
    if (error == Errno::ok)
        former.release(); // not in the above: whatever a destructor throws, the change has been made
    return error;
}

/// The transaction of unshare, and of enter with a target. `candidate` is empty first; then it has what is to come, and
/// in the end what was there, for the caller to release.
template <class Traits>
Errno BasicNamespace<Traits>::change(Arcs& candidate, NamespaceChange what, std::uint64_t flags,
                                     const BasicNamespace* target) {
    if (const Errno refusal = permit(what, flags, target); refusal != Errno::ok)
        return refusal;
    bool complete = candidate.try_resize(arcs_.size()); // an empty element: what stands there stays
    bool for_next_child = false;
    for (std::size_t i = 0; complete && i < candidate.size(); ++i)
        if (policy(i).selected(flags) && policy(i).allows(what)) {
            complete = propose(candidate[i], i, target);
            for_next_child |= policy(i).next_child_only;
        }
    if (complete && for_next_child && next_.size() == 0)
        complete = next_.try_resize(arcs_.size());
    if (!complete)
        return Errno::no_memory;
    // From here on nothing fails.
    for (std::size_t i = 0; i < candidate.size(); ++i)
        if (candidate[i])
            (policy(i).next_child_only ? next_[i] : arcs_[i]).swap(candidate[i]);
    return Errno::ok;
}

/// Gives an empty place what is to stand at `i`, or nothing where that stands there already.
template <class Traits>
bool BasicNamespace<Traits>::propose(Arc& place, std::size_t i, const BasicNamespace* target) {
    const Arc& now = for_children(i);
    if (target != nullptr) {
        if (!now.same_as(target->arcs_[i]))
            place = target->arcs_[i];
        return true;
    }
    const bool copies = policy(i).on_unshare == ForkRule::copy;
    const bool own = !policy(i).next_child_only || &now != &arcs_[i]; // and not what the namespace itself keeps
    if (copies && own && now.unique())
        return true;
    return place.renew(now.resource(), copies ? now.body() : nullptr);
}

/// Checks that the change is possible for every resource that a flag names and, but for a fork, that every flag names
/// one; asks the hooks.
template <class Traits>
Errno BasicNamespace<Traits>::permit(NamespaceChange what, std::uint64_t flags, const BasicNamespace* target) const {
    if (flags == 0) // selects nothing
        return Errno::ok;
    // Two namespaces of one registry have the same resources at all places, two of different ones at none.
    if (target != nullptr && arcs_.size() != 0)
        static_cast<void>(target->checked(arcs_[0].resource()));
    std::uint64_t unknown = what == NamespaceChange::fork || flags == all_resources ? 0 : flags;
    for (std::size_t i = 0; i < arcs_.size(); ++i) {
        const ResourcePolicy& its = policy(i);
        unknown &= ~its.share_flag;
        if (!its.selected(flags))
            continue;
        Errno refusal = Errno::ok;
        if (!its.allows(what))
            refusal = flags == all_resources ? Errno::ok : Errno::invalid;
        else if (its.authorise != nullptr)
            refusal =
                its.authorise(what, for_children(i).body(), target != nullptr ? target->arcs_[i].body() : nullptr);
        if (refusal != Errno::ok)
            return refusal;
    }
    return unknown == 0 ? Errno::ok : Errno::invalid;
}

} // namespace procspace
