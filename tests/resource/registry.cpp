#include <procspace/resource/registry.hpp>

#include "fixtures.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <set>
#include <string>
#include <thread>
#include <vector>

using procspace::Namespace;
using procspace::Registry;
using procspace::Resource;

long unit_local_of_second_unit(const Namespace& ns);

namespace {

PROCSPACE_RESOURCE(int, unit_local, 66)

namespace nested {
PROCSPACE_RESOURCE(int, in_nested_namespace, 77);
}

std::vector<const Resource*> all() {
    std::vector<const Resource*> found;
    Registry::for_each([&](const Resource& resource) { found.push_back(&resource); });
    return found;
}

std::size_t times_named(const char* name) {
    const auto found = all();
    return static_cast<std::size_t>(
        std::count_if(found.begin(), found.end(), [&](const Resource* r) { return std::string(r->name()) == name; }));
}

} // namespace

TEST_CASE("Registry: finds each resource of the program exactly once", "[resource][registry][R5]") {
    const auto found = all();
    CHECK(found.size() == Registry::size());
    CHECK(std::set<const Resource*>(found.begin(), found.end()).size() == found.size());
}

TEST_CASE("Registry: indices are dense and ascend in the order of for_each", "[resource][registry][R5]") {
    std::size_t next = 0;
    Registry::for_each([&](const Resource& resource) { CHECK(resource.index() == next++); });
    CHECK(next == Registry::size());
}

TEST_CASE("Registry: a resource in a header is one in all translation units that include it",
          "[resource][registry][R5][trap:46]") {
    CHECK(times_named("inline_number") == 1);
    CHECK(fixtures::inline_number_elsewhere() == &fixtures::inline_number);
    Namespace ns;
    *fixtures::inline_number.get_mut(ns) = 12;
    CHECK(fixtures::read_in_second_unit(ns) == 12);
}

TEST_CASE("Registry: a resource of another translation unit is there", "[resource][registry][R5]") {
    CHECK(times_named("declared_number") == 1);
    const Namespace ns;
    CHECK(fixtures::declared_number.get(ns) == 22);
}

TEST_CASE("Registry: a resource of an object library is there", "[resource][registry][R5]") {
    CHECK(times_named("in_object_library") == 1);
    const Namespace ns;
    CHECK(fixtures::in_object_library.get(ns) == 33);
}

TEST_CASE("Registry: of a static library the members that are referred to are there and the others are not",
          "[resource][registry][R5]") {
    CHECK(times_named("in_archive") == 1);
    const Namespace ns;
    CHECK(fixtures::in_archive.get(ns) == 44);
    CHECK(times_named("in_unused_member") == 0);
}

TEST_CASE("Registry: resources of one name in the anonymous namespaces of two units are two",
          "[resource][registry][R5]") {
    CHECK(times_named("unit_local") == 2);
    const Namespace ns;
    CHECK(unit_local.get(ns) == 66);
    CHECK(unit_local_of_second_unit(ns) == 5);
}

TEST_CASE("Registry: a resource in a nested namespace is there", "[resource][registry][R5]") {
    CHECK(times_named("in_nested_namespace") == 1);
    const Namespace ns;
    CHECK(nested::in_nested_namespace.get(ns) == 77);
}

TEST_CASE("Registry: counting again changes no index", "[resource][registry][R5]") {
    const auto before = all();
    for (const Resource* resource : before)
        REQUIRE(resource->index() < before.size());
    CHECK(all() == before);
    CHECK(Registry::size() == before.size());
}

// Means most as the first case of a process, which is how CTest runs it.
TEST_CASE("Registry: threads that come first at the same time agree", "[resource][registry][R5]") {
    std::atomic<int> ready{0};
    std::size_t sizes[2] = {};
    std::vector<const Resource*> orders[2];
    const auto come = [&](int who) {
        ready.fetch_add(1, std::memory_order_relaxed);
        while (ready.load(std::memory_order_relaxed) != 2)
            procspace::cpu_relax();
        sizes[who] = Registry::size();
        orders[who] = all();
    };
    std::thread other(come, 1);
    come(0);
    other.join();
    CHECK(sizes[0] == sizes[1]);
    CHECK(orders[0] == orders[1]);
    CHECK(orders[0].size() == sizes[0]);
}
