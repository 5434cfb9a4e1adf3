// [trap:48] [R4] The resource half without exceptions and RTTI, where out of memory is a value or a panic. Exit status
// 0 says that all holds; another one is the line of the first check that fails.
#include <procspace/resource/define.hpp>
#include <procspace/resource/thread_local_current.hpp>

#include "support/counting_memory.hpp"
#include "support/tracked.hpp"
#include "support/violations.hpp"

#include <csetjmp>
#include <cstdlib>
#include <cstring>

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            std::_Exit(__LINE__ % 255 + 1);                                                                            \
    } while (false)

namespace {

using support::CountingMemory;
using support::FailNth;
using support::Tracked;

// A panic leaves by longjmp, past nothing that would have to be destroyed.
std::jmp_buf caught;
const char* panicked = nullptr;

struct Traits : procspace::DefaultTraits {
    using Memory = FailNth;
    using CurrentNs = procspace::ThreadLocalCurrent<Traits>;
    [[noreturn]] static void panic(const char* what, procspace::Location) noexcept {
        panicked = what;
        std::longjmp(caught, 1);
    }
};
using Ns = procspace::BasicNamespace<Traits>;

constexpr procspace::ResourcePolicy files_policy{
    .on_fork = procspace::ForkRule::copy, .share_flag = 1, .on_unshare = procspace::ForkRule::copy};
constexpr procspace::ResourcePolicy pids_policy{.share_flag = 2, .next_child_only = true};

PROCSPACE_RESOURCE_WITH(files_policy, Tracked, files, 7)
PROCSPACE_RESOURCE_WITH(pids_policy, Tracked, pids, 8)
PROCSPACE_RESOURCE(Tracked, tracked, 5)
PROCSPACE_RESOURCE(int, number, 6)

void out_of_memory_is_a_value() {
    const std::size_t allocations = support::for_each_failing_allocation([](std::size_t) {
        const std::size_t refusals = FailNth::refusals();
        const auto made = Ns::try_create();
        const bool refused = FailNth::refusals() != refusals;
        REQUIRE(static_cast<bool>(made) == !refused);
        REQUIRE(made.error == (refused ? procspace::Errno::no_memory : procspace::Errno::ok));
    });
    REQUIRE(allocations == 2); // the array, and the values in a joint block
    REQUIRE(CountingMemory::live_blocks() == 0);

    auto made = Ns::try_create();
    REQUIRE(made);
    const Tracked* const before = &tracked.get(made.value);
    const FailNth::Armed armed(1);
    REQUIRE(tracked.try_reset(made.value).error == procspace::Errno::no_memory);
    REQUIRE(&tracked.get(made.value) == before);
    FailNth::arm(1);
    REQUIRE(tracked.try_create<Traits>().error == procspace::Errno::no_memory);
}

// Refuses the n-th allocation of a change, for every n. Returns how many there are.
template <class Change>
std::size_t refusals_of(Change change) {
    for (std::size_t n = 1;; ++n) {
        const Ns parent;
        Ns child = Ns::fork(parent, 1);
        const std::size_t blocks = CountingMemory::live_blocks();
        FailNth::arm(n);
        const procspace::Errno error = change(parent, child);
        FailNth::arm(0);
        if (error == procspace::Errno::ok)
            return n - 1;
        REQUIRE(error == procspace::Errno::no_memory);
        REQUIRE(CountingMemory::live_blocks() == blocks);
        REQUIRE(&files.get(child) == &files.get(parent));
        REQUIRE(&pids.get_for_children(child) == &pids.get(parent));
    }
}

void a_change_out_of_memory_has_changed_nothing() {
    using procspace::all_resources;
    // The array and two values; the candidate, what waits for the next child, and a value of each.
    REQUIRE(refusals_of([](const Ns& parent, Ns&) { return Ns::try_fork(parent, 2).error; }) == 3);
    REQUIRE(refusals_of([](const Ns&, Ns& child) { return Ns::try_unshare(child, all_resources).error; }) ==
            procspace::Registry::size() + 2);
    const Ns target;
    REQUIRE(refusals_of([&](const Ns&, Ns& child) { return Ns::try_enter(child, target, all_resources).error; }) == 2);
}

void out_of_memory_without_try_is_a_panic() {
    // Both objects live in static storage, since a longjmp runs no destructor.
    alignas(Ns) static unsigned char bytes[sizeof(Ns)];
    FailNth::arm(1);
    if (setjmp(caught) == 0) {
        ::new (static_cast<void*>(bytes)) Ns();
        REQUIRE(false);
    }
    FailNth::arm(0);
    REQUIRE(panicked != nullptr);
    REQUIRE(std::strcmp(panicked, "out of memory: use the try_ form to get this as a value") == 0);
    REQUIRE(CountingMemory::live_blocks() == 0);
}

void everything_else_is_as_with_exceptions() {
    Ns parent;
    Ns child;
    tracked.share_from(child, parent);
    REQUIRE(&tracked.get(child) == &tracked.get(parent));
    REQUIRE(tracked.get_mut(child) == nullptr);
    tracked.reset(child);
    REQUIRE(tracked.get_mut(child) != nullptr);
    const auto pin = tracked.arc(parent);
    REQUIRE(pin.use_count() == 2);
    tracked.replace(parent, tracked.create<Traits>());
    REQUIRE(pin.use_count() == 1);
    const procspace::NamespaceScope scope(child);
    REQUIRE(number.current<Traits>().get() == &number.get(child));
}

} // namespace

int main() {
    static_assert(!procspace::has_exceptions);
    out_of_memory_is_a_value();
    a_change_out_of_memory_has_changed_nothing();
    out_of_memory_without_try_is_a_panic();
    everything_else_is_as_with_exceptions();
    REQUIRE(CountingMemory::live_blocks() == 0);
    REQUIRE(Tracked::alive() == 0);
    REQUIRE(support::Violations::count() == 0);
    return 0;
}
