#include <procspace/process/tree.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/world.hpp"

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <pthread.h>

using procspace::Errno;
using procspace::Pid;
using support::Panic;
using support::panic_of;
using support::Pids;
using support::Tracked;
using support::World;

namespace {

/// What the next panic does before it throws: lets go of the handles that the tree complains about.
std::function<void()> before_panic; // NOLINT: of one test

struct ReleasingPanic : support::DepthFailing {
    [[noreturn]] static void panic(const char* what, procspace::Location where) {
        if (before_panic)
            std::exchange(before_panic, nullptr)();
        throw Panic{what, where};
    }
};

} // namespace

PROCSPACE_TRAITS_TEST_CASE("ProcessTree: is empty until init is built", "[process][tree]") {
    typename World<TestType>::Tree tree;
    CHECK(tree.init() == nullptr);
    CHECK(tree.find_process(1) == nullptr);
    auto builder = tree.new_init(42);
    CHECK(tree.init() == nullptr);
    const auto init = builder.build();
    CHECK(tree.init() == init);
    CHECK(init->pid() == 42);
}

TEST_CASE("ProcessTree: can be neither copied nor moved", "[process][tree]") {
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<procspace::ProcessTree>);
    STATIC_REQUIRE_FALSE(std::is_move_constructible_v<procspace::ProcessTree>);
    STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<procspace::ProcessTree>);
    STATIC_REQUIRE_FALSE(std::is_move_assignable_v<procspace::ProcessTree>);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessTree: many stand side by side with the same numbers", "[process][tree]") {
    World<TestType> first;
    World<TestType> second;
    const auto a = first.init->fork(2).build();
    CHECK(second.tree.find_process(2) == nullptr);
    const auto b = second.init->fork(2).build();
    CHECK(a != b);
    a->create_session();
    a->exit();
    a->free();
    CHECK(second.tree.find_process(2) == b);
    CHECK(b->sid() == 1);
    CHECK(first.tree.find_process(2) == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessTree: finds what a number stands for in each of its roles",
                           "[process][tree][trap:22]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto thread = child->new_thread(3).build();
    CHECK(world.tree.find_process(2) == child);
    CHECK(world.tree.find_process(3) == nullptr);
    CHECK(world.tree.find_thread(3) == thread);
    CHECK(world.tree.find_thread(2) == nullptr); // it has no leader
    CHECK(world.tree.find_group(2) == nullptr);
    CHECK(world.tree.find_session(2) == nullptr);
    const auto created = child->create_session();
    CHECK(world.tree.find_session(2) == created->first);
    CHECK(world.tree.find_group(2) == created->second);
    child->exit();
    CHECK(world.tree.find_process(2) == child); // a zombie is found
    CHECK(world.tree.find_thread(3) == nullptr);
    CHECK(world.tree.find_process(99) == nullptr);
    CHECK(world.tree.find_thread(99) == nullptr);
    CHECK(world.tree.find_group(99) == nullptr);
    CHECK(world.tree.find_session(99) == nullptr);
    CHECK(world.tree.find_process(1) == world.init);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessTree: its end ends all that nobody else holds", "[process][tree]") {
    const std::size_t alive = Tracked::alive();
    {
        World<TestType> world;
        for (Pid pid = 10; pid < 30; ++pid) {
            const auto child = world.init->fork(pid).data(Tracked(1)).build();
            child->create_session();
            child->fork(pid + 100).data(Tracked(2)).build()->exit();
        }
        CHECK(Tracked::alive() == alive + 40);
    }
    CHECK(Tracked::alive() == alive);
}

TEST_CASE("ProcessTree: a chain of a hundred thousand ends on a small stack", "[process][tree][P10][trap:8]") {
    // A million of them: deep_tree.cpp.
    using Tree = World<support::SpinHeap>::Tree;
    Tree* const tree = new Tree;
    {
        auto last = tree->new_init(1).build();
        for (Pid pid = 2; pid <= 100'000; ++pid)
            last = last->fork(pid).build();
    }
    pthread_attr_t small;
    pthread_attr_init(&small);
    REQUIRE(pthread_attr_setstacksize(&small, 512 * 1024) == 0);
    const auto end = [](void* its_tree) -> void* {
        delete static_cast<Tree*>(its_tree);
        return nullptr;
    };
    pthread_t thread{};
    REQUIRE(pthread_create(&thread, &small, end, tree) == 0);
    CHECK(pthread_join(thread, nullptr) == 0);
}

TEST_CASE("ProcessTree: ending while handles live panics with their number", "[process][tree]") {
    auto* const tree = new World<ReleasingPanic>::Tree; // deleted by hand: no owner lets a destructor throw
    auto init = tree->new_init(1).build();
    auto child = init->fork(2).build();
    std::shared_ptr<World<ReleasingPanic>::Group> group;
    std::shared_ptr<World<ReleasingPanic>::Session> session;
    std::shared_ptr<World<ReleasingPanic>::Thread> thread;
    std::string expected;
    SECTION("none") {
        init = child = nullptr;
        expected = "no panic";
    }
    SECTION("init alone") {
        child = nullptr;
        expected = "a ProcessTree ends while this many of its objects are held by handles: 1";
    }
    SECTION("two processes") {
        expected = "a ProcessTree ends while this many of its objects are held by handles: 2";
    }
    SECTION("a group and its session") {
        group = init->group();
        init = child = nullptr;
        expected = "a ProcessTree ends while this many of its objects are held by handles: 2";
    }
    SECTION("a session") {
        session = init->session();
        init = child = nullptr;
        expected = "a ProcessTree ends while this many of its objects are held by handles: 1";
    }
    SECTION("a thread, and by it its process") {
        thread = child->new_thread(5).build();
        init = child = nullptr;
        expected = "a ProcessTree ends while this many of its objects are held by handles: 1";
    }
    before_panic = [&] {
        init = child = nullptr;
        group = nullptr;
        session = nullptr;
        thread = nullptr;
    };
    CHECK(panic_of([&] { delete tree; }) == expected);
    before_panic = nullptr;
}

TEST_CASE("ProcessTree: a handle held while its tree ends finds itself reaped", "[process][tree]") {
    auto* const tree = new World<ReleasingPanic>::Tree; // deleted by hand: no owner lets a destructor throw
    auto child = tree->new_init(1).build()->fork(2).build();
    auto thread = child->new_thread(2).build();
    bool sound = false;
    before_panic = [&] {
        sound = child->state() == procspace::ProcessState::reaped && child->parent() == nullptr &&
                child->group() == nullptr && child->threads().empty() && !thread->exit(1) &&
                child->fork(3).try_build().error == Errno::no_process && !child->free();
        thread = nullptr;
        child = nullptr;
    };
    CHECK(panic_of([&] { delete tree; }) != "no panic");
    CHECK(sound);
}
