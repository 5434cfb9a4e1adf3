#pragma once
// Runs a scenario once for each of its allocations, and lets that one fail.

#include "kernel.hpp"

namespace kernel {

/// **Pre**: no other processor allocates meanwhile.
inline void fail_every_allocation(const char* name, procspace::Errno (*scenario)()) noexcept {
    const std::size_t live = Heap::live_blocks();
    const std::size_t first = Heap::allocations();
    check(scenario() == procspace::Errno::ok, "the scenario succeeds while there is memory");
    const std::size_t needed = Heap::allocations() - first;
    std::size_t reported = 0, unchanged = 0;
    for (std::size_t n = 1; n <= needed; ++n) {
        Heap::fail_nth(n);
        const procspace::Errno outcome = scenario();
        reported += outcome == procspace::Errno::no_memory && Heap::has_failed() ? 1 : 0;
        unchanged += Heap::live_blocks() == live ? 1 : 0;
    }
    Heap::fail_nth(0);
    check(needed > 0, "there are allocations that can fail");
    check(reported == needed, "each failing allocation is reported as such");
    check(unchanged == needed, "and leaves nothing behind");
    check(scenario() == procspace::Errno::ok, "all goes well again afterwards");
    print(Line() << name << ": " << needed << " allocations failed, one at a time\n");
}

} // namespace kernel
