#include <procspace/process/thread.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/world.hpp"

#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

using procspace::Errno;
using procspace::Pid;
using support::panic_of;
using support::Pids;
using support::Tracked;
using support::World;

PROCSPACE_TRAITS_TEST_CASE("Thread: belongs to its process and owns it", "[process][thread]") {
    World<TestType> world;
    const std::size_t alive = Tracked::alive();
    auto child = world.init->fork(2).data(Tracked(1)).build();
    auto thread = child->new_thread(2).build();
    STATIC_REQUIRE(
        std::is_same_v<decltype(thread->process()), const std::shared_ptr<typename World<TestType>::Process>&>);
    CHECK(thread->tid() == 2);
    CHECK(thread->process() == child);
    child->exit();
    child->free();
    child.reset();
    CHECK(Tracked::alive() == alive + 1);
    CHECK(thread->process()->pid() == 2);
    thread.reset();
    CHECK(Tracked::alive() == alive);
}

PROCSPACE_TRAITS_TEST_CASE("Thread: is known weakly by its process", "[process][thread][trap:4]") {
    World<TestType> world;
    auto thread = world.init->new_thread(5).build();
    CHECK(support::tids(world.init->threads()) == Pids{5});
    CHECK(thread.use_count() == 1);
    thread.reset();
    CHECK(world.init->threads().empty());
}

PROCSPACE_TRAITS_TEST_CASE("Thread: the last of several to exit is told so once",
                           "[process][thread][P8][trap:4][trap:11]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto first = child->new_thread(2).build();
    const auto second = child->new_thread(3).build();
    const auto third = child->new_thread(4).build();
    CHECK_FALSE(second->exit(12));
    CHECK(child->exit_code() == 12);
    CHECK(support::tids(child->threads()) == Pids{2, 4});
    CHECK_FALSE(first->exit(11));
    CHECK(third->exit(13));
    CHECK(child->exit_code() == 13);
    CHECK(child->threads().empty());
}

PROCSPACE_TRAITS_TEST_CASE("Thread: a second exit says false and leaves the code", "[process][thread][P6][trap:4]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto thread = child->new_thread(2).build();
    CHECK(thread->exit(7));
    CHECK_FALSE(thread->exit(8));
    CHECK(child->exit_code() == 7);
    // Not even when another thread has the number now.
    const auto namesake = child->new_thread(2).build();
    CHECK_FALSE(thread->exit(9));
    CHECK(support::tids(child->threads()) == Pids{2});
    CHECK(child->exit_code() == 7);
    CHECK(world.tree.find_thread(2) == namesake);
}

PROCSPACE_TRAITS_TEST_CASE("Thread: one that is dropped without exit leaves its process",
                           "[process][thread][P6][trap:4]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    auto dropped = child->new_thread(3).build();
    const auto last = child->new_thread(2).build();
    dropped.reset();
    CHECK(support::tids(child->threads()) == Pids{2});
    CHECK(world.tree.find_thread(3) == nullptr);
    CHECK(child->new_thread(3).try_build()); // and is dropped, too
    CHECK(child->exit_code() == 0);
    CHECK(last->exit(4));
}

PROCSPACE_TRAITS_TEST_CASE("Thread: dropping an ended one takes nothing from its namesake", "[process][thread][P6]") {
    World<TestType> world;
    auto former = world.init->new_thread(5).build();
    former->exit(0);
    const auto namesake = world.init->new_thread(5).build();
    former.reset();
    CHECK(world.tree.find_thread(5) == namesake);
    CHECK(support::tids(world.init->threads()) == Pids{5});
}

