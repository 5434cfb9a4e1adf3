#include <procspace/resource/res_wrapper.hpp>

#include <procspace/resource/define.hpp>

#include "support/catch.hpp"
#include "support/counting_atomic.hpp"
#include "support/forged_atomic.hpp"
#include "support/tracked.hpp"
#include "support/traits.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

using procspace::BasicNamespace;
using procspace::Errno;
using procspace::Guarded;
using procspace::ResArc;
using support::CountingMemory;
using support::DepthFailing;
using support::FailNth;
using support::NullCounting;
using support::Tracked;
using support::TrackedThrowing;

namespace {

// Synchronises itself, and says so below.
struct Counter {
    void add() { value.fetch_add(1, std::memory_order_relaxed); }
    std::atomic<int> value{0};
};

// Its end runs what the test wants.
struct LastWords {
    LastWords() = default;
    LastWords(const LastWords&) = delete;
    LastWords& operator=(const LastWords&) = delete;
    ~LastWords() {
        if (speak)
            speak();
    }
    std::function<void()> speak;
};

struct LoggedTraits : support::PanicTraits {
    using Memory = CountingMemory;
    template <class U>
    using Atomic = support::CountingAtomic<U>;
};

struct ForgedTraits : support::PanicTraits {
    using Memory = CountingMemory;
    template <class U>
    using Atomic = support::ForgedAtomic<U>;
};

template <class Traits>
using Ns = BasicNamespace<Traits>;

} // namespace

template <>
inline constexpr bool procspace::internally_synchronised<Counter> = true;

namespace {

PROCSPACE_RESOURCE(Tracked, res, 7)
PROCSPACE_RESOURCE(Tracked, res_of_same_type, 8)
PROCSPACE_RESOURCE(TrackedThrowing, res_throwing, 9)
PROCSPACE_RESOURCE(LastWords, res_last_words)
PROCSPACE_RESOURCE(std::atomic<int>, res_atomic, 1)
PROCSPACE_RESOURCE(Guarded<std::string>, res_guarded, "a")
PROCSPACE_RESOURCE(Counter, res_counter)
PROCSPACE_RESOURCE(int, res_int, 5)

} // namespace

// --- get -------------------------------------------------------------------------------------------------------------

PROCSPACE_TRAITS_TEST_CASE("ResWrapper: get reads the same value whether it is shared or not", "[resource][wrapper]") {
    Ns<TestType> ns;
    const Tracked* const alone = &res.get(ns);
    Ns<TestType> other;
    res.share_from(other, ns);
    CHECK(&res.get(ns) == alone);
    CHECK(&res.get(other) == alone);
    CHECK(res.get(ns).value == 7);
}

TEST_CASE("ResWrapper: get gives const access except to what synchronises itself", "[resource][wrapper]") {
    Ns<NullCounting> ns; // not const: the rule does not depend on the namespace
    STATIC_REQUIRE(std::is_same_v<decltype(res_int.get(ns)), const int&>);
    STATIC_REQUIRE(std::is_same_v<decltype(res_atomic.get(ns)), std::atomic<int>&>);
    STATIC_REQUIRE(std::is_same_v<decltype(res_guarded.get(ns)), Guarded<std::string>&>);
    STATIC_REQUIRE(std::is_same_v<decltype(res_counter.get(ns)), Counter&>);
    STATIC_REQUIRE(std::is_same_v<decltype(*res_int.arc(ns)), const int&>);
    STATIC_REQUIRE(std::is_same_v<decltype(res_atomic.arc(ns).get()), std::atomic<int>*>);
    const Ns<NullCounting>& shared = ns;
    res_atomic.get(shared).store(4, std::memory_order_relaxed);
    res_guarded.get(shared).with([](std::string& text) { text += "b"; });
    res_counter.get(shared).add();
    CHECK(res_atomic.get(ns).load(std::memory_order_relaxed) == 4);
    CHECK(res_guarded.get(ns).with([](const std::string& text) { return text; }) == "ab");
    CHECK(res_counter.get(ns).value.load(std::memory_order_relaxed) == 1);
}

TEST_CASE("ResWrapper: get does no atomic operation on the count and no allocation", "[resource][wrapper][R7]") {
    const Ns<LoggedTraits> ns;
    support::AtomicLog::clear();
    const std::size_t allocations = CountingMemory::allocations();
    const std::size_t constructed = Tracked::constructed();
    CHECK(res.get(ns).value == 7);
    CHECK(support::AtomicLog::entries().empty());
    CHECK(CountingMemory::allocations() == allocations);
    CHECK(Tracked::constructed() == constructed);
}

// --- get_mut ---------------------------------------------------------------------------------------------------------

