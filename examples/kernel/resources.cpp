// Resources: define, share, reset, pin, overflow. On one processor, then on all at once.
#include "kernel.hpp"

namespace kernel {

using procspace::ForkRule;
constexpr procspace::ResourcePolicy files_policy{
    .on_fork = ForkRule::copy, .share_flag = share_files, .on_unshare = ForkRule::copy, .enterable = false};
constexpr procspace::ResourcePolicy host_policy{.share_flag = new_host, .on_unshare = ForkRule::copy};
constexpr procspace::ResourcePolicy own_policy{.on_fork = ForkRule::fresh};

PROCSPACE_RESOURCE_WITH(files_policy, FileTable, files)
PROCSPACE_RESOURCE_WITH(host_policy, Host, host)
PROCSPACE_RESOURCE_WITH(own_policy, std::atomic<unsigned>, time_used, 0U)
PROCSPACE_RESOURCE_WITH(own_policy, unsigned, owner, 0U)

namespace {

/// Counts of owners begin where only one more fits.
struct FewOwnersLeft : Traits {
    template <class U>
    struct Atomic : std::atomic<U> {
        constexpr Atomic(U) noexcept : std::atomic<U>(procspace::RefCount<Traits>::max - 1) {}
    };
};

void share_and_reset() noexcept {
    Namespace parent, child;
    check(&files.get(parent) != &files.get(child) && files.get(child).open == 3, "a namespace has a value of its own");
    files.share_from(child, parent);
    check(&files.get(parent) == &files.get(child), "a shared resource is one value");
    check(files.get_mut(child) == nullptr, "what is shared is not to be written");
    check(&host.get(parent) != &host.get(child), "another resource is not shared with it");

    const procspace::ResArc<FileTable, Traits> pin = files.arc(parent);
    check(pin.use_count() == 3, "two namespaces and a pin own it");
    files.reset(parent);
    files.reset(child);
    check(pin.use_count() == 1 && pin->open == 3, "a pin keeps what both namespaces have given up");
    check(&*pin != &files.get(parent) && &files.get(parent) != &files.get(child), "each has a fresh one");
    FileTable* const table = files.get_mut(child);
    check(table != nullptr, "who owns it alone may write it");
}

void overflow() noexcept {
    const auto first = files.create<FewOwnersLeft>();
    const auto last = first;
    check(first.use_count() == first.max_refcount, "there may be as many owners as PTRDIFF_MAX");
    const auto beyond = last;
    const auto further = beyond;
    check(further.use_count() > first.max_refcount, "one more, and the count stays where it is");
}

constinit const procspace::ResArc<FileTable, Traits>* contended = nullptr;

} // namespace

void resources_scene() noexcept {
    share_and_reset();
    overflow();

    const auto arc = files.create<Traits>();
    contended = &arc;
    on_all_processors([] {
        for (unsigned i = 0; i < 100000 * scale; ++i)
            const auto copy = *contended;
    });
    check(arc.use_count() == 1, "a million owners on each processor, and none is left or lost");
}

} // namespace kernel
