#include <procspace/resource/arc_array.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/traits.hpp"

#include <cstddef>

using procspace::Layout;
using procspace::Resource;
using support::NullCounting;
using support::TrackedThrowing;

namespace {

using Arcs = procspace::BasicArcArray<NullCounting>;

constinit const Resource descriptor(
    "tracked", Layout::of<TrackedThrowing>(), [](void* body) { ::new (body) TrackedThrowing(8); },
    [](void* body) { static_cast<TrackedThrowing*>(body)->~TrackedThrowing(); });

void fill(Arcs& arcs) {
    REQUIRE(arcs.reserve(3));
    for (int i = 0; i < 3; ++i)
        REQUIRE(arcs.push_new(descriptor));
}

} // namespace

TEST_CASE("ArcArray: holds what was pushed in that order, in one allocation", "[resource][arc_array]") {
    const std::size_t before = support::CountingMemory::allocations();
    Arcs arcs;
    REQUIRE(arcs.reserve(3));
    CHECK(support::CountingMemory::allocations() == before + 1);
    CHECK(arcs.size() == 0);
    REQUIRE(arcs.push_new(descriptor));
    REQUIRE(arcs.push_new(descriptor));
    arcs.push_shared(arcs[0]);
    CHECK(arcs.size() == 3);
    CHECK(arcs[0].same_as(arcs[2]));
    CHECK(arcs[0].use_count() == 2);
    CHECK_FALSE(arcs[0].same_as(arcs[1]));
    CHECK(support::CountingMemory::allocations() == before + 3);
    Arcs none;
    CHECK(none.reserve(0));
    CHECK(support::CountingMemory::allocations() == before + 3);
}

TEST_CASE("ArcArray: try_resize makes empty elements", "[resource][arc_array]") {
    Arcs arcs;
    REQUIRE(arcs.try_resize(2));
    CHECK(arcs.size() == 2);
    CHECK_FALSE(arcs[0]);
    CHECK_FALSE(arcs[1]);
}

TEST_CASE("ArcArray: release lets the first exception of a destructor out and gives up all the same",
          "[resource][arc_array][trap:38]") {
    const std::size_t alive = support::Tracked::alive();
    Arcs arcs;
    fill(arcs);
    TrackedThrowing::throw_in_destructor(2);
    CHECK_THROWS_AS(arcs.release(), support::TrackedError);
    CHECK(arcs.size() == 0);
    CHECK(support::Tracked::alive() == alive);
}

TEST_CASE("ArcArray: one that is given up on the way keeps exceptions of destructors to itself",
          "[resource][arc_array][trap:38]") {
    const std::size_t alive = support::Tracked::alive();
    {
        Arcs arcs;
        fill(arcs);
        TrackedThrowing::throw_in_destructor(1);
    }
    CHECK(support::Tracked::alive() == alive);
}
