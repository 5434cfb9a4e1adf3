#include <procspace/process/maps.hpp>

#include "support/catch.hpp"
#include "support/counting_memory.hpp"
#include "support/tracked.hpp"

#include <memory>
#include <new>
#include <type_traits>
#include <vector>

using procspace::NodeMap;
using procspace::StrongMap;
using procspace::WeakMap;
using support::CountingMemory;
using support::FailNth;
using support::Tracked;

namespace {

using Strong = StrongMap<int, Tracked, CountingMemory>;
using Weak = WeakMap<int, Tracked, CountingMemory>;
using Handle = std::shared_ptr<Tracked>;

Handle tracked(int value) {
    return std::make_shared<Tracked>(value);
}

std::vector<int> values(const std::vector<Handle>& handles) {
    std::vector<int> result;
    for (const Handle& handle : handles)
        result.push_back(handle->value);
    return result;
}

} // namespace

TEST_CASE("StrongMap: owns what was inserted until it is removed", "[process][maps]") {
    const std::size_t alive = Tracked::alive();
    Strong map;
    CHECK(map.insert(1, tracked(10)) == nullptr);
    CHECK(Tracked::alive() == alive + 1);
    Handle removed = map.remove(1);
    REQUIRE(removed != nullptr);
    CHECK(removed->value == 10);
    CHECK(removed.use_count() == 1);
    CHECK(map.empty());
    removed.reset();
    CHECK(Tracked::alive() == alive);
}

TEST_CASE("StrongMap: inserting under a known key gives the former owner back", "[process][maps][trap:6]") {
    Strong map;
    map.insert(1, tracked(10));
    const std::size_t allocations = CountingMemory::allocations();
    const Handle former = map.insert(1, tracked(11));
    REQUIRE(former != nullptr);
    CHECK(former->value == 10); // not destroyed inside: the caller may hold a lock
    CHECK(map.upgrade(1)->value == 11);
    CHECK(map.size() == 1);
    CHECK(CountingMemory::allocations() == allocations);
}

TEST_CASE("StrongMap: values gives strong handles in ascending order of the keys", "[process][maps]") {
    Strong map;
    for (const int key : {5, 1, 9, 3})
        map.insert(key, tracked(key * 10));
    const auto all = map.values();
    CHECK(values(all) == std::vector<int>{10, 30, 50, 90});
    map.remove(5);
    CHECK(all[2]->value == 50);
    CHECK(values(map.values()) == std::vector<int>{10, 30, 90});
}

TEST_CASE("StrongMap: an unknown key is neither upgraded nor removed", "[process][maps]") {
    Strong map;
    map.insert(1, tracked(10));
    CHECK(map.upgrade(2) == nullptr);
    CHECK(map.remove(2) == nullptr);
    CHECK(map.size() == 1);
    CHECK(map.find(2) == map.end());
    CHECK(map.find(1)->second->value == 10);
}

TEST_CASE("StrongMap: out of memory is bad_alloc and the map stays as it was", "[process][maps]") {
    StrongMap<int, Tracked, FailNth> map;
    map.insert(1, tracked(10));
    Handle second = tracked(20);
    {
        const FailNth::Armed armed(1);
        CHECK_THROWS_AS(map.insert(2, second), std::bad_alloc);
    }
    CHECK(second.use_count() == 1);
    CHECK(values(map.values()) == std::vector<int>{10});
}

TEST_CASE("WeakMap: knows without owning", "[process][maps]") {
    Weak map;
    Handle owner = tracked(10);
    map.insert(1, owner);
    CHECK(owner.use_count() == 1);
    CHECK(map.upgrade(1) == owner);
    owner.reset();
    CHECK(map.upgrade(1) == nullptr);
    CHECK(map.upgrade(2) == nullptr);
}

TEST_CASE("WeakMap: values gives the living in ascending order and passes over the dead", "[process][maps]") {
    Weak map;
    const Handle nine = tracked(90);
    Handle five = tracked(50);
    const Handle one = tracked(10);
    map.insert(9, nine);
    map.insert(5, five);
    map.insert(1, one);
    CHECK(values(map.values()) == std::vector<int>{10, 50, 90});
    five.reset();
    CHECK(values(map.values()) == std::vector<int>{10, 90});
}