PROCSPACE_TRAITS_TEST_CASE("ResWrapper: get_mut gives a value that nobody shares for writing", "[resource][wrapper]") {
    Ns<TestType> ns;
    REQUIRE(res.get_mut(ns) != nullptr);
    res.get_mut(ns)->value = 70;
    CHECK(res.get(ns).value == 70);
    CHECK(res.get_mut(ns) == &res.get(ns));
}

PROCSPACE_TRAITS_TEST_CASE("ResWrapper: get_mut is null while another namespace or a pin shares the value",
                           "[resource][wrapper]") {
    Ns<TestType> ns;
    {
        Ns<TestType> other;
        res.share_from(other, ns);
        CHECK(res.get_mut(ns) == nullptr);
        CHECK(res.get_mut(other) == nullptr);
    }
    CHECK(res.get_mut(ns) != nullptr);
    {
        const auto pin = res.arc(ns);
        CHECK(res.get_mut(ns) == nullptr);
    }
    CHECK(res.get_mut(ns) != nullptr);
}

TEST_CASE("ResWrapper: get_mut sees all that a former owner in another thread wrote", "[resource][wrapper][R2]") {
    Ns<support::SpinHeap> ns;
    std::thread other([pin = std::optional(res_counter.arc(ns))]() mutable {
        (*pin)->add();
        pin.reset();
    });
    while (res_counter.get_mut(ns) == nullptr)
        procspace::cpu_relax();
    CHECK(res_counter.get_mut(ns)->value.load(std::memory_order_relaxed) == 1);
    other.join();
}

// --- share_from ------------------------------------------------------------------------------------------------------

PROCSPACE_TRAITS_TEST_CASE("ResWrapper: share_from makes dst name the value of src and ends its former one",
                           "[resource][wrapper]") {
    Ns<TestType> dst;
    Ns<TestType> src;
    res.get_mut(src)->value = 70;
    const std::size_t alive = Tracked::alive();
    res.share_from(dst, src);
    CHECK(&res.get(dst) == &res.get(src));
    CHECK(res.get(dst).value == 70);
    CHECK(Tracked::alive() == alive - 1);
    CHECK(src.get(res.resource()).use_count() == 2);
    // Only this resource: the others stay what they were.
    CHECK(&res_of_same_type.get(dst) != &res_of_same_type.get(src));
}

PROCSPACE_TRAITS_TEST_CASE("ResWrapper: a shared value outlives the namespace that it came from",
                           "[resource][wrapper]") {
    Ns<TestType> dst;
    {
        Ns<TestType> src;
        res.get_mut(src)->value = 70;
        res.share_from(dst, src);
    }
    CHECK(res.get(dst).value == 70);
    CHECK(res.get_mut(dst) != nullptr);
}

TEST_CASE("ResWrapper: share_from itself or a sharer does no read-modify-write and changes nothing",
          "[resource][wrapper][R4]") {
    Ns<LoggedTraits> first;
    Ns<LoggedTraits> second;
    res.share_from(second, first);
    const Tracked* const value = &res.get(first);
    const std::size_t alive = Tracked::alive();
    support::AtomicLog::clear();
    res.share_from(first, first);
    res.share_from(second, first);
    res.share_from(first, second);
    CHECK(support::AtomicLog::count(support::AtomicOp::read_modify_write) == 0);
    CHECK(&res.get(first) == value);
    CHECK(&res.get(second) == value);
    CHECK(Tracked::alive() == alive);
    CHECK(first.get(res.resource()).use_count() == 2);
}

TEST_CASE("ResWrapper: share_from costs one increment when dst was the sole owner", "[resource][wrapper]") {
    Ns<LoggedTraits> dst;
    const Ns<LoggedTraits> src;
    support::AtomicLog::clear();
    res.share_from(dst, src);
    CHECK(support::AtomicLog::count(support::AtomicOp::read_modify_write) == 1);
}

TEST_CASE("ResWrapper: share_from allocates nothing", "[resource][wrapper]") {
    Ns<NullCounting> dst;
    const Ns<NullCounting> src;
    const std::size_t allocations = CountingMemory::allocations();
    res.share_from(dst, src);
    CHECK(CountingMemory::allocations() == allocations);
}

TEST_CASE("ResWrapper: share_from at the limit panics and changes neither side", "[resource][wrapper][trap:37][R3]") {
    Ns<ForgedTraits> dst;
    Ns<ForgedTraits> src;
    res.reset(src);
    auto* const raw = support::ForgedCount::newest();
    raw->store(ResArc<Tracked, ForgedTraits>::max_refcount, std::memory_order_relaxed);
    const Tracked* const before = &res.get(dst);
    CHECK(support::panic_of([&] { res.share_from(dst, src); }).find("reference count overflow") == 0);
    CHECK(src.get(res.resource()).use_count() == ResArc<Tracked, ForgedTraits>::max_refcount);
    CHECK(&res.get(dst) == before);
    CHECK(dst.get(res.resource()).use_count() == 1);
    raw->store(1, std::memory_order_relaxed);
}

