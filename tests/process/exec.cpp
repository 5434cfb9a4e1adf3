#include <procspace/process/exec.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

#include <vector>

using procspace::Errno;
using procspace::Pid;
using support::Pids;
using support::World;

PROCSPACE_TRAITS_TEST_CASE("Exec: completes when the siblings have ended", "[process][exec][P3]") {
    World<TestType> world;
    const auto child = world.init->fork(2).options({.exit_signal = 10}).build();
    const auto leader = child->new_thread(2).build();
    const auto caller = child->new_thread(3).build();
    const auto sibling = child->new_thread(4).build();
    auto exec = procspace::begin_exec(caller);
    REQUIRE(exec);
    Pids killed;
    exec.value.effects().deliver([&](const auto& effect) { killed.push_back(effect.tid); });
    CHECK(killed == Pids{2, 4});
    CHECK(child->new_thread(5).try_build().error == Errno::no_process); // no new threads meanwhile
    CHECK(procspace::begin_exec(sibling).error == Errno::again);
    CHECK(procspace::begin_exec(caller).error == Errno::again); // which gives up nothing of the first
    CHECK_FALSE(sibling->exec());
    CHECK(exec.value.finish().error == Errno::again);
    CHECK_FALSE(leader->exit(9));
    CHECK(child->details().has_zombie_leader);
    CHECK(exec.value.finish().error == Errno::again);
    CHECK_FALSE(sibling->exit(9));
    CHECK_FALSE(child->details().has_execed);
    CHECK(exec.value.finish());
    CHECK(caller->tid() == 2);
    CHECK(child->threads() == std::vector{caller});
    CHECK(world.tree.find_thread(2) == caller);
    CHECK(world.tree.find_thread(3) == nullptr);
    CHECK(child->details().has_execed);
    CHECK_FALSE(child->details().has_zombie_leader);
    CHECK(child->details().exit_signal == 17);
    CHECK(child->new_thread(3).try_build());
    CHECK(world.check().rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("Exec: one that is given up lets the process go on", "[process][exec]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto leader = child->new_thread(2).build();
    const auto caller = child->new_thread(3).build();
    {
        const auto exec = procspace::begin_exec(caller);
        CHECK(child->new_thread(5).try_build().error == Errno::no_process);
    }
    CHECK(child->new_thread(5).try_build());
    CHECK(caller->tid() == 3);
    CHECK(procspace::begin_exec(leader));
}

namespace {

/// Kills nobody, writes down who would be, and each time tries to make a thread.
struct Attacked : support::DepthFailing {
    inline static Pids killed;
    inline static std::vector<Errno> births;
    template <class E>
    static void effect(const E& effect) {
        if (effect.kind != procspace::EffectKind::kill_thread)
            return;
        killed.push_back(effect.tid);
        births.push_back(effect.process->new_thread().try_build().error);
    }
};

} // namespace

TEST_CASE("Exec: only siblings are told to end by themselves, and before others come", "[process][exec][P12]") {
    World<Attacked> world;
    const auto child = world.init->fork(2).build();
    const auto leader = child->new_thread(2).build();
    const auto caller = child->new_thread(3).build();
    Attacked::killed.clear();
    Attacked::births.clear();
    SECTION("finished before they were told: they have ended, and the caller has the leader's number") {
        {
            auto exec = procspace::begin_exec(caller);
            REQUIRE(exec);
            leader->exit(0);
            REQUIRE(exec.value.finish());
            CHECK(exec.value.effects().empty());
            CHECK(caller->tid() == 2);
            CHECK(child->new_thread(4).try_build()); // no sibling of that exec
        }
        CHECK(Attacked::killed.empty());
    }
    SECTION("over since the caller has exited, and others have come") {
        {
            auto exec = procspace::begin_exec(caller);
            REQUIRE(exec);
            caller->exit(0);
            CHECK(child->new_thread(4).try_build());
        }
        CHECK(Attacked::killed.empty());
    }
    SECTION("over since the caller has execed in one step") {
        {
            auto exec = procspace::begin_exec(caller);
            REQUIRE(exec);
            CHECK(caller->exec());
            CHECK(child->new_thread(4).try_build());
        }
        CHECK(Attacked::killed.empty());
    }
    SECTION("finished, and the next one has begun") {
        auto first = procspace::begin_exec(caller);
        REQUIRE(first);
        leader->exit(0);
        REQUIRE(first.value.finish());
        auto second = procspace::begin_exec(caller);
        REQUIRE(second);
        { const auto over = std::move(first); }
        CHECK(child->new_thread(4).try_build().error == Errno::no_process);
        CHECK(second.value.finish());
    }
    SECTION("given up before they were told") {
        CHECK(procspace::begin_exec(caller)); // and dropped
        CHECK(Attacked::killed == Pids{2});
        CHECK(Attacked::births == std::vector{Errno::no_process});
    }
}

PROCSPACE_TRAITS_TEST_CASE("Exec: ends with its caller, and with a group exit", "[process][exec][P8]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto leader = child->new_thread(2).build();
    const auto caller = child->new_thread(3).build();
    auto exec = procspace::begin_exec(caller);
    REQUIRE(exec);
    SECTION("the caller has exited") {
        CHECK_FALSE(caller->exit(1));
        CHECK(exec.value.finish().error == Errno::no_process);
        CHECK(child->new_thread(5).try_build()); // nobody is in exec any more
    }
    SECTION("a group exit has begun") {
        child->group_exit(5);
        leader->exit(0);
        CHECK(exec.value.finish().error == Errno::interrupted);
        CHECK(caller->tid() == 3);
        CHECK(procspace::begin_exec(caller).error == Errno::no_process);
    }
    SECTION("another thread would have all exit") {
        CHECK_FALSE(child->exit_group(5, 2));
        CHECK_FALSE(child->is_group_exited());
        leader->exit(0);
        CHECK(exec.value.finish());
        CHECK(caller->tid() == 2);
    }
    SECTION("the process has exited") {
        child->exit();
        CHECK(exec.value.finish().error == Errno::no_process);
    }
    CHECK(world.check().rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("Thread: a leader that exits before others is a zombie leader", "[process][thread]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto leader = child->new_thread(2).build();
    const auto other = child->new_thread(3).build();
    CHECK_FALSE(leader->exit(1));
    CHECK(child->details().has_zombie_leader);
    CHECK(child->exit_code() == 1);
    CHECK(other->exit(2)); // the last one's code counts
    CHECK_FALSE(child->details().has_zombie_leader);
    CHECK(child->exit_code() == 2);
}