PROCSPACE_TRAITS_TEST_CASE("Thread: has data of its own", "[process][thread]") {
    World<TestType> world;
    const auto child = world.init->fork(2).data(Tracked(1)).build();
    const auto thread = child->new_thread(2).data(Tracked(2)).data(support::TrackedMoveOnly(3)).build();
    REQUIRE(thread->template data<support::TrackedMoveOnly>() != nullptr);
    CHECK(thread->template data<support::TrackedMoveOnly>()->value == 3);
    CHECK(thread->template data<Tracked>() == nullptr);
    const auto& constant = std::as_const(*thread);
    STATIC_REQUIRE(std::is_same_v<decltype(constant.template data<int>()), const int*>);
    CHECK(constant.template data<support::TrackedMoveOnly>() == thread->template data<support::TrackedMoveOnly>());
    CHECK(child->template data<Tracked>()->value == 1);
}

PROCSPACE_TRAITS_TEST_CASE("ThreadBuilder: a number in use is refused with exists", "[process][thread][P7][trap:4]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto thread = child->new_thread(5).build();
    SECTION("a tid of its own process") {
        CHECK(child->new_thread(5).try_build().error == Errno::exists);
    }
    SECTION("a tid of another process") {
        CHECK(world.init->new_thread(5).try_build().error == Errno::exists);
    }
    SECTION("a pid of another process") {
        CHECK(child->new_thread(1).try_build().error == Errno::exists);
    }
    SECTION("the pid of another process that has no thread") {
        CHECK(world.init->new_thread(2).try_build().error == Errno::exists);
    }
    SECTION("a pgid and sid that outlived their leader") {
        const auto leader = world.init->fork(7).build();
        const auto created = leader->create_session();
        leader->exit();
        leader->free();
        CHECK(child->new_thread(7).try_build().error == Errno::exists);
    }
    SECTION("build panics") {
        CHECK(panic_of([&] { child->new_thread(5).build(); }) ==
              "build: the number is in use as a pid, tid, pgid or sid");
    }
    CHECK(world.tree.find_thread(5) == thread);
    CHECK_FALSE(thread->exit(1) == false); // it was the only one
}

PROCSPACE_TRAITS_TEST_CASE("ThreadBuilder: the process's own number is for one living leader",
                           "[process][thread][P7]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto leader = child->new_thread(2).build();
    CHECK(child->new_thread(2).try_build().error == Errno::exists);
    leader->exit(0);
    CHECK(child->new_thread(2).try_build());
    CHECK(world.tree.find_process(2) == child); // the number stayed the process's
}

PROCSPACE_TRAITS_TEST_CASE("ThreadBuilder: a process that has exited gets no thread", "[process][thread][trap:13]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    auto before = child->new_thread(3);
    child->exit();
    SECTION("a zombie") {}
    SECTION("a reaped one") {
        child->free();
    }
    CHECK(child->new_thread(4).try_build().error == Errno::no_process);
    CHECK(before.try_build().error == Errno::no_process);
    CHECK(panic_of([&] { child->new_thread(4).build(); }) ==
          "build: the process has exited or its group exit has begun");
    CHECK(child->threads().empty());
    CHECK(world.init->new_thread(3).try_build());
}

PROCSPACE_TRAITS_TEST_CASE("ThreadBuilder: a group exit that has begun keeps new threads out",
                           "[process][thread][trap:14]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto leader = child->new_thread(2).build();
    child->group_exit(5);
    CHECK(child->new_thread(3).try_build().error == Errno::no_process);
    CHECK(support::tids(child->threads()) == Pids{2});
    CHECK(leader->exit(0));
}

TEST_CASE("ThreadBuilder: out of memory is an error and leaves the process as it was", "[process][thread]") {
    World<support::DepthFailing> world;
    for (std::size_t n = 1; n <= 3; ++n) { // the thread, and two blocks of the table
        const support::FailNth::Armed armed(n);
        CHECK(world.init->new_thread(70005).try_build().error == Errno::no_memory);
    }
    support::FailNth::arm(1);
    CHECK_THROWS_AS(world.init->new_thread(5).build(), std::bad_alloc);
    support::FailNth::arm(0);
    CHECK(world.init->threads().empty());
    CHECK(world.tree.find_thread(5) == nullptr);
    CHECK(world.init->new_thread(5).try_build());
}

