// Resources: define, share, reset, pin, overflow. On one processor, then on all at once.
#include "kernel.hpp"

namespace kernel {

PROCSPACE_RESOURCE_WITH(files_policy, FileTable, files)
PROCSPACE_RESOURCE_WITH(host_policy, Host, host)
PROCSPACE_RESOURCE_WITH(own_policy, TimeUsed, time_used)
PROCSPACE_RESOURCE_WITH(own_policy, unsigned, owner, 0U)

namespace {

/// Traits whose counts of owners can be made to begin just below the limit.
struct FewOwnersLeft : Traits {
    static bool near_limit;
    template <class U>
    struct Atomic : std::atomic<U> {
        constexpr Atomic(U value) noexcept : std::atomic<U>(value) {
            if constexpr (sizeof(U) == sizeof(std::size_t) && std::is_unsigned_v<U>)
                if (near_limit)
                    this->store(procspace::RefCount<Traits>::max - 1, std::memory_order_relaxed);
        }
    };
};
constinit bool FewOwnersLeft::near_limit = false;

constinit const procspace::ResArc<FileTable, Traits>* contended = nullptr;

void one_processor() noexcept {
    Namespace parent, child;
    check(&files.get(parent) != &files.get(child) && files.get(child).open == 3, "a namespace has a value of its own");
    files.share_from(child, parent);
    check(&files.get(parent) == &files.get(child), "a shared resource is one value");
    check(files.get_mut(child) == nullptr, "what is shared is not to be written");
    check(&host.get(parent) != &host.get(child), "another resource is not shared with it");
    {
        const procspace::ResArc<FileTable, Traits> pin = files.arc(parent);
        check(pin.use_count() == 3, "two namespaces and a pin own it");
        files.reset(parent);
        files.reset(child);
        check(pin.use_count() == 1 && pin->open == 3, "a pin keeps what both namespaces have given up");
        check(&*pin != &files.get(parent) && &files.get(parent) != &files.get(child), "each has a fresh one");
    }
    if (FileTable* const table = files.get_mut(child)) {
        table->open = 4;
        check(files.get(child).open == 4 && files.get(parent).open == 3, "who owns it alone may write it");
    } else {
        check(false, "who owns it alone may write it");
    }
}

void overflow() noexcept {
    const std::size_t before = Heap::live_blocks();
    {
        FewOwnersLeft::near_limit = true;
        const auto first = files.create<FewOwnersLeft>();
        FewOwnersLeft::near_limit = false;
        const auto last = first;
        check(first.use_count() == first.max_refcount, "there may be as many owners as PTRDIFF_MAX");
        const auto beyond = last;
        const auto further = beyond;
        check(further.use_count() > first.max_refcount, "one more, and the count stays where it is");
    }
    check(Heap::live_blocks() == before + 1, "what has had too many owners is never freed");
}

} // namespace

void resources_scene() noexcept {
    const std::size_t before = Heap::live_blocks();
    one_processor();
    check(Heap::live_blocks() == before, "resources: nothing is left on the heap");
    overflow();

    const auto arc = files.create<Traits>();
    contended = &arc;
    on_all_processors([](unsigned) {
        for (unsigned i = 0; i < 100000 * scale; ++i) {
            const auto copy = *contended;
            const auto moved = copy;
        }
    });
    check(arc.use_count() == 1, "a million owners on each processor, and none is left or lost");
    static_cast<void>(procspace::global_ns<Traits>()); // from here on ticks are charged to it
}

} // namespace kernel
