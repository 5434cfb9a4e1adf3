#include <procspace/resource/arc_array.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/traits.hpp"

#include <utility>

using procspace::Layout;
using procspace::Resource;
using support::NullCounting;
using support::TrackedThrowing;

namespace {

using Arcs = procspace::BasicArcArray<NullCounting>;
using Arc = procspace::BasicAnyResArc<NullCounting>;

constinit const Resource descriptor(
    "tracked", Layout::of<TrackedThrowing>(), [](void* body) { ::new (body) TrackedThrowing(8); },
    [](void* body) { static_cast<TrackedThrowing*>(body)->~TrackedThrowing(); });

void fill(Arcs& arcs) {
    REQUIRE(arcs.try_allocate(3));
    for (std::size_t i = 0; i < arcs.size(); ++i)
        arcs[i] = std::move(Arc::create(descriptor).value);
}

} // namespace

TEST_CASE("ArcArray: begins with empty elements, in one allocation", "[resource][arc_array]") {
    const std::size_t before = support::CountingMemory::allocations();
    Arcs arcs;
    REQUIRE(arcs.try_allocate(5));
    CHECK(support::CountingMemory::allocations() == before + 1);
    CHECK(arcs.size() == 5);
    for (std::size_t i = 0; i < 5; ++i)
        CHECK_FALSE(arcs[i]);
    Arcs none;
    CHECK(none.try_allocate(0));
    CHECK(support::CountingMemory::allocations() == before + 1);
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
