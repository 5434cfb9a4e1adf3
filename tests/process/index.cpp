#include <procspace/process/index.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <vector>

namespace {

struct Role;
struct OtherRole;
struct Object : procspace::HookFor<Role>, procspace::HookFor<OtherRole> {};
using Index = procspace::NumberIndex<Object, Role>;

std::vector<std::uint64_t> keys(const Index& index) {
    std::vector<std::uint64_t> all;
    for (const Object* object = index.first(); object != nullptr; object = index.next(*object))
        all.push_back(Index::key_of(*object));
    return all;
}

} // namespace

TEST_CASE("NumberIndex: ascends whatever the order in which its objects come", "[process][index]") {
    const auto order = GENERATE(0, 1, 2);
    std::vector<Object> objects(200);
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t i = 0; i < objects.size(); ++i)
        numbers.push_back(3 * i + 1);
    std::mt19937 random(7);
    std::vector<std::uint64_t> arrival = numbers;
    if (order == 1)
        arrival.assign(numbers.rbegin(), numbers.rend());
    if (order == 2)
        std::shuffle(arrival.begin(), arrival.end(), random);
    Index index;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        index.link(objects[i], arrival[i]);
        REQUIRE(index.is_sound());
    }
    CHECK(keys(index) == numbers);
    CHECK(index.size() == objects.size());
}

TEST_CASE("NumberIndex: is what an ordered map is, over any links and unlinks", "[process][index]") {
    std::mt19937 random(GENERATE(1U, 2U, 3U, 4U));
    std::map<std::uint32_t, Object> model;
    Index index;
    for (int step = 0; step < 3000; ++step) {
        const auto key = static_cast<std::uint32_t>(random() % 400 + 1);
        if (const auto place = model.find(key); place != model.end()) {
            REQUIRE(index.holds(place->second));
            index.unlink(place->second);
            model.erase(place);
        } else {
            index.link(model[key], key);
        }
        REQUIRE(index.is_sound());
        REQUIRE(index.size() == model.size());
        const auto probe = static_cast<std::uint32_t>(random() % 402);
        const auto above = model.upper_bound(probe);
        REQUIRE(index.after(probe) == (above != model.end() ? &above->second : nullptr));
    }
    for (const auto& entry : model)
        index.unlink(const_cast<Object&>(entry.second));
    CHECK(index.empty());
    CHECK(index.first() == nullptr);
}

TEST_CASE("NumberIndex: so it is when most come and go at the end", "[process][index]") {
    std::mt19937 random(GENERATE(1U, 2U, 3U, 4U));
    std::map<std::uint32_t, Object> model;
    Index index;
    std::uint32_t next = 1;
    for (int step = 0; step < 3000; ++step) {
        const auto choice = random() % 8;
        if (model.empty() || choice < 4) {
            index.link(model[next], next);
            next += 2;
        } else if (choice < 7) {
            auto last = std::prev(model.end());
            if (choice == 6 && last != model.begin())
                --last; // the one before the last
            index.unlink(last->second);
            model.erase(last);
        } else if (const auto key = static_cast<std::uint32_t>(random() % next & ~1U); !model.contains(key)) {
            index.link(model[key], key); // among the others
        }
        REQUIRE(index.is_sound());
        REQUIRE(index.size() == model.size());
    }
    std::vector<std::uint64_t> expected;
    for (const auto& entry : model)
        expected.push_back(entry.first);
    CHECK(keys(index) == expected);
}

TEST_CASE("NumberIndex: equal keys stay in the order in which they came", "[process][index]") {
    Object first, second, third, other;
    Index index;
    index.link(other, 9);
    index.link(first, 5);
    index.link(second, 5);
    index.link(third, 5);
    CHECK(index.first() == &first);
    CHECK(index.next(first) == &second);
    CHECK(index.next(second) == &third);
    CHECK(index.next(third) == &other);
    index.unlink(second);
    CHECK(index.next(first) == &third);
    CHECK(index.is_sound());
}

TEST_CASE("NumberIndex: an object is in as many indexes as it has roles", "[process][index]") {
    Object object;
    Index index;
    procspace::NumberIndex<Object, OtherRole> other;
    index.link(object, 1);
    other.link(object, 2);
    index.unlink(object);
    CHECK(other.first() == &object);
    CHECK(index.empty());
    CHECK_FALSE(index.holds(object));
    CHECK(other.holds(object));
}

TEST_CASE("NumberIndex: a hundred thousand ascending numbers are no list", "[process][index]") {
    std::vector<Object> objects(100'000);
    Index index;
    for (std::uint32_t i = 0; i < objects.size(); ++i)
        index.link(objects[i], i + 1);
    std::size_t deepest = 0;
    for (std::size_t i = 0; i < objects.size(); i += 97) {
        std::size_t depth = 0;
        for (const procspace::IndexHook* hook = static_cast<procspace::HookFor<Role>*>(&objects[i]); hook != nullptr;
             hook = hook->up)
            ++depth;
        deepest = std::max(deepest, depth);
    }
    CHECK(deepest < 60); // 2 ln n is 23
    CHECK(index.is_sound());
}
