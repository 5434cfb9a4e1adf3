// Out of memory, at every single allocation: whatever allocates has a form that returns the error and leaves nothing.
#include "kernel.hpp"
#if __STDC_HOSTED__
#include "tasks.hpp"
#endif

namespace kernel {
namespace {

using procspace::Errno;

/// The steps of a scenario, up to the first that fails.
struct Steps {
    Errno error = Errno::ok;
    template <class R>
    bool ok(const R& result) noexcept {
        error = result.error;
        return bool(result);
    }
};

void resource_half(Steps& steps) noexcept {
    if (auto parent = Namespace::try_create(); steps.ok(parent))
        if (auto child = Namespace::try_fork(parent.value, new_host); steps.ok(child))
            steps.ok(Namespace::try_unshare(child.value, procspace::all_resources)) &&
                steps.ok(Namespace::try_enter(child.value, parent.value, new_host)) &&
                steps.ok(files.try_reset(parent.value)) && steps.ok(host.try_create<Traits>());
}

#if __STDC_HOSTED__
void process_half(Steps& steps) noexcept {
    Tree tree;
    if (const auto init = boot(tree); steps.ok(init))
        if (const auto shell = clone(*init.value, new_host); steps.ok(shell))
            if (const auto job = clone(*shell.value, share_files); steps.ok(job))
                steps.ok(clone(*job.value, as_thread)) && steps.ok(posix::setpgid(*job.value->process(), 0, 0)) &&
                    steps.ok(posix::setsid(*shell.value->process()));
}
#endif

void fail_every_allocation(const char* what, void (*scenario)(Steps&) noexcept) noexcept {
    const auto outcome = [scenario] {
        Steps steps;
        scenario(steps);
        return steps.error;
    };
    const Heap::Counts before = Heap::counts();
    check(outcome() == Errno::ok, "all goes well while there is memory");
    const std::size_t needed = Heap::counts().allocations - before.allocations;
    std::size_t reported = 0, unchanged = 0;
    for (std::size_t n = 1; n <= needed; ++n) {
        Heap::fail_nth(n);
        reported += outcome() == Errno::no_memory ? 1 : 0;
        unchanged += Heap::counts().live == before.live ? 1 : 0;
    }
    check(needed > 0 && reported == needed, "each failing allocation is reported as such");
    check(unchanged == needed, "and leaves nothing behind");
    check(outcome() == Errno::ok, "all goes well again afterwards");
    print(Line() << what << ": " << needed << " allocations failed, one at a time\n");
}

} // namespace

void memory_scene() noexcept {
    fail_every_allocation("resource half", resource_half);
#if __STDC_HOSTED__
    fail_every_allocation("process half", process_half);
#endif
}

} // namespace kernel
