#include <procspace/resource/res_arc.hpp>

#include <procspace/resource/define.hpp>

#include "support/catch.hpp"
#include "support/counting_atomic.hpp"
#include "support/forged_atomic.hpp"
#include "support/tracked.hpp"
#include "support/traits.hpp"

#include <cstddef>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <utility>

using procspace::AnyResArc;
using procspace::BasicAnyResArc;
using procspace::BasicNamespace;
using procspace::Errno;
using procspace::ResArc;
using support::CountingMemory;
using support::NullCounting;
using support::Tracked;
using support::TrackedThrowing;

namespace {

struct ForgedTraits : support::PanicTraits {
    using Memory = CountingMemory;
    template <class U>
    using Atomic = support::ForgedAtomic<U>;
};

struct SaturatingTraits : ForgedTraits {
    using Memory = procspace::HeapMemory; // what saturates is leaked
    static constexpr procspace::Overflow overflow = procspace::Overflow::saturate;
};

struct LoggedTraits : support::PanicTraits {
    using Memory = CountingMemory;
    template <class U>
    using Atomic = support::CountingAtomic<U>;
};

template <std::size_t Align>
struct alignas(Align) Aligned {
    unsigned char first = 0x5A;
    unsigned char rest[Align - 1] = {};
};
template <>
struct Aligned<1> {
    unsigned char first = 0x5A;
};

PROCSPACE_RESOURCE(Tracked, arc_tracked, 5)
PROCSPACE_RESOURCE(TrackedThrowing, arc_throwing, 6)
PROCSPACE_RESOURCE(Aligned<1>, arc_align_1)
PROCSPACE_RESOURCE(Aligned<2>, arc_align_2)
PROCSPACE_RESOURCE(Aligned<8>, arc_align_8)
PROCSPACE_RESOURCE(Aligned<16>, arc_align_16)
PROCSPACE_RESOURCE(Aligned<32>, arc_align_32)
PROCSPACE_RESOURCE(Aligned<64>, arc_align_64)
PROCSPACE_RESOURCE(Aligned<4096>, arc_align_4096)

template <std::size_t Align>
void check_aligned(const procspace::ResWrapper<Aligned<Align>>& key) {
    const std::size_t bytes = CountingMemory::live_bytes();
    const std::size_t allocations = CountingMemory::allocations();
    auto arc = key.template create<NullCounting>();
    INFO("alignment " << Align);
    CHECK(reinterpret_cast<std::uintptr_t>(arc.get()) % Align == 0);
    CHECK(arc->first == 0x5A);
    CHECK(CountingMemory::allocations() == allocations + 1);
    // Pointer and count, padded up to the value's alignment, then the value, up to the end of a word: nothing else.
    const std::size_t head = 2 * sizeof(void*);
    const std::size_t offset = head > Align ? (head + Align - 1) / Align * Align : Align;
    const std::size_t words = (sizeof(Aligned<Align>) + sizeof(void*) - 1) / sizeof(void*);
    CHECK(CountingMemory::live_bytes() - bytes == offset + words * sizeof(void*));
}

} // namespace

TEST_CASE("ResArc: value and count share one block and the value stands at its alignment", "[resource][arc][R1]") {
    check_aligned(arc_align_1);
    check_aligned(arc_align_2);
    check_aligned(arc_align_8);
    check_aligned(arc_align_16);
    check_aligned(arc_align_32);
    check_aligned(arc_align_64);
    check_aligned(arc_align_4096);
}

TEST_CASE("ResArc: a handle is one pointer", "[resource][arc][R1]") {
    STATIC_REQUIRE(sizeof(ResArc<Tracked>) == sizeof(void*));
    STATIC_REQUIRE(sizeof(AnyResArc) == sizeof(void*));
    SUCCEED();
}

TEST_CASE("ResArc: typed and erased access reach the same value", "[resource][arc][R1]") {
    const BasicNamespace<NullCounting> ns;
    CHECK(ns.get(arc_align_4096.resource()).body() == &arc_align_4096.get(ns));
    CHECK(ns.get(arc_align_1.resource()).body() == &arc_align_1.get(ns));
    CHECK(ns.get(arc_tracked.resource()).body_as<Tracked>() == &arc_tracked.get(ns));
    CHECK(&ns.get(arc_tracked.resource()).resource() == &arc_tracked.resource());
}

