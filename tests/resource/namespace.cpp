#include <procspace/resource/namespace.hpp>

#include <procspace/resource/define.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/traits.hpp"

#include <atomic>
#include <cstddef>
#include <new>
#include <set>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using procspace::BasicNamespace;
using procspace::Errno;
using procspace::Registry;
using procspace::Resource;
using support::CountingMemory;
using support::DepthFailing;
using support::FailNth;
using support::NullCounting;
using support::Tracked;
using support::TrackedThrowing;

namespace {

// When told to, writes its number down at its end and throws it.
struct Stubborn {
    explicit Stubborn(int its_number) : number(its_number) {}
    Stubborn(const Stubborn&) = delete;
    Stubborn& operator=(const Stubborn&) = delete;
    ~Stubborn() noexcept(false) {
        if (!throwing)
            return;
        ended.push_back(number);
        throw number;
    }
    int number;
    inline static std::vector<int> ended;
    inline static bool throwing = false;
};

struct ThrowsBadAlloc {
    ThrowsBadAlloc() {
        if (armed)
            throw std::bad_alloc();
    }
    inline static bool armed = false;
};

PROCSPACE_RESOURCE(TrackedThrowing, ns_first, 1)
PROCSPACE_RESOURCE(TrackedThrowing, ns_second, 2)
PROCSPACE_RESOURCE(TrackedThrowing, ns_third, 3)
PROCSPACE_RESOURCE(TrackedThrowing, ns_fourth, 4)
PROCSPACE_RESOURCE(Stubborn, ns_stubborn_one, 1)
PROCSPACE_RESOURCE(Stubborn, ns_stubborn_two, 2)
PROCSPACE_RESOURCE(Stubborn, ns_stubborn_three, 3)
PROCSPACE_RESOURCE(ThrowsBadAlloc, ns_bad_alloc)

template <class Traits>
using Ns = BasicNamespace<Traits>;

// How many Tracked, and how many with a throwing destructor, one namespace has.
std::size_t tracked_per_namespace() {
    const std::size_t alive = Tracked::alive();
    const Ns<NullCounting> ns;
    return Tracked::alive() - alive;
}

// How many blocks the values of a namespace have where they have joint ones.
std::size_t blocks_of_values() {
    static_assert(procspace::BasicJointBlock<DepthFailing>::used);
    Registry::place_values();
    std::size_t blocks = 0;
    Registry::for_each(
        [&](const Resource& resource) { blocks += resource.place() == 0 || resource.joint_size() != 0 ? 1 : 0; });
    return blocks;
}

} // namespace

PROCSPACE_TRAITS_TEST_CASE("Namespace: begins with every resource initialised and its own", "[resource][namespace]") {
    const Ns<TestType> first;
    const Ns<TestType> second;
    CHECK(ns_first.get(first).value == 1);
    CHECK(ns_fourth.get(first).value == 4);
    Registry::for_each([&](const Resource& resource) {
        INFO(resource.name());
        REQUIRE(first.get(resource));
        CHECK(&first.get(resource).resource() == &resource);
        CHECK(first.get(resource).use_count() == 1);
        CHECK_FALSE(first.get(resource).same_as(second.get(resource)));
    });
}

TEST_CASE("Namespace: no two resources share a place", "[resource][namespace][trap:45]") {
    const Ns<NullCounting> ns;
    std::set<const void*> bodies;
    Registry::for_each([&](const Resource& resource) { bodies.insert(ns.get(resource).body()); });
    CHECK(bodies.size() == Registry::size());
}

