#include <procspace/resource/per_cpu_current.hpp>

#include "scripted.hpp"
#include "support/catch.hpp"
#include "support/traits.hpp"

#include <memory>
#include <string>

using procspace::BasicNamespace;
using procspace::CurrentSlot;
using procspace::global_ns;
using procspace::NamespaceScope;
using procspace::PerCpuCurrent;
using procspace::ResCurrent;
using procspace::try_global_ns;

namespace {

// A machine of two processors, on one of which the test runs at any time.
int cpu = 0;
int pinned = 0;
int unpinned_looks = 0; // at a slot that might be that of another processor the next moment

struct Traits : support::PanicTraits {
    using CurrentNs = PerCpuCurrent<Traits>;
    static CurrentSlot<Traits>& current_slot() noexcept {
        static constinit CurrentSlot<Traits> slots[2];
        unpinned_looks += pinned == 0 ? 1 : 0;
        return slots[cpu];
    }
    struct Pin {
        Pin() { ++pinned; }
        ~Pin() { --pinned; }
        Pin(const Pin&) = delete;
        Pin& operator=(const Pin&) = delete;
    };
};
using Ns = BasicNamespace<Traits>;
using Cpu = PerCpuCurrent<Traits>;

// A task that has a namespace, as a scheduler switches to it.
struct Task {
    Ns ns;
    void run() const { Cpu::switch_to(&ns); }
};
void idle() {
    Cpu::switch_to(nullptr);
}

const int* current_number() {
    return number.current<Traits>().get();
}

// One processor of its own, for a case that leaves something behind or must find nothing there.
template <int>
struct OneCpu : Traits {
    using CurrentNs = PerCpuCurrent<OneCpu>;
    static CurrentSlot<OneCpu>& current_slot() noexcept {
        static constinit CurrentSlot<OneCpu> slot;
        return slot;
    }
};

// On the other processor.
template <class F>
void elsewhere(F f) {
    cpu = 1;
    f();
    cpu = 0;
}

} // namespace

TEST_CASE("PerCpuCurrent: each processor has the namespace that was switched to there", "[resource][per_cpu][R7]") {
    const Task one;
    const Task two;
    one.run();
    elsewhere([&] { two.run(); });
    CHECK(current_number() == &number.get(one.ns));
    elsewhere([&] { CHECK(current_number() == &number.get(two.ns)); });
    idle();
    CHECK(current_number() == &number.get(global_ns<Traits>()));
    elsewhere([&] {
        CHECK(current_number() == &number.get(two.ns));
        idle();
    });
}

TEST_CASE("PerCpuCurrent: a namespace that is active on one processor is refused to another",
          "[resource][per_cpu][R7][trap:44]") {
    const Task task;
    const Task other;
    task.run();
    elsewhere([&] {
        other.run();
        CHECK(support::panic_of([&] { task.run(); }) ==
              "a namespace is made the current one of two processors at once");
        CHECK(support::panic_of([&] { const NamespaceScope scope(task.ns); }) ==
              "a namespace is made the current one of two processors at once");
        CHECK(current_number() == &number.get(other.ns));
        CHECK(other.ns.activation().active());
        idle();
    });
    CHECK(current_number() == &number.get(task.ns));
    idle();
    elsewhere([&] {
        CHECK(support::panic_of([&] { task.run(); }) == "no panic");
        idle();
    });
}

TEST_CASE("PerCpuCurrent: one processor may enter a namespace again, and any number the global one",
          "[resource][per_cpu][R7]") {
    const Task task;
    task.run();
    {
        NamespaceScope again(task.ns);
        { const NamespaceScope and_again(task.ns); }
        again.switch_to(global_ns<Traits>());
        elsewhere([&] {
            CHECK(support::panic_of([&] { task.run(); }) ==
                  "a namespace is made the current one of two processors at once");
        });
        again.switch_to(task.ns);
        const NamespaceScope global(global_ns<Traits>());
        elsewhere([&] {
            const NamespaceScope global_too(global_ns<Traits>());
            CHECK(current_number() == &number.get(global_ns<Traits>()));
        });
    }
    CHECK(current_number() == &number.get(task.ns));
    CHECK(task.ns.activation().active());
    idle();
    CHECK_FALSE(task.ns.activation().active());
}

TEST_CASE("PerCpuCurrent: a switch to the namespace that is current leaves it active", "[resource][per_cpu][R7]") {
    const Task task;
    task.run();
    task.run();
    CHECK(current_number() == &number.get(task.ns));
    CHECK(task.ns.activation().active());
    idle();
    CHECK_FALSE(task.ns.activation().active());
}

TEST_CASE("PerCpuCurrent: nothing looks for its processor before it is kept there",
          "[resource][per_cpu][R7][trap:42]") {
    const Task one;
    const Task two;
    unpinned_looks = 0;
    SECTION("a switch") {
        one.run();
        idle();
    }
    SECTION("a scope") {
        NamespaceScope scope(one.ns);
        scope.switch_to(two.ns);
    }
    SECTION("a ResCurrent") {
        static_cast<void>(current_number());
    }
    CHECK(unpinned_looks == 0);
    CHECK(pinned == 0);
}

