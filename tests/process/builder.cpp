#include <procspace/process/builder.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/world.hpp"

#include <new>
#include <string>
#include <utility>

using procspace::Errno;
using support::Panic;
using support::panic_of;
using support::Pids;
using support::Tracked;
using support::TrackedMoveOnly;
using support::World;

namespace {

struct OwnData {
    int value = 5;
};

struct OwnDataTraits : support::DepthFailing {
    using ProcessData = OwnData;
    using ThreadData = TrackedMoveOnly;
};

#if PROCSPACE_HAS_EXCEPTIONS
/// Cannot be moved to where it came from once the way is shut.
struct OneWay {
    OneWay() = default;
    OneWay(OneWay&&) = default;
    OneWay& operator=(OneWay&&) {
        if (shut)
            throw std::bad_alloc();
        return *this;
    }
    inline static bool shut = false;
};
struct OneWayTraits : support::DepthFailing {
    using ProcessData = OneWay;
    using ThreadData = OneWay;
};
#endif

} // namespace

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: a child is in its parent and in its parent's group once it is built",
                           "[process][builder][P4]") {
    World<TestType> world;
    auto builder = world.init->fork(5);
    CHECK(world.init->children().empty());
    const auto child = builder.build();
    CHECK(child->pid() == 5);
    CHECK(child->ppid() == 1);
    CHECK_FALSE(child->is_init());
    CHECK(child->parent() == world.init);
    CHECK(world.init->children() == std::vector{child});
    CHECK(child->group() == world.init->group());
    CHECK(child->session() == world.init->session());
    CHECK(support::pids(world.init->group()->processes()) == Pids{1, 5});
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: a child inherits the group that its parent has when it is built",
                           "[process][builder]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    auto builder = parent->fork(3);
    const auto group = parent->create_group();
    CHECK(builder.build()->group() == group);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: a number in use is refused with exists", "[process][builder][P7][trap:5]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    SECTION("a pid") {
        CHECK(world.init->fork(2).try_build().error == Errno::exists);
    }
    SECTION("the parent's own pid") {
        CHECK(child->fork(2).try_build().error == Errno::exists);
    }
    SECTION("a zombie's pid") {
        child->exit();
        CHECK(world.init->fork(2).try_build().error == Errno::exists);
    }
    SECTION("a tid") {
        const auto thread = child->new_thread(3).build();
        CHECK(world.init->fork(3).try_build().error == Errno::exists);
        thread->exit(0);
        CHECK(world.init->fork(3).try_build());
    }
    SECTION("the pgid that a reaped leader left to its members") {
        const auto group = child->create_group();
        const auto member = child->fork(3).build();
        child->exit();
        child->free();
        REQUIRE(member->pgid() == 2);
        CHECK(world.init->fork(2).try_build().error == Errno::exists);
        CHECK(world.tree.find_group(2) == group);
    }
    SECTION("the sid that a reaped leader left to its members") {
        child->create_session();
        const auto member = child->fork(3).build();
        const auto own = member->create_group();
        child->exit();
        child->free();
        REQUIRE(member->sid() == 2);
        CHECK(world.tree.find_group(2) == nullptr);
        CHECK(world.init->fork(2).try_build().error == Errno::exists);
        CHECK(world.tree.find_session(2) == own->session());
    }
    CHECK(support::pids(world.tree.init()->children()).size() <= 2);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: the number of a reaped process is free while a handle to it lives",
                           "[process][builder][P4][P7]") {
    World<TestType> world;
    const auto former = world.init->fork(2).build();
    former->exit();
    former->free();
    const auto next = world.init->fork(2).build();
    CHECK(next != former);
    CHECK(world.tree.find_process(2) == next);
    CHECK(former->pid() == 2);
    CHECK(world.check({former, next}).rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: a parent that has exited gets no child",
                           "[process][builder][P5][trap:2][trap:13]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    auto before = parent->fork(3);
    parent->exit();
    SECTION("a zombie") {
        CHECK(parent->fork(4).try_build().error == Errno::no_process);
        CHECK(before.try_build().error == Errno::no_process);
    }
    SECTION("a reaped one") {
        parent->free();
        CHECK(parent->fork(4).try_build().error == Errno::no_process);
        CHECK(before.try_build().error == Errno::no_process);
    }
    CHECK(parent->children().empty());
    CHECK(world.tree.find_process(3) == nullptr);
    CHECK(world.init->fork(3).try_build()); // the refused number was not kept
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: build panics where try_build has an error", "[process][builder]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    CHECK(panic_of([&] { world.init->fork(2).build(); }) == "build: the number is in use as a pid, tid, pgid or sid");
    child->exit();
    CHECK(panic_of([&] { child->fork(3).build(); }) == "build: the process has exited or its group exit has begun");
    CHECK(support::pids(world.init->children()) == Pids{2});
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: a second init panics and leaves the first in place", "[process][builder]") {
    World<TestType> world;
    CHECK(panic_of([&] { world.tree.new_init(9).build(); }) == "this tree has an init already");
    CHECK(world.tree.init() == world.init);
    CHECK(world.tree.find_process(9) == nullptr);
    CHECK(world.init->fork(9).try_build());
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: init leads its own session and group", "[process][builder]") {
    World<TestType> world;
    CHECK(world.init->is_init());
    CHECK(world.init->parent() == nullptr);
    CHECK(world.init->pgid() == 1);
    CHECK(world.init->sid() == 1);
    CHECK(world.init->group()->pgid() == 1);
    CHECK(world.init->session()->sid() == 1);
    CHECK(world.init->group()->processes() == std::vector{world.init});
    CHECK(world.init->session()->process_groups() == std::vector{world.init->group()});
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: data of any type is moved in and found by its type only",
                           "[process][builder]") {
    World<TestType> world;
    const auto child = world.init->fork(2).data(TrackedMoveOnly(7)).build();
    REQUIRE(child->template data<TrackedMoveOnly>() != nullptr);
    CHECK(child->template data<TrackedMoveOnly>()->value == 7);
    CHECK(child->template data<int>() == nullptr);
    CHECK(child->template data<Tracked>() == nullptr);
    CHECK(world.init->template data<TrackedMoveOnly>() == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: of several data the last counts", "[process][builder]") {
    World<TestType> world;
    const std::size_t alive = Tracked::alive();
    const auto child = world.init->fork(2).data(Tracked(1)).data(std::string("two")).data(Tracked(3)).build();
    CHECK(Tracked::alive() == alive + 1);
    REQUIRE(child->template data<Tracked>() != nullptr);
    CHECK(child->template data<Tracked>()->value == 3);
    CHECK(child->template data<std::string>() == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: data given as an lvalue is copied", "[process][builder]") {
    World<TestType> world;
    const Tracked mine(4);
    const auto child = world.init->fork(2).data(mine).build();
    child->template data<Tracked>()->value = 5;
    CHECK(mine.value == 4);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: init takes data too", "[process][builder]") {
    support::World<TestType> other;
    typename World<TestType>::Tree tree;
    const auto init = tree.new_init(300).data(Tracked(9)).build();
    REQUIRE(init->template data<Tracked>() != nullptr);
    CHECK(init->template data<Tracked>()->value == 9);
}

TEST_CASE("ProcessBuilder: a data type of the traits' own needs no allocation", "[process][builder]") {
    World<OwnDataTraits> world;
    CHECK(world.init->data<OwnData>()->value == 5); // as default-constructed
    auto builder = world.init->fork(2);
    const std::size_t allocations = support::CountingMemory::allocations();
    auto with_data = std::move(builder).data(OwnData{8});
    CHECK(support::CountingMemory::allocations() == allocations);
    const auto child = with_data.build();
    REQUIRE(child->data<OwnData>() != nullptr);
    CHECK(child->data<OwnData>()->value == 8);
    CHECK(child->data<int>() == nullptr);
    const auto thread = child->new_thread(2).data(TrackedMoveOnly(6)).build();
    CHECK(thread->data<TrackedMoveOnly>()->value == 6);
    CHECK(thread->data<OwnData>() == nullptr);
}

TEST_CASE("ProcessBuilder: out of memory for the data is reported by build and healed by the next data",
          "[process][builder]") {
    World<support::DepthFailing> world;
    auto builder = world.init->fork(2);
    support::FailNth::arm(1);
    auto failed = std::move(builder).data(Tracked(1));
    support::FailNth::arm(0);
    CHECK(failed.try_build().error == Errno::no_memory);
    CHECK_THROWS_AS(failed.build(), std::bad_alloc);
    CHECK(world.tree.find_process(2) == nullptr);
    const auto child = std::move(failed).data(Tracked(2)).build();
    CHECK(child->data<Tracked>()->value == 2);
}

TEST_CASE("ProcessBuilder: a process or thread takes one allocation, init three, and the table two at times",
          "[process][builder]") {
    using support::CountingMemory;
    const std::size_t start = CountingMemory::allocations();
    World<support::NullCounting> world;
    CHECK(CountingMemory::allocations() == start + 3 + 2);
    const auto child = world.init->fork(2).build();
    CHECK(CountingMemory::allocations() == start + 6);
    const auto thread = child->new_thread(2).build();
    CHECK(CountingMemory::allocations() == start + 7);
    const auto second = child->new_thread(3).build();
    CHECK(CountingMemory::allocations() == start + 8);
    const auto far = child->new_thread(70000).build(); // no number near it was used yet
    CHECK(CountingMemory::allocations() == start + 9 + 2);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: a refused build destroys its data outside of the lock",
                           "[process][builder][P2][trap:6]") {
    World<TestType> world;
    const std::size_t alive = Tracked::alive();
    CHECK(world.init->fork(1).data(Tracked(1)).try_build().error == Errno::exists);
    CHECK(Tracked::alive() == alive);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: zero is no number for a child", "[process][builder]") {
    World<TestType> world;
    CHECK(world.init->fork(0).try_build().error == Errno::invalid);
    CHECK(panic_of([&] { world.init->fork(0).build(); }) == "build: 0 is not a number for a process or thread");
    const std::string other = "build: the number is beyond the tree's highest, the exit signal beyond 64, or init was "
                              "to get a sibling";
    CHECK(panic_of([&] { world.init->fork().options({.exit_signal = 65}).build(); }) == other);
    CHECK(world.init->children().empty());
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: a parent whose group exit has begun gets no child",
                           "[process][builder][trap:14]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    auto builder = parent->fork(3);
    parent->group_exit(5);
    CHECK(builder.try_build().error == Errno::no_process);
    CHECK(parent->children().empty());
}

PROCSPACE_TRAITS_TEST_CASE("ProcessBuilder: a refused one keeps its data and may try again", "[process][builder]") {
    World<TestType> world;
    auto builder = world.init->fork(2).data(Tracked(7));
    auto thread_builder = world.init->new_thread(2).data(Tracked(8));
    {
        const auto in_the_way = world.init->fork(2).build();
        CHECK(builder.try_build().error == Errno::exists);
        CHECK(thread_builder.try_build().error == Errno::exists);
        in_the_way->exit();
        in_the_way->free();
    }
    const auto thread = thread_builder.build();
    REQUIRE(thread->template data<Tracked>() != nullptr);
    CHECK(thread->template data<Tracked>()->value == 8);
    thread->exit(0);
    const auto child = builder.build();
    REQUIRE(child->template data<Tracked>() != nullptr);
    CHECK(child->template data<Tracked>()->value == 7);
}

TEST_CASE("ProcessBuilder: whichever allocation fails it keeps its data and may try again", "[process][builder]") {
    World<support::DepthFailing> world;
    auto builder = world.init->fork(70000).data(Tracked(7)); // the table needs two blocks for it, and for the next
    auto thread_builder = world.init->new_thread(140000).data(Tracked(8));
    for (std::size_t n = 1; n <= 3; ++n) {
        const support::FailNth::Armed armed(n);
        CHECK(builder.try_build().error == Errno::no_memory);
    }
    for (std::size_t n = 1; n <= 3; ++n) {
        const support::FailNth::Armed armed(n);
        CHECK(thread_builder.try_build().error == Errno::no_memory);
    }
    CHECK(builder.build()->data<Tracked>()->value == 7);
    CHECK(thread_builder.build()->data<Tracked>()->value == 8);
}

#if PROCSPACE_HAS_EXCEPTIONS
TEST_CASE("ProcessBuilder: data that throws on its way back leaves nothing that was prepared", "[process][builder]") {
    World<OneWayTraits> world;
    auto builder = world.init->fork(1);
    auto thread_builder = world.init->new_thread(procspace::max_number<OneWayTraits> + 1);
    OneWay::shut = true;
    CHECK_THROWS_AS(builder.prepare(), std::bad_alloc);
    CHECK_THROWS_AS(builder.try_build(), std::bad_alloc);
    CHECK_THROWS_AS(thread_builder.prepare(), std::bad_alloc);
    CHECK_THROWS_AS(thread_builder.try_build(), std::bad_alloc);
    OneWay::shut = false;
    CHECK_FALSE(check_invariants(world.tree));
}
#endif
