#include <procspace/resource/current.hpp>

#include <procspace/resource/define.hpp>

#include "scripted.hpp"
#include "support/catch.hpp"
#include "support/counting_memory.hpp"
#include "support/traits.hpp"
#include "support/watched_atomic.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <new>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

using procspace::BasicNamespace;
using procspace::global_ns;
using procspace::NamespaceScope;
using procspace::ResCurrent;
using support::CountingMemory;
using support::Latecomers;
using support::PanicTraits;

namespace {

// A global namespace is one per traits and is made once, so each case that cares has traits of its own.
template <int>
struct Own : PanicTraits {};

struct WatchedTraits : PanicTraits {
    template <class U>
    using Atomic = support::WatchedAtomic<U>;
};

// Without execution_context nothing can tell recursion from concurrency; all else must still hold.
struct NoContext : WatchedTraits {
    static const void* execution_context() noexcept { return nullptr; }
};

// A provider of the user's: one namespace per program, guarded by a count that stands for a read lock.
struct PluggedTraits;
class Plugged {
public:
    Plugged() noexcept { ++guards; }
    ~Plugged() { --guards; }
    Plugged(const Plugged&) = delete;
    Plugged& operator=(const Plugged&) = delete;
    const BasicNamespace<PluggedTraits>& ns() const;
    static const BasicNamespace<PluggedTraits>* enter(const BasicNamespace<PluggedTraits>& next);
    static void leave(const BasicNamespace<PluggedTraits>* former);

    inline static const BasicNamespace<PluggedTraits>* plugged = nullptr;
    inline static int guards = 0;
};
struct PluggedTraits : PanicTraits {
    using Memory = CountingMemory;
    using CurrentNs = Plugged;
};
const BasicNamespace<PluggedTraits>& Plugged::ns() const {
    if (plugged == nullptr)
        throw std::string("nothing plugged in");
    return *plugged;
}
const BasicNamespace<PluggedTraits>* Plugged::enter(const BasicNamespace<PluggedTraits>& next) {
    return std::exchange(plugged, &next);
}
void Plugged::leave(const BasicNamespace<PluggedTraits>* former) {
    plugged = former;
}

// As a smart pointer of an interface may be: its operator& gives something else than where it is.
struct HidesItsAddress {
    int value = 5;
    void operator&() const = delete;
};

// Runs a script in the initialiser of `scripted` for as long as it lives.
struct Script {
    explicit Script(std::function<void()> what) { Scripted::script = std::move(what); }
    ~Script() { Scripted::script = nullptr; }
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;
};

} // namespace

PROCSPACE_RESOURCE(HidesItsAddress, hides_its_address)

// --- the global namespace --------------------------------------------------------------------------------------------

TEST_CASE("global_ns: is made at the first call and is the same ever after", "[resource][current]") {
    const int begun = Scripted::begun;
    const auto& first = global_ns<Own<1>>();
    CHECK(Scripted::begun == begun + 1);
    CHECK(&global_ns<Own<1>>() == &first);
    CHECK(Scripted::begun == begun + 1);
    CHECK(number.get(first) == 5);
}

TEST_CASE("global_ns: every traits struct has its own", "[resource][current]") {
    counter.get(global_ns<Own<2>>()).store(1, std::memory_order_relaxed);
    counter.get(global_ns<Own<3>>()).store(2, std::memory_order_relaxed);
    CHECK(counter.get(global_ns<Own<2>>()).load(std::memory_order_relaxed) == 1);
}

TEST_CASE("global_ns: without traits is that of the defaults", "[resource][current]") {
    CHECK(&global_ns() == &global_ns<procspace::DefaultTraits>());
    STATIC_REQUIRE(std::is_same_v<decltype(global_ns()), const procspace::Namespace&>);
}

TEST_CASE("global_ns: an initialiser that throws leaves nothing and the next call tries again",
          "[resource][current][trap:41][R4]") {
    struct Traits : Own<4> {
        using Memory = CountingMemory;
    };
    const std::size_t blocks = CountingMemory::live_blocks();
    for (int i = 0; i < 3; ++i) {
        const Script script([] { throw std::string("not today"); });
        CHECK_THROWS_AS(global_ns<Traits>(), std::string);
        CHECK(CountingMemory::live_blocks() == blocks);
    }
    const CountingMemory::Immortal for_ever;
    CHECK(number.get(global_ns<Traits>()) == 5);
}

TEST_CASE("global_ns: memory that runs out is bad_alloc and the next call tries again",
          "[resource][current][trap:41][R4]") {
    struct Traits : Own<5> {
        using Memory = support::FailNth;
    };
    {
        const support::FailNth::Armed armed(2);
        CHECK_THROWS_AS(global_ns<Traits>(), std::bad_alloc);
    }
    const CountingMemory::Immortal for_ever;
    CHECK(number.get(global_ns<Traits>()) == 5);
}