TEST_CASE("WeakMap: a dead entry stays until it is removed since nothing sweeps", "[process][maps][trap:10]") {
    Weak map;
    for (int key = 0; key < 3000; ++key)
        map.insert(key, tracked(key)); // dead at once
    CHECK(map.size() == 3000);
    CHECK(map.remove(7));
    CHECK_FALSE(map.remove(7));
    CHECK(map.size() == 2999);
    CHECK(map.values().empty());
}

TEST_CASE("WeakMap: inserting under a known key replaces it without an allocation", "[process][maps]") {
    Weak map;
    const Handle first = tracked(1);
    const Handle second = tracked(2);
    map.insert(1, first);
    const std::size_t allocations = CountingMemory::allocations();
    map.insert(1, second);
    CHECK(map.upgrade(1) == second);
    CHECK(map.size() == 1);
    CHECK(CountingMemory::allocations() == allocations);
}

TEST_CASE("WeakMap: removing the entry of a dead object frees the memory that it pinned", "[process][maps][trap:12]") {
    Weak map;
    map.insert(1, procspace::try_make_shared<Tracked, CountingMemory>(1));
    const std::size_t blocks = CountingMemory::live_blocks();
    CHECK(map.remove(1));
    CHECK(CountingMemory::live_blocks() == blocks - 2); // the node and the object
}

TEST_CASE("WeakMap: out of memory is bad_alloc and the map stays as it was", "[process][maps]") {
    WeakMap<int, Tracked, FailNth> map;
    const Handle one = tracked(1);
    map.insert(1, one);
    const FailNth::Armed armed(1);
    CHECK_THROWS_AS(map.insert(2, one), std::bad_alloc);
    CHECK(map.size() == 1);
}

TEST_CASE("NodeMap: a node is allocated once and then comes and goes without memory", "[process][maps][trap:9]") {
    using Map = NodeMap<int, int, CountingMemory>;
    Map map;
    auto node = Map::try_make_node(4, 40);
    REQUIRE(node);
    const std::size_t allocations = CountingMemory::allocations();
    const std::size_t blocks = CountingMemory::live_blocks();
    map.link(std::move(node));
    CHECK(map.find(4)->second == 40);
    auto again = map.unlink(4);
    REQUIRE(again);
    CHECK(map.empty());
    map.link(std::move(again));
    auto by_place = map.unlink(map.begin());
    CHECK(by_place.key() == 4);
    CHECK_FALSE(map.unlink(4));
    CHECK(CountingMemory::allocations() == allocations);
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("NodeMap: without memory there is no node", "[process][maps]") {
    const FailNth::Armed armed(1);
    CHECK_FALSE((NodeMap<int, int, FailNth>::try_make_node(1, 1)));
}

TEST_CASE("NodeMap: adopt takes all nodes and the places stay valid", "[process][maps]") {
    using Map = NodeMap<int, int, CountingMemory>;
    const auto fill = [](Map& map, int from, int to) {
        for (int key = from; key < to; ++key)
            map.link(Map::try_make_node(key, key * 10));
    };
    const auto [mine, others] = GENERATE(std::pair(2, 5), std::pair(5, 2), std::pair(0, 3), std::pair(3, 0));
    Map map;
    Map other;
    fill(map, 0, mine);
    fill(other, 100, 100 + others);
    const auto place = other.begin();
    const std::size_t allocations = CountingMemory::allocations();
    map.adopt(other);
    CHECK(CountingMemory::allocations() == allocations);
    CHECK(other.empty());
    CHECK(map.size() == static_cast<std::size_t>(mine + others));
    CHECK(std::is_sorted(map.begin(), map.end()));
    if (others > 0) {
        CHECK(place->second == 1000);
        static_cast<void>(map.unlink(place));
        CHECK(map.find(100) == map.end());
    }
}

TEST_CASE("NodeMap: after finds the next greater key whether or not the key is there", "[process][maps]") {
    using Map = NodeMap<int, int, CountingMemory>;
    Map map;
    for (const int key : {2, 4, 6})
        map.link(Map::try_make_node(key, 0));
    CHECK(map.after(2)->first == 4);
    CHECK(map.after(3)->first == 4);
    CHECK(map.after(6) == static_cast<const Map&>(map).end());
}

TEST_CASE("NodeMap: cannot be copied since its nodes come from outside", "[process][maps]") {
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Strong>);
    STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<Strong>);
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Weak>);
    STATIC_REQUIRE(std::is_nothrow_default_constructible_v<Weak>);
    STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Weak>);
}