PROCSPACE_TRAITS_TEST_CASE("ResArc: copies name one value and the last owner destroys it exactly once",
                           "[resource][arc]") {
    const std::size_t alive = Tracked::alive();
    {
        auto first = arc_tracked.create<TestType>();
        CHECK(first.use_count() == 1);
        {
            const auto second = first;
            CHECK(first.use_count() == 2);
            CHECK(second.get() == first.get());
            CHECK(Tracked::alive() == alive + 1);
        }
        CHECK(first.use_count() == 1);
        CHECK(first->value == 5);
        CHECK((*first).value == 5);
    }
    CHECK(Tracked::alive() == alive);
}

PROCSPACE_TRAITS_TEST_CASE("ResArc: get_mut gives the value to a sole owner only", "[resource][arc]") {
    auto arc = arc_tracked.create<TestType>();
    REQUIRE(arc.get_mut() == arc.get());
    arc.get_mut()->value = 50;
    {
        const auto sharer = arc;
        CHECK(arc.get_mut() == nullptr);
    }
    REQUIRE(arc.get_mut() != nullptr);
    CHECK(arc->value == 50);
}

PROCSPACE_TRAITS_TEST_CASE("ResArc: a move transfers ownership and leaves an empty handle", "[resource][arc]") {
    auto first = arc_tracked.create<TestType>();
    const Tracked* const value = first.get();
    auto second = std::move(first);
    CHECK_FALSE(first);
    CHECK(second);
    CHECK(second.get() == value);
    CHECK(second.use_count() == 1);
    first = std::move(second);
    CHECK_FALSE(second);
    CHECK(first.get() == value);
    auto third = arc_tracked.create<TestType>();
    const std::size_t alive = Tracked::alive();
    third = std::move(first);
    CHECK(third.get() == value);
    CHECK(Tracked::alive() == alive - 1);
}

TEST_CASE("ResArc: an empty handle may be copied, assigned to and destroyed", "[resource][arc]") {
    ResArc<Tracked, NullCounting> empty{procspace::NoValue{}};
    const auto copy = empty;
    CHECK_FALSE(copy);
    auto full = arc_tracked.create<NullCounting>();
    const std::size_t alive = Tracked::alive();
    full = copy;
    CHECK_FALSE(full);
    CHECK(Tracked::alive() == alive - 1);
    empty = arc_tracked.create<NullCounting>();
    CHECK(empty->value == 5);
}

TEST_CASE("ResArc: assigning a handle to itself or to a sharer changes nothing", "[resource][arc]") {
    auto first = arc_tracked.create<LoggedTraits>();
    auto second = first;
    support::AtomicLog::clear();
    first = second;
    const auto& self = first;
    first = self;
    CHECK(support::AtomicLog::count(support::AtomicOp::read_modify_write) == 0);
    CHECK(first.use_count() == 2);
    auto& moved = first;
    first = std::move(moved);
    REQUIRE(first);
    CHECK(first.same_as(second));
    CHECK(first.use_count() == 2);
}

TEST_CASE("ResArc: same_as tells one value from two equal ones", "[resource][arc][trap:45]") {
    const auto first = arc_tracked.create<NullCounting>();
    const auto second = arc_tracked.create<NullCounting>();
    const auto copy = first;
    CHECK(first.same_as(copy));
    CHECK_FALSE(first.same_as(second));
    CHECK(first->value == second->value);
}

TEST_CASE("ResArc: the destructor of a value that throws returns the memory and lets the exception out",
          "[resource][arc][trap:38][R4]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    const std::size_t alive = Tracked::alive();
    TrackedThrowing::throw_in_destructor(1);
    CHECK_THROWS_AS([] { const auto arc = arc_throwing.create<NullCounting>(); }(), support::TrackedError);
    CHECK(CountingMemory::live_blocks() == blocks);
    CHECK(Tracked::alive() == alive);
}