TEST_CASE("global_ns: an initialiser that reads another resource through current() is reported at once",
          "[resource][current][trap:41]") {
    using Traits = Own<6>;
    {
        const Script script([] { static_cast<void>(number.current<Traits>()); });
        CHECK(support::panic_of([] {
                  static_cast<void>(global_ns<Traits>());
              }).find("an initialiser uses the very object") == 0);
    }
    {
        const Script script([] { static_cast<void>(global_ns<Traits>()); });
        CHECK(support::panic_of([] {
                  static_cast<void>(global_ns<Traits>());
              }).find("an initialiser uses the very object") == 0);
    }
    CHECK(number.get(global_ns<Traits>()) == 5);
}

TEMPLATE_TEST_CASE("global_ns: a concurrent first access is no recursion but waits", "[resource][current][trap:41]",
                   WatchedTraits, NoContext) {
    // The maker stays in the initialiser until the other thread has come too late to be the maker.
    Latecomers::clear();
    const int begun = Scripted::begun;
    std::atomic<bool> making{false};
    const BasicNamespace<TestType>* seen = nullptr;
    const Script script([&] {
        making.store(true, std::memory_order_release);
        Latecomers::wait_for_one();
    });
    std::thread other([&] {
        while (!making.load(std::memory_order_acquire))
            procspace::cpu_relax();
        seen = &global_ns<TestType>();
    });
    const auto& mine = global_ns<TestType>();
    other.join();
    CHECK(seen == &mine);
    CHECK(Scripted::begun == begun + 1);
    CHECK(number.get(*seen) == 5);
}

// --- current() -------------------------------------------------------------------------------------------------------

TEST_CASE("ResCurrent: without a provider the current namespace is the global one", "[resource][current][R7]") {
    using Traits = Own<7>;
    CHECK(number.current<Traits>().get() == &number.get(global_ns<Traits>()));
    CHECK(*number.current<Traits>() == 5);
    CHECK(number.current().get() == &number.get(global_ns()));
}

TEST_CASE("ResCurrent: gives const access except to what synchronises itself", "[resource][current]") {
    STATIC_REQUIRE(std::is_same_v<decltype(*number.current()), const int&>);
    STATIC_REQUIRE(std::is_same_v<decltype(*counter.current()), std::atomic<int>&>);
    counter.current()->store(3, std::memory_order_relaxed);
    CHECK(counter.current()->load(std::memory_order_relaxed) == 3);
}

TEST_CASE("ResCurrent: reaches a type that has an operator& of its own", "[resource][current]") {
    CHECK(hides_its_address.current()->value == 5);
    CHECK((*hides_its_address.current()).value == 5);
}

TEST_CASE("ResCurrent: costs one pointer where the global namespace is the current one", "[resource][current][R7]") {
    STATIC_REQUIRE(sizeof(ResCurrent<int>) == sizeof(void*));
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<ResCurrent<int>>);
    STATIC_REQUIRE_FALSE(std::is_move_constructible_v<ResCurrent<int>>);
    STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<ResCurrent<int>>);
    SUCCEED();
}

TEST_CASE("ResCurrent: holds the guard of the user's provider while it lives", "[resource][current][R7][trap:42]") {
    const BasicNamespace<PluggedTraits> ns;
    Plugged::plugged = &ns;
    CHECK(Plugged::guards == 0);
    {
        const auto value = number.current<PluggedTraits>();
        CHECK(Plugged::guards == 1);
        CHECK(value.get() == &number.get(ns));
        const auto second = counter.current<PluggedTraits>();
        CHECK(Plugged::guards == 2);
    }
    CHECK(Plugged::guards == 0);
    Plugged::plugged = nullptr;
}

TEST_CASE("ResCurrent: a provider that has nothing to offer keeps no guard", "[resource][current][R7]") {
    CHECK_THROWS_AS(number.current<PluggedTraits>(), std::string);
    CHECK(Plugged::guards == 0);
}

TEST_CASE("ResCurrent: access allocates nothing and runs no initialiser", "[resource][current][R7]") {
    const BasicNamespace<PluggedTraits> ns;
    const NamespaceScope<PluggedTraits> scope(ns);
    const std::size_t allocations = CountingMemory::allocations();
    const int begun = Scripted::begun;
    CHECK(*number.current<PluggedTraits>() == 5);
    CHECK(CountingMemory::allocations() == allocations);
    CHECK(Scripted::begun == begun);
}

TEST_CASE("NamespaceScope: enters by the user's provider and leaves in reverse order", "[resource][current][R7]") {
    const BasicNamespace<PluggedTraits> outer;
    const BasicNamespace<PluggedTraits> inner;
    {
        const NamespaceScope first(outer);
        CHECK(number.current<PluggedTraits>().get() == &number.get(outer));
        {
            const NamespaceScope second(inner);
            CHECK(number.current<PluggedTraits>().get() == &number.get(inner));
        }
        CHECK(number.current<PluggedTraits>().get() == &number.get(outer));
    }
    CHECK(Plugged::plugged == nullptr);
}

TEST_CASE("NamespaceScope: is left when an exception passes", "[resource][current][R7]") {
    const BasicNamespace<PluggedTraits> ns;
    try {
        const NamespaceScope scope(ns);
        throw std::string("out");
    } catch (const std::string&) {}
    CHECK(Plugged::plugged == nullptr);
}