TEST_CASE("ResWrapper: share_from over a value whose destructor throws still shares", "[resource][wrapper][trap:38]") {
    Ns<NullCounting> dst;
    const Ns<NullCounting> src;
    TrackedThrowing::throw_in_destructor(1);
    CHECK_THROWS_AS(res_throwing.share_from(dst, src), support::TrackedError);
    CHECK(&res_throwing.get(dst) == &res_throwing.get(src));
}

// --- reset -----------------------------------------------------------------------------------------------------------

PROCSPACE_TRAITS_TEST_CASE("ResWrapper: reset gives a fresh value and those that shared the former one keep it",
                           "[resource][wrapper]") {
    Ns<TestType> first;
    Ns<TestType> second;
    res.get_mut(first)->value = 70;
    res.share_from(second, first);
    res.reset(first);
    CHECK(res.get(first).value == 7);
    CHECK(res.get(second).value == 70);
    CHECK(res.get_mut(second) != nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("ResWrapper: reset ends a value that nobody shares", "[resource][wrapper]") {
    Ns<TestType> ns;
    const std::size_t alive = Tracked::alive();
    const std::size_t destroyed = Tracked::destroyed();
    res.reset(ns);
    CHECK(Tracked::alive() == alive);
    CHECK(Tracked::destroyed() == destroyed + 1);
    CHECK(res.try_reset(ns));
    CHECK(Tracked::destroyed() == destroyed + 2);
}

TEST_CASE("ResWrapper: reset makes the new value before it ends the old one", "[resource][wrapper][R4]") {
    Ns<NullCounting> ns;
    const std::size_t destroyed = Tracked::destroyed();
    const Tracked* const before = &res.get(ns);
    SECTION("so a throwing initialiser changes nothing") {
        Tracked::throw_in_constructor(1);
        CHECK_THROWS_AS(res.reset(ns), support::TrackedError);
        Tracked::throw_in_constructor(1);
        CHECK_THROWS_AS(res.try_reset(ns), support::TrackedError);
        CHECK(&res.get(ns) == before);
        CHECK(Tracked::destroyed() == destroyed);
    }
    SECTION("so the old value is still there while the new one begins") {
        res.reset(ns);
        CHECK(&res.get(ns) != before); // both lived at once
    }
}

TEST_CASE("ResWrapper: reset without memory changes nothing", "[resource][wrapper][R4]") {
    Ns<DepthFailing> ns;
    const Tracked* const before = &res.get(ns);
    const std::size_t destroyed = Tracked::destroyed();
    {
        const FailNth::Armed armed(1);
        CHECK(res.try_reset(ns).error == Errno::no_memory);
    }
    {
        const FailNth::Armed armed(1);
        CHECK_THROWS_AS(res.reset(ns), std::bad_alloc);
    }
    CHECK(&res.get(ns) == before);
    CHECK(Tracked::destroyed() == destroyed);
}

TEST_CASE("ResWrapper: reset of a value whose destructor throws installs the new one and loses no memory",
          "[resource][wrapper][trap:38][R4]") {
    Ns<NullCounting> ns;
    const std::size_t blocks = CountingMemory::live_blocks();
    const TrackedThrowing* const before = &res_throwing.get(ns);
    TrackedThrowing::throw_in_destructor(1);
    CHECK_THROWS_AS(res_throwing.reset(ns), support::TrackedError);
    CHECK(&res_throwing.get(ns) != before);
    CHECK(res_throwing.get(ns).value == 9);
    CHECK(CountingMemory::live_blocks() == blocks);
}

// --- destructors that use the namespace ------------------------------------------------------------------------------

TEST_CASE("ResWrapper: the destructor of a replaced value sees the new one and may use the namespace",
          "[resource][wrapper][trap:6][R4]") {
    Ns<NullCounting> ns;
    Ns<NullCounting> other;
    int spoken = 0;
    const LastWords* const before = &res_last_words.get(ns);
    const auto speak = [&] {
        ++spoken;
        CHECK(&res_last_words.get(ns) != before);
        CHECK(res_last_words.get_mut(ns) != nullptr);
        res.reset(ns);
        res.share_from(other, ns);
    };
    SECTION("in reset") {
        res_last_words.get_mut(ns)->speak = speak;
        res_last_words.reset(ns);
    }
    SECTION("in reset, and resets once more") {
        res_last_words.get_mut(ns)->speak = [&] {
            speak();
            res_last_words.reset(ns);
        };
        res_last_words.reset(ns);
    }
    SECTION("in share_from") {
        const auto pin_aside = [&] {
            ++spoken;
            CHECK(&res_last_words.get(ns) == &res_last_words.get(other));
            res.reset(ns);
        };
        res_last_words.get_mut(ns)->speak = pin_aside;
        res_last_words.share_from(ns, other);
    }
    CHECK(spoken == 1);
}

// --- create, arc, replace --------------------------------------------------------------------------------------------

PROCSPACE_TRAITS_TEST_CASE("ResWrapper: create makes a fresh value that is in no namespace", "[resource][wrapper]") {
    const Ns<TestType> ns;
    const auto fresh = res.create<TestType>();
    CHECK(fresh->value == 7);
    CHECK(fresh.use_count() == 1);
    CHECK_FALSE(fresh.same_as(res.arc(ns)));
    const auto tried = res.try_create<TestType>();
    REQUIRE(tried);
    CHECK(tried.value->value == 7);
}

TEST_CASE("ResWrapper: create without memory is bad_alloc and try_create a value", "[resource][wrapper][R4]") {
    {
        const FailNth::Armed armed(1);
        CHECK_THROWS_AS(res.create<DepthFailing>(), std::bad_alloc);
    }
    const FailNth::Armed armed(1);
    const auto tried = res.try_create<DepthFailing>();
    CHECK(tried.error == Errno::no_memory);
    CHECK_FALSE(tried.value);
}

PROCSPACE_TRAITS_TEST_CASE("ResWrapper: a pin keeps the value alive after its namespace", "[resource][wrapper]") {
    std::optional<Ns<TestType>> ns(std::in_place);
    res.get_mut(*ns)->value = 70;
    auto pin = res.arc(*ns);
    CHECK(pin.use_count() == 2);
    ns.reset();
    CHECK(pin->value == 70);
    CHECK(pin.use_count() == 1);
    CHECK(pin.get_mut() != nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("ResWrapper: a pin keeps the value alive after a reset", "[resource][wrapper]") {
    Ns<TestType> ns;
    const auto pin = res.arc(ns);
    res.reset(ns);
    CHECK_FALSE(pin.same_as(res.arc(ns)));
    CHECK(pin->value == 7);
}

PROCSPACE_TRAITS_TEST_CASE("ResWrapper: replace installs one value and gives back the owner of the other",
                           "[resource][wrapper]") {
    Ns<TestType> ns;
    const Tracked* const old_value = &res.get(ns);
    auto fresh = res.create<TestType>();
    fresh.get_mut()->value = 70;
    const Tracked* const new_value = fresh.get();
    const auto former = res.replace(ns, std::move(fresh));
    CHECK(&res.get(ns) == new_value);
    CHECK(former.get() == old_value);
    CHECK(former.use_count() == 1);
    CHECK(res.get_mut(ns) != nullptr);
    res.replace(ns, former);
    CHECK(&res.get(ns) == old_value);
}

TEST_CASE("ResWrapper: replace refuses what does not belong there and changes nothing", "[resource][wrapper]") {
    Ns<NullCounting> ns;
    const Tracked* const before = &res.get(ns);
    const char* const said = "replace: the ResArc is empty (moved from) or belongs to another resource";
    SECTION("an empty ResArc") {
        auto arc = res.create<NullCounting>();
        const auto taken = std::move(arc);
        CHECK_THAT(support::panic_of([&] { res.replace(ns, std::move(arc)); }), Equals(said));
    }
    SECTION("a value of another resource of the same type") {
        auto arc = res_of_same_type.create<NullCounting>();
        CHECK_THAT(support::panic_of([&] { res.replace(ns, std::move(arc)); }), Equals(said));
    }
    CHECK(&res.get(ns) == before);
    CHECK(res.get(ns).value == 7);
}

TEST_CASE("ResWrapper: resources of one type are two resources", "[resource][wrapper][trap:45]") {
    Ns<NullCounting> ns;
    res.get_mut(ns)->value = 70;
    CHECK(res_of_same_type.get(ns).value == 8);
}

// --- types that must stay with one thread ----------------------------------------------------------------------------

namespace {
struct BoundByMember {
    static constexpr bool thread_bound = true;
};
struct BoundByType {
    using thread_bound = void;
};
} // namespace

// That such a type cannot be defined as a resource is held by compile_fail.thread_bound.
TEST_CASE("ThreadBound: a type says it by a member of that name", "[resource][wrapper][trap:40]") {
    STATIC_REQUIRE(procspace::ThreadBound<BoundByMember>);
    STATIC_REQUIRE(procspace::ThreadBound<BoundByType>);
    STATIC_REQUIRE_FALSE(procspace::ThreadBound<Tracked>);
    STATIC_REQUIRE_FALSE(procspace::ThreadBound<int>);
    SUCCEED();
}
