#include <procspace/process/family.hpp>

#include "support/catch.hpp"

#include <vector>

namespace {

struct Object : procspace::FamilyHook {};
using Family = procspace::Family<Object>;

std::vector<const Object*> all(const Family& family) {
    std::vector<const Object*> objects;
    for (const Object* object = family.first(); object != nullptr; object = family.next(*object))
        objects.push_back(object);
    return objects;
}
using Objects = std::vector<const Object*>;

} // namespace

TEST_CASE("Family: keeps its objects in the order in which they came", "[process][family]") {
    Object first, second, third;
    Family family;
    CHECK(family.empty());
    CHECK(family.first() == nullptr);
    for (Object* object : {&first, &second, &third})
        family.append(*object);
    CHECK(all(family) == Objects{&first, &second, &third});
    SECTION("without the first") {
        Family::unlink(first);
        CHECK(all(family) == Objects{&second, &third});
    }
    SECTION("without one in the middle, who comes again as the last") {
        Family::unlink(second);
        CHECK(all(family) == Objects{&first, &third});
        family.append(second);
        CHECK(all(family) == Objects{&first, &third, &second});
    }
    SECTION("without any") {
        for (Object* object : {&third, &first, &second})
            Family::unlink(*object);
        CHECK(family.empty());
        family.append(second);
        CHECK(all(family) == Objects{&second});
    }
}

TEST_CASE("Family: takes all of another behind its own, and both go on", "[process][family]") {
    Object a, b, c, d, late;
    Family family, other;
    other.append(c);
    other.append(d);
    SECTION("into one that has some") {
        family.append(a);
        family.append(b);
        family.take(other);
        CHECK(all(family) == Objects{&a, &b, &c, &d});
    }
    SECTION("into an empty one") {
        family.take(other);
        CHECK(all(family) == Objects{&c, &d});
    }
    SECTION("of an empty one") {
        other.take(family);
        family.take(other);
        CHECK(all(family) == Objects{&c, &d});
    }
    CHECK(other.empty());
    other.append(late);
    CHECK(all(other) == Objects{&late});
    Family::unlink(d);
    CHECK(all(family).back() == &c);
}
