#include <procspace/core/ref_count.hpp>

#include "support/catch.hpp"
#include "support/counting_atomic.hpp"
#include "support/forged_atomic.hpp"
#include "support/traits.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

using procspace::Overflow;
using procspace::RefCount;
using support::AtomicEntry;
using support::AtomicLog;
using support::AtomicOp;
using support::ForgedCount;

namespace {

struct LoggedTraits : support::PanicTraits {
    template <class U>
    using Atomic = support::CountingAtomic<U>;
};

struct ForgedTraits : support::PanicTraits {
    template <class U>
    using Atomic = support::ForgedAtomic<U>;
};

struct SaturatingTraits : ForgedTraits {
    static constexpr Overflow overflow = Overflow::saturate;
};

using Count = RefCount<support::PanicTraits>;

} // namespace

TEST_CASE("RefCount: starts with one owner", "[core][ref_count]") {
    const Count count;
    CHECK(count.value() == 1);
    CHECK(count.unique());
}

TEST_CASE("RefCount: only the last decrement reports the end", "[core][ref_count]") {
    Count count;
    count.increment();
    count.increment();
    CHECK(count.value() == 3);
    CHECK_FALSE(count.unique());
    CHECK_FALSE(count.decrement());
    CHECK_FALSE(count.decrement());
    CHECK(count.unique());
    CHECK(count.decrement());
}

TEST_CASE("RefCount: the limit is the largest pointer difference", "[core][ref_count]") {
    STATIC_REQUIRE(Count::max == static_cast<std::size_t>(PTRDIFF_MAX));
    SUCCEED();
}

TEST_CASE("RefCount: an increment is relaxed and nothing else", "[core][ref_count][R2]") {
    RefCount<LoggedTraits> count;
    AtomicLog::clear();
    count.increment();
    const std::vector<AtomicEntry> wanted{{AtomicOp::read_modify_write, std::memory_order_relaxed}};
    CHECK((AtomicLog::entries() == wanted));
}

TEST_CASE("RefCount: a decrement beside other owners releases", "[core][ref_count][R2]") {
    RefCount<LoggedTraits> count;
    count.increment();
    AtomicLog::clear();
    CHECK_FALSE(count.decrement());
    REQUIRE(AtomicLog::count(AtomicOp::read_modify_write) == 1);
    CHECK((AtomicLog::entries().back() == AtomicEntry{AtomicOp::read_modify_write, std::memory_order_release}));
}

TEST_CASE("RefCount: a sole owner ends with an acquire load and no read-modify-write", "[core][ref_count][R2]") {
    RefCount<LoggedTraits> count;
    AtomicLog::clear();
    CHECK(count.decrement());
    const std::vector<AtomicEntry> wanted{{AtomicOp::load, std::memory_order_acquire}};
    CHECK((AtomicLog::entries() == wanted));
}

TEST_CASE("RefCount: unique is an acquire load", "[core][ref_count][R2]") {
    const RefCount<LoggedTraits> count;
    AtomicLog::clear();
    CHECK(count.unique());
    const std::vector<AtomicEntry> wanted{{AtomicOp::load, std::memory_order_acquire}};
    CHECK((AtomicLog::entries() == wanted));
}

TEST_CASE("RefCount: losing the race for the last place acquires after the release", "[core][ref_count][R2]") {
    // The first load sees two owners; the other one leaves before the subtraction, which therefore is the last.
    RefCount<ForgedTraits> count;
    count.increment();
    ForgedCount::before_next_rmw([] { ForgedCount::newest()->store(1, std::memory_order_relaxed); });
    ForgedCount::clear_orders();
    CHECK(count.decrement());
    const std::vector<std::memory_order> wanted{std::memory_order_acquire, std::memory_order_release,
                                                std::memory_order_acquire};
    CHECK((ForgedCount::orders() == wanted));
}

TEST_CASE("RefCount: overflow is undone before it is reported", "[core][ref_count][trap:37][R3]") {
    RefCount<ForgedTraits> count;
    ForgedCount::newest()->store(RefCount<ForgedTraits>::max - 1, std::memory_order_relaxed);
    count.increment(); // the last one that fits
    CHECK(count.value() == RefCount<ForgedTraits>::max);
    for (int again = 0; again < 3; ++again) {
        CHECK_THAT(support::panic_of([&] { count.increment(); }),
                   Equals("reference count overflow: more owners than PTRDIFF_MAX, or a count that was overwritten"));
        CHECK(count.value() == RefCount<ForgedTraits>::max);
    }
    CHECK_FALSE(count.decrement());
    CHECK(count.value() == RefCount<ForgedTraits>::max - 1);
}

TEST_CASE("RefCount: a saturated count neither panics nor ever ends", "[core][ref_count][R3]") {
    RefCount<SaturatingTraits> count;
    auto* const raw = ForgedCount::newest();
    raw->store(RefCount<SaturatingTraits>::max, std::memory_order_relaxed);
    count.increment();
    const std::size_t pinned = count.value();
    CHECK(pinned > RefCount<SaturatingTraits>::max);
    for (int i = 0; i < 10; ++i)
        CHECK_FALSE(count.decrement());
    CHECK(count.value() == pinned);
    count.increment();
    CHECK(count.value() == pinned);
    CHECK_FALSE(count.unique());
}

TEST_CASE("RefCount: with many threads exactly one of them is the last and sees what all wrote",
          "[core][ref_count][R2]") {
    constexpr int rounds = 2000;
    for (int round = 0; round < rounds; ++round) {
        Count count;
        int mine = 0; // plain: the release of each owner and the acquire of the last are all that orders these two
        int yours = 0;
        std::atomic<int> last{0};
        int sum = 0;
        count.increment();
        const auto leave = [&] {
            if (count.decrement()) {
                last.fetch_add(1, std::memory_order_relaxed);
                sum = mine + yours;
            }
        };
        std::thread other([&] {
            yours = 1;
            leave();
        });
        mine = 1;
        leave();
        other.join();
        if (last.load(std::memory_order_relaxed) != 1 || sum != 2)
            FAIL("round " << round << ": " << last.load() << " last owners, sum " << sum);
    }
    SUCCEED();
}