TEST_CASE("ResArc: assignment over a value whose destructor throws still installs the new one",
          "[resource][arc][trap:38][R4]") {
    auto arc = arc_throwing.create<NullCounting>();
    const auto other = arc_throwing.create<NullCounting>();
    TrackedThrowing::throw_in_destructor(1);
    CHECK_THROWS_AS(arc = other, support::TrackedError);
    CHECK(arc.same_as(other));
    CHECK(other.use_count() == 2);
}

TEST_CASE("ResArc: a copy beyond the limit panics and leaves the count as it was", "[resource][arc][trap:37][R3]") {
    const auto arc = arc_tracked.create<ForgedTraits>();
    auto* const raw = support::ForgedCount::newest();
    raw->store(arc.max_refcount, std::memory_order_relaxed);
    CHECK(support::panic_of([&] { const auto copy = arc; }).find("reference count overflow") == 0);
    CHECK(arc.use_count() == arc.max_refcount);
    raw->store(1, std::memory_order_relaxed);
}

TEST_CASE("ResArc: with Overflow::saturate a value that met the limit stays for ever", "[resource][arc][R3]") {
    // A value without a Tracked: it is leaked on purpose.
    const auto arc = arc_align_8.create<SaturatingTraits>();
    auto* const raw = support::ForgedCount::newest();
    raw->store(arc.max_refcount, std::memory_order_relaxed);
    { const auto copy = arc; }
    CHECK(arc.use_count() > arc.max_refcount);
    CHECK(arc->first == 0x5A);
    raw->store(1, std::memory_order_relaxed); // the leak is for the kernel that chose it, not for this test
}

TEST_CASE("ResArc: the limit is the largest pointer difference", "[resource][arc][R3]") {
    STATIC_REQUIRE(ResArc<Tracked>::max_refcount == static_cast<std::size_t>(PTRDIFF_MAX));
    STATIC_REQUIRE(AnyResArc::max_refcount == static_cast<std::size_t>(PTRDIFF_MAX));
    SUCCEED();
}

TEST_CASE("AnyResArc: create without memory says no_memory and runs no initialiser", "[resource][arc][R4]") {
    const std::size_t constructed = Tracked::constructed();
    const support::FailNth::Armed armed(1);
    const auto made = BasicAnyResArc<support::DepthFailing>::create(arc_tracked.resource());
    CHECK(made.error == Errno::no_memory);
    CHECK_FALSE(made.value);
    CHECK(Tracked::constructed() == constructed);
}

TEST_CASE("AnyResArc: an initialiser that throws returns the block", "[resource][arc][trap:38][R4]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    Tracked::throw_in_constructor(1);
    CHECK_THROWS_AS(BasicAnyResArc<NullCounting>::create(arc_tracked.resource()), support::TrackedError);
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("AnyResArc: swap exchanges two owners without counting", "[resource][arc]") {
    auto first = BasicAnyResArc<LoggedTraits>::create(arc_tracked.resource());
    auto second = BasicAnyResArc<LoggedTraits>::create(arc_throwing.resource());
    void* const one = first.value.body();
    void* const two = second.value.body();
    support::AtomicLog::clear();
    first.value.swap(second.value);
    CHECK(first.value.body() == two);
    CHECK(second.value.body() == one);
    CHECK(support::AtomicLog::entries().empty());
    CHECK_FALSE(first.value.same_as(second.value));
}

TEST_CASE("ResArc: owners in two threads end one value once", "[resource][arc][R2]") {
    const std::size_t destroyed = Tracked::destroyed();
    constexpr std::size_t rounds = 2000;
    for (std::size_t i = 0; i < rounds; ++i) {
        auto mine = arc_tracked.create<support::SpinHeap>();
        mine.get_mut()->value = static_cast<int>(i);
        std::thread other([yours = mine] { static_cast<void>(yours->value); });
        { const auto gone = std::move(mine); }
        other.join();
    }
    CHECK(Tracked::destroyed() - destroyed == rounds);
}
