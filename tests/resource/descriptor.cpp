#include <procspace/resource/descriptor.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"

#include <cstddef>
#include <string>

using procspace::Initialiser;
using procspace::Layout;
using procspace::Resource;
using procspace::ValueBlock;
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

TEST_CASE("Resource: a constant begins by its bytes, and no other value does", "[resource][descriptor]") {
    constexpr auto ignore = [](void*) {};
    static constexpr Resource number("number", Layout::of<int>(),
                                     Initialiser::of<int>(ignore, []<class T>() { return T(8); }), nullptr);
    alignas(std::size_t) int values[sizeof(std::size_t) / sizeof(int)] = {};
    CHECK(number.init_constant(values));
    CHECK(values[0] == 8);

    static int made = 0;
    static constexpr Resource counted("counted", Layout::of<int>(),
                                      Initialiser::of<int>(ignore, []<class T>() { return T(++made); }), nullptr);
    CHECK_FALSE(counted.init_constant(values));
    CHECK(values[0] == 8);
    CHECK(made == 0);
}

TEST_CASE("Initialiser: an empty type without a size is no constant, as it has no room for a word",
          "[resource][descriptor]") {
    struct Nothing {
        int none[0]; // as compilers allow it
    };
    STATIC_REQUIRE(sizeof(Nothing) == 0);
    const auto begin = [](void*) {};
    CHECK_FALSE(Initialiser::of<Nothing>(begin, []<class T>() { return T(); }).constant);
}

TEST_CASE("ValueBlock: its size is a multiple of its alignment, as some allocators want it", "[resource][descriptor]") {
    constexpr Layout control = Layout::of<void* [2]>();
    STATIC_REQUIRE(ValueBlock::of(Layout::of<char>(), control).size == control.size + sizeof(std::size_t));
    STATIC_REQUIRE(ValueBlock::of({24, 8}, control).size == control.size + 24);
    STATIC_REQUIRE(ValueBlock::of({64, 64}, control).size == 128);
    STATIC_REQUIRE(ValueBlock::of({64, 64}, control).head == 64);
    SUCCEED();
}