TEST_CASE("Namespace: takes one block for the array and one for each resource", "[resource][namespace][R1]") {
    const std::size_t allocations = CountingMemory::allocations();
    const std::size_t blocks = CountingMemory::live_blocks();
    {
        const Ns<NullCounting> ns;
        CHECK(CountingMemory::allocations() - allocations == Registry::size() + 1);
    }
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("Namespace: takes few blocks from a memory that wants it", "[resource][namespace][R1]") {
    const std::size_t allocations = CountingMemory::allocations();
    const std::size_t blocks = CountingMemory::live_blocks();
    const std::size_t bytes = CountingMemory::live_bytes();
    {
        const Ns<DepthFailing> ns;
        CHECK(CountingMemory::allocations() - allocations == 1 + blocks_of_values());
        CHECK(blocks_of_values() < Registry::size() / 2);
        // 8 for an element, 16 for a control block, the value with what its alignment costs, 16 for a joint block.
        std::size_t most = 0;
        Registry::for_each([&](const Resource& resource) {
            const procspace::Layout value = resource.layout();
            most +=
                8 + 16 + value.size + (value.align > 8 ? 2 * value.align : 8) + (resource.joint_size() != 0 ? 16 : 0);
        });
        CHECK(CountingMemory::live_bytes() - bytes <= most);
    }
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("Namespace: its end is the end of every resource that nobody shares", "[resource][namespace]") {
    const std::size_t alive = Tracked::alive();
    const std::size_t each = tracked_per_namespace();
    {
        const Ns<NullCounting> ns;
        CHECK(Tracked::alive() == alive + each);
    }
    CHECK(Tracked::alive() == alive);
}

TEST_CASE("Namespace: an initialiser that throws leaves nothing behind wherever it stands",
          "[resource][namespace][trap:38][R4]") {
    const std::size_t count = tracked_per_namespace();
    REQUIRE(count >= 6);
    const std::size_t blocks = CountingMemory::live_blocks();
    const std::size_t alive = Tracked::alive();
    for (std::size_t k = 1; k <= count; ++k) {
        INFO("the " << k << "th throws");
        Tracked::throw_in_constructor(k);
        CHECK_THROWS_AS(Ns<NullCounting>(), support::TrackedError);
        CHECK(CountingMemory::live_blocks() == blocks);
        CHECK(Tracked::alive() == alive);
        Tracked::throw_in_constructor(k);
        CHECK_THROWS_AS(Ns<NullCounting>::try_create(), support::TrackedError);
        CHECK(CountingMemory::live_blocks() == blocks);
        CHECK(Tracked::alive() == alive);
    }
    Tracked::throw_in_constructor(count + 1);
    CHECK_NOTHROW(Ns<NullCounting>());
    Tracked::throw_in_constructor(0);
}

TEST_CASE("Namespace: when memory runs out at any block the error is no_memory and nothing is left",
          "[resource][namespace][trap:38][R4]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    const std::size_t alive = Tracked::alive();
    std::size_t failures = 0;
    const std::size_t allocations = support::for_each_failing_allocation([&](std::size_t n) {
        const std::size_t refusals = FailNth::refusals();
        {
            const auto ns = Ns<DepthFailing>::try_create();
            const bool refused = FailNth::refusals() != refusals;
            INFO("the " << n << "th block is refused");
            CHECK(ns.error == (refused ? Errno::no_memory : Errno::ok));
            CHECK(static_cast<bool>(ns) == !refused);
            failures += refused ? 1 : 0;
        }
        CHECK(CountingMemory::live_blocks() == blocks);
        CHECK(Tracked::alive() == alive);
    });
    CHECK(allocations == 1 + blocks_of_values());
    CHECK(failures == allocations);
}

TEST_CASE("Namespace: the constructor reports missing memory as std::bad_alloc", "[resource][namespace][R4]") {
    for (const std::size_t n : {std::size_t{1}, std::size_t{2}, 1 + blocks_of_values()}) {
        const std::size_t blocks = CountingMemory::live_blocks();
        const FailNth::Armed armed(n);
        CHECK_THROWS_AS(Ns<DepthFailing>(), std::bad_alloc);
        CHECK(CountingMemory::live_blocks() == blocks);
    }
}

TEST_CASE("Namespace: an initialiser's own bad_alloc is no_memory to try_create", "[resource][namespace][R4]") {
    ThrowsBadAlloc::armed = true;
    const auto ns = Ns<NullCounting>::try_create();
    CHECK(ns.error == Errno::no_memory);
    CHECK_THROWS_AS(Ns<NullCounting>(), std::bad_alloc);
    ThrowsBadAlloc::armed = false;
}

TEST_CASE("Namespace: a destructor that throws at any position keeps no other resource alive",
          "[resource][namespace][trap:38][R4]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    const std::size_t alive = Tracked::alive();
    const auto throws = [] {
        try {
            const Ns<NullCounting> ns;
        } catch (const support::TrackedError&) { return true; }
        return false;
    };
    std::size_t thrown = 0;
    for (bool again = true; again;) {
        TrackedThrowing::throw_in_destructor(thrown + 1);
        again = throws();
        thrown += again ? 1 : 0;
        INFO("the " << thrown << "th throws");
        CHECK(CountingMemory::live_blocks() == blocks);
        CHECK(Tracked::alive() == alive);
    }
    TrackedThrowing::throw_in_destructor(0);
    CHECK(thrown >= 4); // those above, and some of other files
}

TEST_CASE("Namespace: of several exceptions at its end the first one leaves", "[resource][namespace][trap:38][R4]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    int left = 0;
    Stubborn::ended.clear();
    try {
        const Ns<NullCounting> ns;
        Stubborn::throwing = true;
    } catch (int number) { left = number; }
    Stubborn::throwing = false;
    REQUIRE(Stubborn::ended.size() == 3);
    CHECK(left == Stubborn::ended.front());
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("Namespace: what an initialiser throws is not replaced by what destructors throw on the way out",
          "[resource][namespace][trap:38][R4]") {
    const std::size_t count = tracked_per_namespace();
    const std::size_t blocks = CountingMemory::live_blocks();
    for (std::size_t k = 1; k <= count; ++k) {
        Tracked::throw_in_constructor(k);
        Stubborn::throwing = true;
        CHECK_THROWS_AS(Ns<NullCounting>(), support::TrackedError);
        Stubborn::throwing = false;
        CHECK(CountingMemory::live_blocks() == blocks);
    }
}

PROCSPACE_TRAITS_TEST_CASE("Namespace: a move takes the resources along and they stay where they are",
                           "[resource][namespace]") {
    Ns<TestType> first;
    ns_first.get_mut(first)->value = 100;
    const TrackedThrowing* const value = &ns_first.get(first);
    const std::size_t alive = Tracked::alive();
    Ns<TestType> second(std::move(first));
    CHECK(&ns_first.get(second) == value);
    CHECK(Tracked::alive() == alive);
    first = std::move(second); // a moved-from one may be assigned to
    CHECK(&ns_first.get(first) == value);
    CHECK(ns_first.get(first).value == 100);
}

PROCSPACE_TRAITS_TEST_CASE("Namespace: move assignment ends what was there", "[resource][namespace]") {
    Ns<TestType> first;
    Ns<TestType> second;
    const TrackedThrowing* const value = &ns_first.get(second);
    const std::size_t alive = Tracked::alive();
    const std::size_t each = tracked_per_namespace();
    first = std::move(second);
    CHECK(Tracked::alive() == alive - each);
    CHECK(&ns_first.get(first) == value);
}

TEST_CASE("Namespace: moving one to itself keeps it", "[resource][namespace]") {
    Ns<NullCounting> ns;
    Ns<NullCounting>& same = ns;
    const std::size_t alive = Tracked::alive();
    ns = std::move(same);
    CHECK(Tracked::alive() == alive);
    CHECK(ns_second.get(ns).value == 2);
}

TEST_CASE("Namespace: is movable and not copyable", "[resource][namespace][trap:45]") {
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Ns<NullCounting>> == false); // its destructor may throw
    STATIC_REQUIRE(std::is_move_constructible_v<Ns<NullCounting>>);
    STATIC_REQUIRE(std::is_move_assignable_v<Ns<NullCounting>>);
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Ns<NullCounting>>);
    STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<Ns<NullCounting>>);
    SUCCEED();
}

TEST_CASE("Namespace: try_create hands over a whole one", "[resource][namespace]") {
    auto made = Ns<NullCounting>::try_create();
    REQUIRE(made);
    const Ns<NullCounting> ns = std::move(made.value);
    CHECK(ns_third.get(ns).value == 3);
}

TEST_CASE("Namespace: two threads make and end their own at the same time", "[resource][namespace]") {
    const std::size_t alive = Tracked::alive();
    std::atomic<int> wrong{0};
    const auto work = [&] {
        for (int i = 0; i < 200; ++i) {
            Ns<support::SpinHeap> ns;
            ns_first.get_mut(ns)->value = i;
            if (ns_first.get(ns).value != i || ns_second.get(ns).value != 2)
                wrong.fetch_add(1, std::memory_order_relaxed);
        }
    };
    std::thread other(work);
    work();
    other.join();
    CHECK(wrong.load(std::memory_order_relaxed) == 0);
    CHECK(Tracked::alive() == alive);
}
