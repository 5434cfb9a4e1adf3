#include <procspace/core/lazy.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/traits.hpp"
#include "support/watched_atomic.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <type_traits>

using procspace::Lazy;
using support::Latecomers;
using support::PanicTraits;
using support::Tracked;

namespace {

struct WatchedTraits : PanicTraits {
    template <class U>
    using Atomic = support::WatchedAtomic<U>;
};

// Holds a maker up just before it leaves its name, until somebody has asked who it is.
struct Window {
    inline static std::atomic<bool> open{false};
    inline static std::atomic<bool> entered{false};
    inline static std::atomic<int> questions{0};
};

template <class U>
class WindowAtomic : public support::WatchedAtomic<U> {
    using Base = support::WatchedAtomic<U>;

public:
    using Base::Base;
    U load(std::memory_order order) const {
        const U value = Base::load(order);
        if (std::is_pointer_v<U>)
            Window::questions.fetch_add(1, std::memory_order_relaxed);
        return value;
    }
    void store(U value, std::memory_order order) {
        if (std::is_pointer_v<U> && value != U() && Window::open.load(std::memory_order_relaxed)) {
            Window::entered.store(true, std::memory_order_release);
            while (Window::questions.load(std::memory_order_relaxed) == 0)
                procspace::cpu_relax();
        }
        Base::store(value, order);
    }
};

struct WindowTraits : PanicTraits {
    template <class U>
    using Atomic = WindowAtomic<U>;
};

// Its constructor runs what the test wants.
struct Scripted {
    explicit Scripted(const std::function<void()>& script) { script(); }
    Scripted(const Scripted&) = delete;
    Scripted& operator=(const Scripted&) = delete;
    int value = 42;
};

constinit Lazy<int, PanicTraits> at_namespace_scope{};

} // namespace

TEST_CASE("Lazy: nothing exists before the first use", "[core][lazy]") {
    Lazy<Tracked, PanicTraits> lazy;
    const std::size_t before = Tracked::constructed();
    CHECK(lazy.get() == nullptr);
    CHECK(Tracked::constructed() == before);
}

TEST_CASE("Lazy: the first use makes the object with its arguments and later uses find it", "[core][lazy]") {
    Lazy<Tracked, PanicTraits> lazy;
    Tracked& made = lazy.get_or_make(7);
    CHECK(made.value == 7);
    CHECK(&lazy.get_or_make(8) == &made);
    CHECK(made.value == 7);
    CHECK(lazy.get() == &made);
    made.~Tracked(); // a Lazy never does
}

TEST_CASE("Lazy: needs no constructor at start and no destructor at exit", "[core][lazy][R6]") {
    STATIC_REQUIRE(std::is_trivially_destructible_v<Lazy<Tracked, PanicTraits>>);
    CHECK(at_namespace_scope.get_or_make(3) == 3);
}

TEST_CASE("Lazy: a maker that throws leaves it empty and the next use tries again", "[core][lazy][trap:41]") {
    Lazy<Tracked, PanicTraits> lazy;
    Tracked::throw_in_constructor(1);
    CHECK_THROWS_AS(lazy.get_or_make(1), support::TrackedError);
    CHECK(lazy.get() == nullptr);
    Tracked& made = lazy.get_or_make(2);
    CHECK(made.value == 2);
    made.~Tracked();
}

TEST_CASE("Lazy: a maker that asks for its own object is reported at once", "[core][lazy][trap:41]") {
    static Lazy<Scripted, PanicTraits> lazy;
    const std::string said = support::panic_of([] { lazy.get_or_make([] { lazy.get_or_make([] {}); }); });
    CHECK_THAT(said,
               Equals("an initialiser uses the very object that it initialises (the global namespace, or a resource "
                      "read through current())"));
    CHECK(lazy.get() == nullptr);
    CHECK(lazy.get_or_make([] {}).value == 42);
}

TEST_CASE("Lazy: a concurrent first use waits for the maker and gets the same object", "[core][lazy][trap:41]") {
    Latecomers::clear();
    static Lazy<Scripted, WatchedTraits> lazy;
    std::atomic<bool> making{false};
    std::atomic<int> makers{0};
    Scripted* seen = nullptr;
    std::thread other([&] {
        while (!making.load(std::memory_order_acquire))
            procspace::cpu_relax();
        seen = &lazy.get_or_make([&] { makers.fetch_add(1, std::memory_order_relaxed); });
    });
    Scripted& mine = lazy.get_or_make([&] {
        makers.fetch_add(1, std::memory_order_relaxed);
        making.store(true, std::memory_order_release);
        Latecomers::wait_for_one();
    });
    other.join();
    CHECK(seen == &mine);
    CHECK(seen->value == 42);
    CHECK(makers.load(std::memory_order_relaxed) == 1);
}

TEST_CASE("Lazy: a waiter takes over when the maker fails", "[core][lazy][trap:41]") {
    Latecomers::clear();
    static Lazy<Scripted, WatchedTraits> lazy;
    std::atomic<bool> making{false};
    Scripted* seen = nullptr;
    std::thread other([&] {
        while (!making.load(std::memory_order_acquire))
            procspace::cpu_relax();
        seen = &lazy.get_or_make([] {});
    });
    const auto failing = [&] {
        making.store(true, std::memory_order_release);
        Latecomers::wait_for_one();
        throw support::TrackedError{0};
    };
    CHECK_THROWS_AS(lazy.get_or_make(failing), support::TrackedError);
    other.join();
    CHECK(seen != nullptr);
    CHECK(lazy.get() == seen);
}

TEST_CASE("Lazy: a thread whose attempt failed is not taken for the maker of the next one", "[core][lazy][trap:41]") {
    static Lazy<Scripted, WindowTraits> lazy;
    CHECK_THROWS_AS(lazy.get_or_make([] { throw support::TrackedError{0}; }), support::TrackedError);
    // The other thread has begun to make it and has not yet left its name.
    Window::open.store(true, std::memory_order_relaxed);
    std::thread other([&] { lazy.get_or_make([] {}); });
    while (!Window::entered.load(std::memory_order_acquire))
        procspace::cpu_relax();
    CHECK(support::panic_of([] { lazy.get_or_make([] {}); }) == "no panic");
    other.join();
}