TEST_CASE("PerCpuCurrent: a namespace cannot be destroyed while it is active", "[resource][per_cpu][R7]") {
    const auto* const ns = new BasicNamespace<OneCpu<2>>;
    PerCpuCurrent<OneCpu<2>>::switch_to(ns);
    CHECK(support::panic_of([&] { delete ns; }) == "a namespace is destroyed or moved while it is the current one");
    // Gone nevertheless: what a program does after such a panic is its own affair. Here nothing looks into the slot.
}

TEST_CASE("PerCpuCurrent: a namespace that was left can be destroyed", "[resource][per_cpu][R7]") {
    const auto* const task = new Task;
    task->run();
    idle();
    CHECK(support::panic_of([&] { delete task; }) == "no panic");
}

TEST_CASE("PerCpuCurrent: what current() handed out does not survive a switch in silence",
          "[resource][per_cpu][R7][trap:42]") {
    const Task one;
    const Task two;
    one.run();
    auto kept = std::make_unique<ResCurrent<int, Traits>>(number);
    CHECK(support::panic_of([&] { two.run(); }) ==
          "a ResCurrent is alive while the namespace it came from is switched");
    CHECK(current_number() == &number.get(one.ns));
    kept.reset();
    CHECK(support::panic_of([&] { two.run(); }) == "no panic");
    idle();
}

TEST_CASE("PerCpuCurrent: a ResCurrent keeps its owner on the processor", "[resource][per_cpu][R7][trap:42]") {
    const Task task;
    task.run();
    CHECK(pinned == 0);
    {
        const auto value = number.current<Traits>();
        CHECK(pinned == 1);
    }
    CHECK(pinned == 0);
    idle();
}

TEST_CASE("PerCpuCurrent: a scope is left where and in the order in which it was entered", "[resource][per_cpu][R7]") {
    const Task one;
    const Task two;
    auto outer = std::make_unique<NamespaceScope<Traits>>(one.ns);
    auto inner = std::make_unique<NamespaceScope<Traits>>(two.ns);
    const std::string wrong = "a NamespaceScope is left in another order than it was entered, or on another processor";
    NamespaceScope<Traits>* const kept = outer.release();
    CHECK(support::panic_of([&] { kept->~NamespaceScope(); }) == wrong);
    elsewhere([&] {
        CHECK(support::panic_of([&] { kept->~NamespaceScope(); }) == wrong);
        const Task three;
        const NamespaceScope as_deep(three.ns);
        CHECK(support::panic_of([&] { kept->~NamespaceScope(); }) == wrong);
        CHECK(current_number() == &number.get(three.ns));
    });
    CHECK(current_number() == &number.get(two.ns));
    inner.reset();
    CHECK(current_number() == &number.get(one.ns));
    outer.reset(kept);
}

TEST_CASE("NamespaceScope: switch_to puts another namespace in the place of the scope's", "[resource][per_cpu][R7]") {
    const Task task;
    {
        NamespaceScope scope(task.ns);
        Ns own = Ns::fork(task.ns);
        Ns::unshare(own, procspace::all_resources);
        scope.switch_to(own);
        CHECK(current_number() == &number.get(own));
        CHECK_FALSE(task.ns.activation().active());
        CHECK(own.activation().active());
        const Task other;
        elsewhere([&] { other.run(); });
        CHECK(support::panic_of([&] { scope.switch_to(other.ns); }) ==
              "a namespace is made the current one of two processors at once");
        CHECK(current_number() == &number.get(own));
        elsewhere(idle);
        scope.switch_to(task.ns);
    }
    CHECK(current_number() == &number.get(global_ns<Traits>()));
}

TEST_CASE("NamespaceScope: switch_to minds what the scopes around have handed out no more than they do",
          "[resource][per_cpu][R7][trap:42]") {
    const Task outer;
    const Task inner;
    const Task next;
    const NamespaceScope first(outer.ns);
    const auto value = number.current<Traits>();
    NamespaceScope second(inner.ns);
    CHECK(support::panic_of([&] { second.switch_to(next.ns); }) == "no panic");
    CHECK(value.get() == &number.get(outer.ns));
}

TEST_CASE("try_current: is empty as long as the global namespace would have to be made",
          "[resource][per_cpu][R7][trap:41]") {
    using Fresh = OneCpu<1>;
    CHECK(try_global_ns<Fresh>() == nullptr);
    CHECK_FALSE(number.try_current<Fresh>());
    {
        const BasicNamespace<Fresh> ns;
        const NamespaceScope scope(ns);
        REQUIRE(number.try_current<Fresh>());
        CHECK(number.try_current<Fresh>().get() == &number.get(ns));
    }
    CHECK_FALSE(number.try_current<Fresh>());
    CHECK(try_global_ns<Fresh>() == nullptr);
    static_cast<void>(global_ns<Fresh>());
    REQUIRE(number.try_current<Fresh>());
    CHECK(number.try_current<Fresh>().get() == &number.get(global_ns<Fresh>()));
}
