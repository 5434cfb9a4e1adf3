// Out of memory in the resource half, at every single allocation.
#include "kernel.hpp"
#include "out_of_memory.hpp"

namespace kernel {
namespace {

using procspace::Errno;

/// Everything that allocates, by the forms that return errors.
Errno scenario() noexcept {
    auto made = Namespace::try_create();
    if (!made)
        return made.error;
    Namespace& parent = made.value;
    auto child = Namespace::try_fork(parent, new_host);
    if (!child)
        return child.error;
    if (const auto unshared = Namespace::try_unshare(child.value, procspace::all_resources); !unshared)
        return unshared.error;
    if (const auto entered = Namespace::try_enter(child.value, parent, new_host); !entered)
        return entered.error;
    const FileTable* const former = &files.get(parent);
    if (const auto reset = files.try_reset(parent); !reset)
        return &files.get(parent) == former ? reset.error : Errno::fault;
    return host.try_create<Traits>().error;
}

} // namespace

void memory_scene() noexcept {
    fail_every_allocation("memory", scenario);
}

} // namespace kernel
