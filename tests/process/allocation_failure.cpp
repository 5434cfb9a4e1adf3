// Whichever allocation of a long life fails, it is an error of one call that changes nothing, and the rest goes on.

#include <procspace/process/tree.hpp>

#include "allocation_failure.hpp"
#include "support/catch.hpp"
#include "support/world.hpp"

using support::CountingMemory;

TEST_CASE("ProcessTree: whichever allocation fails is one no_memory and changes nothing", "[process][tree][trap:48]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    std::size_t failures = 0;
    const std::size_t allocations = support::for_each_failing_allocation([&](std::size_t n) {
        support::Life<support::DepthFailing> life;
        life.live();
        INFO("allocation " << n << ": " << (life.complaint() != nullptr ? life.complaint() : ""));
        CHECK(life.complaint() == nullptr);
        failures += life.failures();
    });
    CHECK(CountingMemory::live_blocks() == blocks);
    CHECK(allocations > 45);
    CHECK(failures == allocations); // each of them was reported, by one call
}

TEST_CASE("ProcessTree: whichever allocation fails is one bad_alloc of the short forms", "[process][tree][trap:48]") {
    using World = support::World<support::DepthFailing>;
    World world;
    std::size_t failures = 0;
    procspace::Pid pid = 10;
    const std::size_t allocations = support::for_each_failing_allocation([&](std::size_t) {
        const std::size_t before = world.init->children().size();
        try {
            const auto child = world.init->fork(++pid).data(std::string(100, 'x')).build();
            child->create_group();
            child->move_to_group(world.init->group());
            child->create_session();
            child->new_thread(pid).build()->exit(0);
        } catch (const std::bad_alloc&) { ++failures; }
        for (const auto& child : world.init->children()) {
            child->exit();
            child->free();
        }
        CHECK(before == 0);
        CHECK(world.check().rule == nullptr);
    });
    CHECK(failures == allocations);
    CHECK(allocations == 1 + 1 + 1 + 2 + 1);
}
