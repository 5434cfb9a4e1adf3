#pragma once
// ResourcePolicy: what fork, unshare and enter do with a resource. Declared where the resource is defined.

#include "../fwd.hpp"
#include "../core/result.hpp"

#include <cstdint>

namespace procspace {

/// Where the value for a new namespace comes from.
enum class ForkRule : unsigned char {
    share, ///< the parent's own: one more owner
    copy,  ///< a copy of the parent's, by T's copy constructor
    fresh  ///< one made by the resource's initialiser
};

/// Which change of a namespace an authorisation hook is asked about.
enum class NamespaceChange : unsigned char { fork, unshare, enter };

/// The flags that stand for every resource, those without a flag of their own included.
inline constexpr std::uint64_t all_resources = ~std::uint64_t{0};

/// What becomes of one resource when its namespace is forked, unshared or entered. The flags are the user's own
/// numbers; the examples have Linux's.
///
///     constexpr ResourcePolicy files{.on_fork = ForkRule::copy, .share_flag = CLONE_FILES,
///                                    .on_unshare = ForkRule::copy, .enterable = false};
///     constexpr ResourcePolicy uts{.share_flag = CLONE_NEWUTS, .on_unshare = ForkRule::copy};
///     constexpr ResourcePolicy pids{.share_flag = CLONE_NEWPID, .next_child_only = true};
struct ResourcePolicy {
    /// What a fork does when the flag is clear.
    ForkRule on_fork = ForkRule::share;
    /// The flag about sharing, 0 for none. Set in a fork it selects the other choice: sharing for what is copied or
    /// fresh otherwise (CLONE_FILES), and `on_unshare` for what is shared otherwise (CLONE_NEWUTS). For unshare and
    /// enter it selects the resource.
    std::uint64_t share_flag = 0;
    /// What unshare puts in place; with `share` the resource can't be unshared.
    ForkRule on_unshare = ForkRule::fresh;
    /// Whether a namespace may take over that of another one, as setns(2) does.
    bool enterable = true;
    /// Unshare and enter leave the namespace its own value: only namespaces that are forked from it later get the new
    /// one (pid and time namespaces).
    bool next_child_only = false;
    /// Asked, where there is one, before a change that a flag selects: `from` is the value there is, `to` the one to
    /// enter or null. Anything but ok refuses the whole change. Runs before anything is built, without a lock; the
    /// change may still be refused for another reason.
    Errno (*authorise)(NamespaceChange change, const void* from, const void* to) = nullptr;

    /// Returns whether unshare or enter with these flags means this resource.
    [[nodiscard]] constexpr bool selected(std::uint64_t flags) const noexcept {
        return flags == all_resources || (flags & share_flag) != 0;
    }
    /// Returns whether the change can be made to this resource at all.
    [[nodiscard]] constexpr bool allows(NamespaceChange change) const noexcept {
        return change == NamespaceChange::fork ||
               (change == NamespaceChange::enter ? enterable : on_unshare != ForkRule::share);
    }
    /// Returns what a fork with these flags does.
    [[nodiscard]] constexpr ForkRule fork_rule(std::uint64_t flags) const noexcept {
        if ((flags & share_flag) == 0)
            return on_fork;
        return on_fork == ForkRule::share ? on_unshare : ForkRule::share;
    }
    /// Returns whether any change can ask for a copy.
    [[nodiscard]] constexpr bool copies() const noexcept {
        return on_fork == ForkRule::copy || on_unshare == ForkRule::copy;
    }
};

} // namespace procspace
