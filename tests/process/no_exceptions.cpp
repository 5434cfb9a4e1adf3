// The process half without exceptions and RTTI: whichever allocation fails is a value of a try_ function; the short
// forms panic.

#include "allocation_failure.hpp"
#include "support/counting_memory.hpp"
#include "support/violations.hpp"

#include <procspace/core/traits.hpp>
#include <procspace/debug/format.hpp>

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::jmp_buf back;
const char* panicked = nullptr;

struct Traits : procspace::DefaultTraits {
    using Lock = support::DepthLock;
    using Memory = support::FailNth;
    [[noreturn]] static void panic(const char* what, procspace::Location) {
        panicked = what;
        std::longjmp(back, 1); // the tests below jump over no object that owns something
    }
};

int failed = 0;

void check(bool holds, const char* what) {
    if (holds)
        return;
    std::fprintf(stderr, "failed: %s\n", what);
    failed = 1;
}

void every_failing_allocation_is_a_value() {
    const std::size_t blocks = support::CountingMemory::live_blocks();
    std::size_t failures = 0;
    const std::size_t allocations = support::for_each_failing_allocation([&](std::size_t) {
        support::Life<Traits> life;
        life.live();
        if (life.complaint() != nullptr)
            check(false, life.complaint());
        failures += life.failures();
    });
    check(allocations > 45, "a long life allocates more than 45 times");
    check(failures == allocations, "each failing allocation is reported by one call");
    check(support::CountingMemory::live_blocks() == blocks, "nothing leaks");
}

template <class F>
const char* panic_of(F f) {
    panicked = nullptr;
    if (setjmp(back) == 0)
        f();
    return panicked != nullptr ? panicked : "no panic";
}

void short_forms_panic() {
    // Never destroyed: a jump out of a panic leaves what was being built where it is.
    static auto& tree = *new procspace::BasicProcessTree<Traits>;
    static auto& init = *new auto(tree.new_init(1).build());
    static const auto says = [](const char* panic, const char* words) { return std::strcmp(panic, words) == 0; };
    support::FailNth::arm(1);
    check(says(panic_of([] { init->fork(2).build(); }), "out of memory: use the try_ form to get this as a value"),
          "build without memory panics");
    support::FailNth::arm(1);
    check(
        says(panic_of([] { init->new_thread(2).build(); }), "out of memory: use the try_ form to get this as a value"),
        "a thread without memory panics");
    support::FailNth::arm(0);
    check(says(panic_of([] { init->fork(1).build(); }), "build: the number is in use as a pid, tid, pgid or sid"),
          "a number in use panics");
    check(says(panic_of([] { init->exit(); }), "init cannot exit: its children would have no reaper"), "init stays");
    check(procspace::to_string(*init) ==
              "Process(pid=1, ppid=0, pgid=1, sid=1, state=living, exit_code=0, threads=[], children=[])",
          "the tree is as it was");
}

} // namespace

int main() {
    every_failing_allocation_is_a_value();
    short_forms_panic();
    check(support::Violations::count() == 0, "nothing foreign happens under the lock");
    return failed;
}