PROCSPACE_TRAITS_TEST_CASE("Thread: exec ends the siblings and takes the number of the process",
                           "[process][thread][P3]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto leader = child->new_thread(2).build();
    const auto caller = child->new_thread(3).build();
    const auto sibling = child->new_thread(4).build();
    CHECK(caller->exec());
    CHECK(caller->tid() == 2);
    CHECK(support::tids(child->threads()) == Pids{2});
    CHECK(child->threads().front() == caller);
    CHECK(world.tree.find_thread(2) == caller);
    CHECK(world.tree.find_thread(3) == nullptr);
    CHECK(world.tree.find_thread(4) == nullptr);
    CHECK_FALSE(leader->exit(8));
    CHECK_FALSE(sibling->exit(9));
    CHECK(leader->tid() == 2); // an ended one keeps its number of old
    CHECK(child->exit_code() == 0);
    CHECK(world.init->fork(3).try_build());
    CHECK(world.init->fork(4).try_build());
    CHECK(caller->exit(1)); // and is the last
}

PROCSPACE_TRAITS_TEST_CASE("Thread: exec of the leader keeps its number", "[process][thread][P3]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto leader = child->new_thread(2).build();
    const auto sibling = child->new_thread(3).build();
    CHECK(leader->exec());
    CHECK(leader->tid() == 2);
    CHECK(support::tids(child->threads()) == Pids{2});
    CHECK_FALSE(sibling->exit(0));
    CHECK(world.tree.find_process(2) == child);
}

PROCSPACE_TRAITS_TEST_CASE("Thread: exec without a living leader takes the number all the same",
                           "[process][thread][P3]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto caller = child->new_thread(3).build();
    CHECK(caller->exec());
    CHECK(caller->tid() == 2);
    CHECK(child->new_thread(2).try_build().error == Errno::exists);
    CHECK(child->new_thread(3).try_build());
}

PROCSPACE_TRAITS_TEST_CASE("Thread: exec is refused for an ended thread and once group exit has begun",
                           "[process][thread][P3]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto leader = child->new_thread(2).build();
    const auto other = child->new_thread(3).build();
    SECTION("ended") {
        other->exit(0);
        CHECK_FALSE(other->exec());
        CHECK(support::tids(child->threads()) == Pids{2});
    }
    SECTION("group exit") {
        child->group_exit(1);
        CHECK_FALSE(other->exec());
        CHECK(support::tids(child->threads()) == Pids{2, 3});
    }
    SECTION("process exited") {
        child->exit();
        CHECK_FALSE(other->exec());
    }
    CHECK(other->tid() == 3);
}

PROCSPACE_TRAITS_TEST_CASE("Thread: after exec one that is dropped leaves under its new number",
                           "[process][thread][P6]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    auto caller = child->new_thread(3).build();
    caller->exec();
    const auto namesake = child->new_thread(3).build();
    caller.reset();
    CHECK(support::tids(child->threads()) == Pids{3});
    CHECK(world.tree.find_thread(2) == nullptr);
    CHECK(world.tree.find_thread(3) == namesake);
}

PROCSPACE_TRAITS_TEST_CASE("ThreadBuilder: zero is no number for a thread", "[process][thread]") {
    World<TestType> world;
    CHECK(world.init->new_thread(0).try_build().error == Errno::invalid);
    CHECK(world.init->threads().empty());
    const auto process = world.init->fork(2).build();
    process->exit();
    CHECK(process->new_thread(0).try_build().error == Errno::invalid); // whatever else is wrong, as for fork(0)
    CHECK(process->new_thread(3).try_build().error == Errno::no_process);
    CHECK(world.init->new_thread(~procspace::Pid{0}).try_build().error == Errno::invalid);
}

PROCSPACE_TRAITS_TEST_CASE("Process: thread_count is the number of the living threads", "[process][thread]") {
    World<TestType> world;
    CHECK(world.init->thread_count() == 0);
    const auto first = world.init->new_thread(1).build();
    const auto second = world.init->new_thread(2).build();
    CHECK(world.init->thread_count() == 2);
    first->exit(0);
    CHECK(world.init->thread_count() == 1);
}
