#include <procspace/resource/define.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <type_traits>

using procspace::Namespace;

namespace {

struct Point {
    int x;
    int y = 9;
};
std::atomic<int> evaluated{0}; // cases of other files make namespaces in two threads
int next_number() {
    return evaluated.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// Constant, but for its own address: no value of it may be a copy of another one's bytes.
struct Ring {
    const Ring* next;
    constexpr Ring() : next(this) {}
};
struct Padded {
    int number = 5;
    char letter = 'p';
};
struct Wide {
    long first = 1;
    long second = 2;
};
struct Bits {
    unsigned low : 3 = 5;
    unsigned high : 29 = 9;
};
union Either {
    int number;
    float fraction;
};
struct NotCopied {
    int value = 4;
    NotCopied() = default;
    NotCopied(NotCopied&&) = delete;
};
static_assert(!procspace::ImplicitLifetime<support::Tracked>);

using TwoTypes = std::map<int, std::string>;
using ThreeInts = std::array<int, 3>;
using Pair = short[2];

PROCSPACE_RESOURCE(int, without_arguments)
PROCSPACE_RESOURCE(int*, pointer_without_arguments);
PROCSPACE_RESOURCE(Point, aggregate_without_arguments)
PROCSPACE_RESOURCE(Point, aggregate_with_values, Point{1, 2});
PROCSPACE_RESOURCE(std::string, several_arguments, 3u, 'x')
PROCSPACE_RESOURCE(int, from_function, next_number());
PROCSPACE_RESOURCE(std::atomic<int>, not_movable, 3)
PROCSPACE_RESOURCE(support::TrackedPinned, pinned, 4)
PROCSPACE_RESOURCE(TwoTypes, with_comma_in_type, TwoTypes{{1, "one"}})
PROCSPACE_RESOURCE(ThreeInts, array_of_values, ThreeInts{1, 2, 3})
PROCSPACE_RESOURCE(Ring, ring)
PROCSPACE_RESOURCE(Padded, padded)
PROCSPACE_RESOURCE(Wide, wide)
PROCSPACE_RESOURCE(short, small, -2)
PROCSPACE_RESOURCE(double, floating, 0.5)
PROCSPACE_RESOURCE(Pair, array_in_a_word)
PROCSPACE_RESOURCE(Bits, bits)
PROCSPACE_RESOURCE(Either, either)
PROCSPACE_RESOURCE(NotCopied, not_copied)

} // namespace

// External linkage, and usable before its definition.
PROCSPACE_DECLARE_RESOURCE(int, declared_before)
static int read_declared_before(const Namespace& ns) {
    return declared_before.get(ns);
}
PROCSPACE_RESOURCE(int, declared_before, 99)

TEST_CASE("PROCSPACE_RESOURCE: without arguments the value is value-initialised", "[resource][define]") {
    const Namespace ns;
    CHECK(without_arguments.get(ns) == 0);
    CHECK(pointer_without_arguments.get(ns) == nullptr);
    CHECK(aggregate_without_arguments.get(ns).x == 0);
    CHECK(aggregate_without_arguments.get(ns).y == 9);
}

TEST_CASE("PROCSPACE_RESOURCE: the arguments reach the constructor", "[resource][define]") {
    const Namespace ns;
    CHECK(several_arguments.get(ns) == "xxx");
    CHECK(not_movable.get(ns).load(std::memory_order_relaxed) == 3);
    CHECK(with_comma_in_type.get(ns).at(1) == "one");
}

TEST_CASE("PROCSPACE_RESOURCE: an aggregate takes its values in braces", "[resource][define]") {
    const Namespace ns;
    CHECK(aggregate_with_values.get(ns).x == 1);
    CHECK(aggregate_with_values.get(ns).y == 2);
    CHECK(array_of_values.get(ns)[2] == 3);
}

TEST_CASE("PROCSPACE_RESOURCE: the value is constructed in place without copy or move", "[resource][define]") {
    const std::size_t copies = support::Tracked::copies();
    const std::size_t moves = support::Tracked::moves();
    const Namespace ns;
    CHECK(pinned.get(ns).value == 4);
    CHECK(support::Tracked::copies() == copies);
    CHECK(support::Tracked::moves() == moves);
}

TEST_CASE("PROCSPACE_RESOURCE: the arguments are evaluated at each initialisation", "[resource][define]") {
    Namespace first;
    const Namespace second;
    const int start = from_function.get(first);
    CHECK(from_function.get(second) == start + 1);
    from_function.reset(first);
    CHECK(from_function.get(first) == start + 2);
}

TEST_CASE("PROCSPACE_RESOURCE: what is constant and fits into a word is known by its bytes", "[resource][define]") {
    CHECK(without_arguments.resource().has_constant());
    CHECK(aggregate_with_values.resource().has_constant());
    CHECK(small.resource().has_constant());
    CHECK(floating.resource().has_constant());
    CHECK_FALSE(from_function.resource().has_constant());
    CHECK_FALSE(wide.resource().has_constant());
    CHECK_FALSE(several_arguments.resource().has_constant());
    const Namespace ns;
    CHECK(small.get(ns) == -2);
    CHECK(floating.get(ns) == 0.5);
    CHECK(wide.get(ns).second == 2);
    CHECK(padded.get(ns).number == 5);
    CHECK(padded.get(ns).letter == 'p');
}

TEST_CASE("PROCSPACE_RESOURCE: what a word can hold and is nothing to be returned is constructed",
          "[resource][define]") {
    CHECK_FALSE(array_in_a_word.resource().has_constant());
    const Namespace ns;
    CHECK(array_in_a_word.get(ns)[0] == 0);
    CHECK(array_in_a_word.get(ns)[1] == 0);
    CHECK(bits.get(ns).low == 5);
    CHECK(bits.get(ns).high == 9);
    CHECK(either.get(ns).number == 0);
    CHECK(not_copied.get(ns).value == 4);
}

TEST_CASE("PROCSPACE_RESOURCE: a value that points to itself is never a copy of bytes", "[resource][define]") {
    CHECK_FALSE(ring.resource().has_constant());
    const Namespace ns;
    CHECK(ring.get(ns).next == &ring.get(ns));
}

TEST_CASE("PROCSPACE_DECLARE_RESOURCE: names the key that is defined elsewhere", "[resource][define]") {
    const Namespace ns;
    CHECK(read_declared_before(ns) == 99);
}

TEST_CASE("PROCSPACE_RESOURCE: the key knows the name it was given", "[resource][define]") {
    CHECK(std::string(several_arguments.resource().name()) == "several_arguments");
}

TEST_CASE("PROCSPACE_RESOURCE: the key is a constant that needs no destructor", "[resource][define][R6]") {
    STATIC_REQUIRE(std::is_trivially_destructible_v<decltype(several_arguments)>);
    STATIC_REQUIRE(std::is_const_v<decltype(several_arguments)>);
    SUCCEED();
}
