#include <procspace/resource/descriptor.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"

#include <cstddef>
#include <string>

using procspace::Layout;
using procspace::Resource;
using support::Tracked;

namespace {

struct alignas(4096) Page {
    char text[5000];
};

// Not registered: a descriptor is nothing but data.
constinit const Resource tracked_descriptor(
    "tracked", Layout::of<Tracked>(), [](void* body) { ::new (body) Tracked(8); },
    [](void* body) { static_cast<Tracked*>(body)->~Tracked(); });

} // namespace

TEST_CASE("Layout: is the size and the alignment of the type", "[resource][descriptor]") {
    STATIC_REQUIRE(Layout::of<char>().size == 1);
    STATIC_REQUIRE(Layout::of<char>().align == 1);
    STATIC_REQUIRE(Layout::of<Page>().size == 8192);
    STATIC_REQUIRE(Layout::of<Page>().align == 4096);
    SUCCEED();
}

TEST_CASE("Resource: carries name and layout of its definition", "[resource][descriptor]") {
    CHECK(std::string(tracked_descriptor.name()) == "tracked");
    CHECK(tracked_descriptor.layout().size == sizeof(Tracked));
    CHECK(tracked_descriptor.layout().align == alignof(Tracked));
}

TEST_CASE("Resource: init begins a value in the given bytes and drop ends it", "[resource][descriptor]") {
    alignas(Tracked) unsigned char bytes[sizeof(Tracked)];
    const std::size_t alive = Tracked::alive();
    tracked_descriptor.init(bytes);
    CHECK(Tracked::alive() == alive + 1);
    CHECK(reinterpret_cast<Tracked*>(bytes)->value == 8);
    tracked_descriptor.drop(bytes);
    CHECK(Tracked::alive() == alive);
}

TEST_CASE("Resource: what the initialiser throws passes through init", "[resource][descriptor]") {
    alignas(Tracked) unsigned char bytes[sizeof(Tracked)];
    Tracked::throw_in_constructor(1);
    CHECK_THROWS_AS(tracked_descriptor.init(bytes), support::TrackedError);
}
