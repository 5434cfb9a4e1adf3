#include <procspace/core/any_data.hpp>

#include "support/catch.hpp"
#include "support/counting_memory.hpp"
#include "support/tracked.hpp"

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

using procspace::AnyData;
using procspace::Errno;
using support::CountingMemory;
using support::FailNth;
using support::Tracked;

namespace {

template <class T>
AnyData made(T&& value) {
    auto result = AnyData::make<CountingMemory>(std::forward<T>(value));
    REQUIRE(result);
    return std::move(result.value);
}

struct alignas(4096) Page {
    unsigned char bytes[4096] = {};
};

} // namespace

TEST_CASE("AnyData: an empty one holds no type at all", "[core][any_data]") {
    const AnyData none;
    CHECK_FALSE(none.has_value());
    CHECK(none.get<int>() == nullptr);
    CHECK(none.get<void*>() == nullptr);
}

TEST_CASE("AnyData: get gives the value for its own type and null for every other", "[core][any_data]") {
    AnyData data = made(Tracked(7));
    REQUIRE(data.get<Tracked>() != nullptr);
    CHECK(data.get<Tracked>()->value == 7);
    CHECK(data.has_value());
    CHECK(data.get<int>() == nullptr);
    // The same layout is not the same type.
    AnyData number = made(7);
    CHECK(number.get<unsigned>() == nullptr);
    CHECK(number.get<int>() != nullptr);
}

TEST_CASE("AnyData: const is no part of the type and is kept by const access", "[core][any_data]") {
    const int seven = 7;
    AnyData data = made(seven);
    REQUIRE(data.get<int>() != nullptr);
    CHECK(data.get<const int>() == data.get<int>());
    STATIC_REQUIRE(std::is_same_v<decltype(std::as_const(data).get<int>()), const int*>);
    CHECK(std::as_const(data).get<int>() == data.get<int>());
}

TEST_CASE("AnyData: the value is destroyed once and its memory returned", "[core][any_data]") {
    const std::size_t before = Tracked::alive();
    {
        const AnyData data = made(Tracked(1));
        CHECK(Tracked::alive() == before + 1);
    }
    CHECK(Tracked::alive() == before);
}

TEST_CASE("AnyData: a move hands the value over without touching it", "[core][any_data]") {
    AnyData first = made(Tracked(3));
    Tracked* const value = first.get<Tracked>();
    const std::size_t moves = Tracked::moves();
    AnyData second(std::move(first));
    CHECK(second.get<Tracked>() == value);
    CHECK_FALSE(first.has_value());
    AnyData third = made(1);
    third = std::move(second);
    CHECK(third.get<Tracked>() == value);
    CHECK_FALSE(second.has_value());
    CHECK(Tracked::moves() == moves);
}

TEST_CASE("AnyData: assignment destroys what was there", "[core][any_data]") {
    AnyData data = made(Tracked(1));
    const std::size_t alive = Tracked::alive();
    data = made(Tracked(2));
    CHECK(Tracked::alive() == alive);
    CHECK(data.get<Tracked>()->value == 2);
    data = AnyData();
    CHECK(Tracked::alive() == alive - 1);
}

TEST_CASE("AnyData: assigning one to itself keeps the value", "[core][any_data]") {
    AnyData data = made(Tracked(5));
    AnyData& same = data;
    data = std::move(same);
    REQUIRE(data.get<Tracked>() != nullptr);
    CHECK(data.get<Tracked>()->value == 5);
}

TEST_CASE("AnyData: types that can only be moved are accepted", "[core][any_data]") {
    const AnyData data = made(support::TrackedMoveOnly(9));
    REQUIRE(data.get<support::TrackedMoveOnly>() != nullptr);
    CHECK(data.get<support::TrackedMoveOnly>()->value == 9);
}

TEST_CASE("AnyData: an array is held as the pointer that it decays to", "[core][any_data]") {
    AnyData data = made("text");
    REQUIRE(data.get<const char*>() != nullptr);
    CHECK(std::string(*data.get<const char*>()) == "text");
}

TEST_CASE("AnyData: an over-aligned value stands at its alignment", "[core][any_data]") {
    const AnyData data = made(Page{});
    REQUIRE(data.get<Page>() != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(data.get<Page>()) % alignof(Page) == 0);
}

TEST_CASE("AnyData: without memory make says no_memory and leaves the value where it was", "[core][any_data]") {
    Tracked value(4);
    const FailNth::Armed armed(1);
    const auto result = AnyData::make<FailNth>(std::move(value));
    CHECK(result.error == Errno::no_memory);
    CHECK_FALSE(result.value.has_value());
    CHECK(value.value == 4);
}

TEST_CASE("AnyData: a value whose copy throws leaves nothing behind", "[core][any_data]") {
    const Tracked value(4);
    const std::size_t blocks = CountingMemory::live_blocks();
    Tracked::throw_in_constructor(1);
    CHECK_THROWS_AS(AnyData::make<CountingMemory>(value), support::TrackedError);
    CHECK(CountingMemory::live_blocks() == blocks);
}
