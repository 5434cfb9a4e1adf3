#include <procspace/core/lock.hpp>

#include "support/catch.hpp"
#include "support/depth_lock.hpp"
#include "support/tracked.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

using procspace::Guarded;
using procspace::internally_synchronised;
using procspace::LockGuard;
using procspace::NullLock;
using procspace::Shared;
using procspace::SpinLock;
using procspace::SpinNoIrq;
using procspace::TicketLock;

namespace {

// A processor that writes down what is done to its interrupt flag; a state says how deep the masking was before.
struct FakeIrq {
    static int save_and_disable() noexcept {
        log += 'm';
        return depth++;
    }
    static void restore(int state) noexcept {
        log += 'r';
        depth = state;
    }
    inline static std::string log;
    inline static int depth = 0;
};

// constinit fails to compile for a lock that needs a constructor at start.
constinit SpinLock static_spin{};
constinit NullLock static_null{};
constinit TicketLock static_ticket{};
constinit SpinNoIrq<FakeIrq> static_no_irq{};

} // namespace

TEMPLATE_TEST_CASE("Lock: two threads never overlap in a section and each sees what the other wrote", "[core][lock]",
                   SpinLock, TicketLock) {
    TestType lock;
    unsigned long plain = 0; // torn or lost if two are inside: TSan says so too
    const auto work = [&] {
        for (int i = 0; i < 20000; ++i) {
            const LockGuard<TestType> guard(lock);
            plain = plain + 1;
        }
    };
    std::thread other(work);
    work();
    other.join();
    CHECK(plain == 40000);
}

TEST_CASE("TicketLock: one who comes back at once waits for the other's turn", "[core][lock]") {
    // Two threads that ask again as soon as they have given up: with tickets neither is served often in a row, since
    // the other one has its ticket before. A count that a lock without order does not reach.
    std::atomic<bool> stop{false};
    std::atomic<long> others{0};
    std::thread other([&] {
        while (!stop.load(std::memory_order_relaxed)) {
            static_ticket.lock();
            others.fetch_add(1, std::memory_order_relaxed);
            static_ticket.unlock();
        }
    });
    while (others.load(std::memory_order_relaxed) == 0)
        std::this_thread::yield();
    for (int i = 0; i < 100; ++i) {
        const long before = others.load(std::memory_order_relaxed);
        while (others.load(std::memory_order_relaxed) == before) { // it comes in between, however long that takes
            static_ticket.lock();
            static_ticket.unlock();
        }
    }
    stop.store(true, std::memory_order_relaxed);
    other.join();
    CHECK(others >= 100);
}

TEST_CASE("SpinLock: try_lock refuses while it is held and takes it when free", "[core][lock]") {
    REQUIRE(static_spin.try_lock());
    CHECK_FALSE(static_spin.try_lock());
    static_spin.unlock();
    CHECK(static_spin.try_lock());
    static_spin.unlock();
}

TEST_CASE("SpinNoIrq: interrupts are masked before the lock is taken and restored after it is free", "[core][lock]") {
    FakeIrq::log.clear();
    static_no_irq.lock();
    CHECK(FakeIrq::log == "m");
    CHECK(FakeIrq::depth == 1);
    static_no_irq.unlock();
    CHECK(FakeIrq::log == "mr");
    CHECK(FakeIrq::depth == 0);
}

TEST_CASE("SpinNoIrq: nested sections restore what each of them found", "[core][lock]") {
    SpinNoIrq<FakeIrq> outer;
    SpinNoIrq<FakeIrq> inner;
    outer.lock();
    inner.lock();
    CHECK(FakeIrq::depth == 2);
    inner.unlock();
    CHECK(FakeIrq::depth == 1);
    outer.unlock();
    CHECK(FakeIrq::depth == 0);
}

TEST_CASE("LockGuard: releases when the scope is left by an exception", "[core][lock]") {
    SpinLock lock;
    try {
        const LockGuard<SpinLock> guard(lock);
        throw std::runtime_error("out");
    } catch (const std::runtime_error&) {}
    CHECK(lock.try_lock());
    lock.unlock();
}

TEST_CASE("NullLock: may be taken twice since it locks nothing", "[core][lock]") {
    const LockGuard<NullLock> first(static_null);
    const LockGuard<NullLock> second(static_null);
    STATIC_REQUIRE(std::is_empty_v<NullLock>);
}

TEST_CASE("Guarded: the value is reached with the lock held and only then", "[core][lock]") {
    Guarded<int, support::DepthLock> guarded(1);
    CHECK(guarded.with([](int& value) {
        value = 2;
        return support::DepthLock::depth();
    }) == 1);
    CHECK(support::DepthLock::depth() == 0);
    CHECK(std::as_const(guarded).with([](auto& value) {
        STATIC_REQUIRE(std::is_same_v<decltype(value), const int&>);
        return value * 10 + static_cast<int>(support::DepthLock::depth());
    }) == 21);
}

TEST_CASE("Guarded: the lock is released when the function throws", "[core][lock]") {
    Guarded<int, support::DepthLock> guarded;
    CHECK_THROWS_AS(guarded.with([](int&) { throw std::runtime_error("out"); }), std::runtime_error);
    CHECK(support::DepthLock::depth() == 0);
    CHECK(guarded.with([](int& value) { return value; }) == 0);
}

TEST_CASE("Guarded: constructs in place what cannot be moved", "[core][lock]") {
    Guarded<support::TrackedPinned, NullLock> guarded(6);
    CHECK(guarded.with([](support::TrackedPinned& value) { return value.value; }) == 6);
}

TEST_CASE("Guarded: hands a reference through unchanged", "[core][lock]") {
    static int elsewhere = 0;
    Guarded<int, NullLock> guarded;
    STATIC_REQUIRE(std::is_same_v<decltype(guarded.with([](int&) -> int& { return elsewhere; })), int&>);
    CHECK(&guarded.with([](int&) -> int& { return elsewhere; }) == &elsewhere);
}

TEST_CASE("internally_synchronised: atomics and Guarded are, plain types are not", "[core][lock]") {
    STATIC_REQUIRE(internally_synchronised<std::atomic<int>>);
    STATIC_REQUIRE(internally_synchronised<std::atomic_flag>);
    STATIC_REQUIRE(internally_synchronised<Guarded<std::string, NullLock>>);
    STATIC_REQUIRE_FALSE(internally_synchronised<int>);
    STATIC_REQUIRE_FALSE(internally_synchronised<std::string>);
    STATIC_REQUIRE(std::is_same_v<Shared<int>, const int>);
    STATIC_REQUIRE(std::is_same_v<Shared<std::atomic<int>>, std::atomic<int>>);
    STATIC_REQUIRE(std::is_same_v<Shared<Guarded<int>>, Guarded<int, SpinLock>>);
    SUCCEED();
}
