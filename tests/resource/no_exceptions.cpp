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
    REQUIRE(allocations == procspace::Registry::size() + 1);
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
    out_of_memory_without_try_is_a_panic();
    everything_else_is_as_with_exceptions();
    REQUIRE(CountingMemory::live_blocks() == 0);
    REQUIRE(Tracked::alive() == 0);
    REQUIRE(support::Violations::count() == 0);
    return 0;
}
