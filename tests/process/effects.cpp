#include <procspace/process/effects.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

#include <procspace/process/wait.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include <pthread.h>

using procspace::ChildChange;
using procspace::EffectKind;
using procspace::Pid;
using procspace::Signal;

namespace {

using Told = std::vector<std::string>;

/// Says an effect in words.
template <class E>
std::string words(const E& effect) {
    const std::string to = std::to_string(effect.id.pid);
    switch (effect.kind) {
    case EffectKind::vfork_done:
        return "vfork of " + to + " is done";
    case EffectKind::kill_thread:
        return "kill thread " + std::to_string(effect.tid) + " of " + to;
    case EffectKind::wake:
        return "wake " + to;
    case EffectKind::exited:
        return to + " has exited";
    case EffectKind::signal:
        break;
    }
    std::string text = std::to_string(effect.signal) + " to " + to;
    if (effect.child.pid != 0)
        text += " of " + std::to_string(effect.child.pid) + ":" + std::to_string(effect.child.status);
    return text;
}

/// Writes down what nobody delivered by hand.
struct Listening : support::DepthFailing {
    inline static Told told;
    template <class E>
    static void effect(const E& effect) {
        if (support::DepthLock::depth() != 0)
            support::Violations::add("an effect under the lock");
        told.push_back(words(effect));
    }
};
using World = support::World<Listening>;

template <class Effects>
Told delivered(Effects effects) {
    Told all;
    effects.deliver([&](const auto& effect) { all.push_back(words(effect)); });
    CHECK(effects.empty());
    return all;
}

} // namespace

TEST_CASE("Effects: an exit tells the parent, wakes its waiters and then the pidfds", "[process][effects][P12]") {
    World world;
    const auto child = world.init->fork(2).build();
    child->new_thread(2).build()->exit(7);
    CHECK(delivered(child->exit()) == Told{"17 to 1 of 2:7", "wake 1", "2 has exited"});
    CHECK(child->exit().empty());
}

TEST_CASE("Effects: what is not delivered by hand goes to the traits, once", "[process][effects][P12]") {
    World world;
    const auto child = world.init->fork(2).build();
    Listening::told.clear();
    child->exit();
    CHECK(Listening::told == Told{"17 to 1 of 2:0", "wake 1", "2 has exited"});
    Listening::told.clear();
    {
        const auto other = world.init->fork(3).build();
        auto effects = other->exit();
        auto moved = std::move(effects);
        CHECK(effects.empty());
        CHECK(Listening::told.empty());
        CHECK(delivered(std::move(moved)).size() == 3);
    }
    CHECK(Listening::told.empty());
}

TEST_CASE("Effects: what a listener throws passes through, and the rest is not lost", "[process][effects][P12]") {
    World world;
    const auto parent = world.init->fork(2).build();
    const auto child = parent->fork(3).build();
    child->set_parent_death_signal(12);
    Listening::told.clear();
    int calls = 0;
    auto effects = parent->exit();
    CHECK_THROWS_WITH(effects.deliver([&](const auto&) { throw std::runtime_error(std::to_string(calls++)); }), "0");
    CHECK(calls == 5); // 12 to 3 and its wake-up, 17 to 1 and its wake-up, the exit
    CHECK(effects.empty());
    CHECK(Listening::told.empty());
}

TEST_CASE("Effects: a listener that throws at one thread is called for the others", "[process][effects][P12]") {
    World world;
    const auto child = world.init->fork(2).build();
    std::vector<decltype(child->new_thread().build())> threads;
    for (procspace::Pid tid = 2; tid < 42; ++tid)
        threads.push_back(child->new_thread(tid).build());
    std::vector<procspace::Pid> reached;
    auto effects = child->exit_group(0);
    REQUIRE(effects);
    CHECK_THROWS_AS(effects->deliver([&](const auto& effect) {
        reached.push_back(effect.tid);
        throw std::runtime_error("listener");
    }),
                    std::runtime_error);
    CHECK(reached.size() == 40);
}

#ifdef __GLIBC__ // others may have no pthread_cancel
TEST_CASE("Effects: a listener's thread can be cancelled", "[process][effects][P12]") {
    World world;
    const auto child = world.init->fork(2).build();
    auto effects = child->exit();
    pthread_t thread{};
    const auto listen = [](void* of) -> void* {
        pthread_cancel(pthread_self());
        static_cast<decltype(effects)*>(of)->deliver([](const auto&) { pthread_testcancel(); });
        return nullptr;
    };
    REQUIRE(pthread_create(&thread, nullptr, listen, &effects) == 0);
    void* how = nullptr;
    CHECK(pthread_join(thread, &how) == 0);
    CHECK(how == PTHREAD_CANCELED);
}
#endif

TEST_CASE("Effects: children get the signal they asked for before their parent is announced",
          "[process][effects][P12]") {
    World world;
    const auto parent = world.init->fork(2).build();
    const auto third = parent->fork(3).build();
    parent->fork(4).build();
    const auto fifth = parent->fork(5).build();
    third->set_parent_death_signal(10);
    fifth->set_parent_death_signal(12);
    CHECK(delivered(parent->exit()) ==
          Told{"10 to 3", "wake 3", "12 to 5", "wake 5", "17 to 1 of 2:0", "wake 1", "2 has exited"});
    CHECK(third->details().parent_death_signal == 10);
    CHECK(third->set_parent_death_signal(65) == procspace::Errno::invalid);
    CHECK(third->set_parent_death_signal(-1) == procspace::Errno::invalid);
    CHECK(third->fork(9).build()->details().parent_death_signal == 0);
}

TEST_CASE("Effects: a new parent is told of children that are dead already", "[process][effects][P9][trap:18]") {
    World world;
    const auto reaper = world.init->fork(2).build();
    reaper->set_child_subreaper(true);
    const auto parent = reaper->fork(3).build();
    for (const Pid pid : {4U, 5U, 6U})
        parent->fork(pid).build()->exit();
    const auto token = wait_token(*reaper);
    const auto told = delivered(parent->exit());
    CHECK(told == Told{"17 to 2", "wake 2", "17 to 2 of 3:0", "wake 2", "3 has exited"});
    CHECK(wait_token(*reaper) != token);
    Pid waited = 0;
    for (int i = 0; i < 4; ++i)
        waited += wait_poll(*reaper, procspace::WaitSelector::any()).event.pid;
    CHECK(waited == 3 + 4 + 5 + 6);
}

TEST_CASE("Effects: two signals that wait for delivery are delivered by whoever has the first",
          "[process][effects][P12]") {
    World world;
    const auto reaper = world.init->fork(2).build();
    reaper->set_child_subreaper(true);
    const auto first = reaper->fork(3).build();
    const auto second = reaper->fork(4).build();
    const auto child = first->fork(5).build();
    child->set_parent_death_signal(10);
    reaper->set_parent_death_signal(12);
    first->fork(6).build()->exit();
    second->fork(7).build()->exit();
    auto earlier = first->exit();
    auto later = second->exit();
    CHECK(delivered(std::move(later)) == Told{"17 to 2 of 4:0", "wake 2", "4 has exited"});
    CHECK(delivered(std::move(earlier)) ==
          Told{"10 to 5", "wake 5", "17 to 2", "wake 2", "17 to 2 of 3:0", "wake 2", "3 has exited"});
}

TEST_CASE("Effects: a recipient that was reaped meanwhile is named and not there", "[process][effects][P12]") {
    World world;
    const auto parent = world.init->fork(2).build();
    const auto child = parent->fork(3).build();
    auto effects = child->exit();
    parent->exit();
    parent->free();
    std::size_t without = 0;
    effects.deliver([&](const auto& effect) { without += effect.process == nullptr && effect.id.pid == 2; });
    CHECK(without == 2); // the signal and the wake-up
}

TEST_CASE("Effects: the first group exit leaves the threads to be killed", "[process][effects][P8][trap:14][trap:29]") {
    World world;
    const auto child = world.init->fork(2).build();
    std::vector<std::shared_ptr<World::Thread>> threads;
    for (Pid tid = 2; tid < 82; ++tid)
        threads.push_back(child->new_thread(tid).build());
    auto effects = child->exit_group(7, 5);
    REQUIRE(effects);
    CHECK_FALSE(child->exit_group(8));
    threads[10]->exit(0); // before it was told
    const auto told = delivered(std::move(*effects));
    CHECK(told.size() == 78); // not thread 5, which has called, nor thread 12
    CHECK(told.front() == "kill thread 2 of 2");
    CHECK(std::count(told.begin(), told.end(), "kill thread 5 of 2") == 0);
    CHECK(std::count(told.begin(), told.end(), "kill thread 12 of 2") == 0);
    CHECK(told.back() == "kill thread 81 of 2");
    CHECK(child->exit_code() == 7);
}

namespace {

/// 1 init -- 2 leader of session 2 -- 3 leader of group 3 -- 4 member of group 3
struct Jobs : World {
    ProcessHandle leader = init->fork(2).build();
    ProcessHandle job = make();
    ProcessHandle member = job->fork(4).build();
    ProcessHandle make() {
        leader->create_session();
        auto made = leader->fork(3).build();
        made->create_group();
        return made;
    }
};

} // namespace

TEST_CASE("ProcessGroup: is orphaned when nobody is left who could continue its members", "[process][jobs][trap:33]") {
    Jobs jobs;
    const auto group = jobs.job->group();
    CHECK(jobs.leader->group()->is_orphaned()); // its parent is in another session
    CHECK_FALSE(group->is_orphaned());          // 3 has its parent in another group of the session
    SECTION("by the exit of that parent") {
        jobs.leader->exit();
        CHECK(group->is_orphaned());
    }
    SECTION("by the exit of the only member with such a parent") {
        jobs.job->exit();
        CHECK(group->is_orphaned());
    }
    SECTION("by the move of the parent into the group") {
        jobs.leader->create_session();
        jobs.job->move_to_group(jobs.leader->group());
        CHECK_FALSE(group->is_orphaned()); // now 4 has its parent in another group
        jobs.member->move_to_group(jobs.leader->group());
        CHECK(group->is_orphaned());
    }
    SECTION("not by the exit of another member") {
        jobs.member->exit();
        CHECK_FALSE(group->is_orphaned());
    }
    CHECK(jobs.check().rule == nullptr);
}

TEST_CASE("Effects: a group that is orphaned with a stopped member is hung up and continued",
          "[process][effects][P12]") {
    Jobs jobs;
    SECTION("by the exit of the parent of its leader") {
        jobs.member->stop(20);
        CHECK(delivered(jobs.leader->exit()) ==
              Told{"1 to 3", "1 to 4", "18 to 3", "18 to 4", "17 to 1 of 2:0", "wake 1", "2 has exited"});
    }
    SECTION("by the exit of its own leader") {
        jobs.member->stop(20);
        CHECK(delivered(jobs.job->exit()) ==
              Told{"1 to 3", "1 to 4", "18 to 3", "18 to 4", "17 to 2 of 3:0", "wake 2", "3 has exited"});
    }
    SECTION("not without a stopped member") {
        CHECK(delivered(jobs.leader->exit()) == Told{"17 to 1 of 2:0", "wake 1", "2 has exited"});
    }
    SECTION("not when the only stopped one is the one that exits") {
        jobs.job->stop(20);
        CHECK(delivered(jobs.job->exit()) == Told{"17 to 2 of 3:0", "wake 2", "3 has exited"});
    }
}

TEST_CASE("ProcessGroup: a broadcast reaches children that are born while it runs", "[process][effects][P12]") {
    World world;
    const auto leader = world.init->fork(50).build();
    const auto group = leader->create_group();
    for (Pid pid = 51; pid < 120; ++pid)
        leader->fork(pid).build();
    std::vector<Pid> reached;
    Pid next = 2;
    group->broadcast([&](const World::ProcessHandle& member) {
        reached.push_back(member->pid());
        // Each of the first forks a child below the cursor: from a member that was not reached yet.
        if (member->pid() >= 50 && member->pid() < 60)
            world.tree.find_process(119)->fork(next++).build();
    });
    CHECK(reached.size() == 70 + 10);
    std::sort(reached.begin(), reached.end());
    CHECK(std::adjacent_find(reached.begin(), reached.end()) == reached.end()); // each of them once
    CHECK(reached.front() == 2);
}

TEST_CASE("Effects: exec and exit tell who waits in vfork", "[process][effects][P12]") {
    World world;
    const auto child = world.init->fork(2).options({.vfork = true}).build();
    SECTION("by exit") {
        CHECK(delivered(child->exit()).front() == "vfork of 2 is done");
    }
    SECTION("by exec, and not again by exit") {
        const auto thread = child->new_thread(2).build();
        Listening::told.clear();
        CHECK(thread->exec());
        CHECK(Listening::told == Told{"vfork of 2 is done"});
        CHECK(delivered(child->exit()).front() == "17 to 1 of 2:0");
    }
    SECTION("by the exit of the leader, before its other threads") {
        const auto leader = child->new_thread(2).build();
        const auto other = child->new_thread(3).build();
        const auto third = child->new_thread(4).build();
        Listening::told.clear();
        CHECK_FALSE(other->exit(0));
        CHECK(Listening::told.empty());
        CHECK_FALSE(leader->exit(0));
        CHECK(Listening::told == Told{"vfork of 2 is done"});
        CHECK(third->exit(0));
        CHECK(delivered(child->exit()).front() == "17 to 1 of 2:0");
    }
}

TEST_CASE("Process: a sibling has the parent and the exit signal of its maker", "[process][builder]") {
    World world;
    const auto maker = world.init->fork(2).options({.exit_signal = 10}).build();
    const auto group = maker->create_group();
    const auto sibling = maker->fork(3).options({.exit_signal = 17, .sibling = true}).build();
    CHECK(sibling->parent() == world.init);
    CHECK(sibling->group() == group);
    CHECK(sibling->details().exit_signal == 10);
    CHECK(delivered(sibling->exit()).front() == "10 to 1 of 3:0");
    CHECK(world.init->fork(4).options({.sibling = true}).try_build().error == procspace::Errno::invalid);
    CHECK(world.init->fork(4).options({.exit_signal = 65}).try_build().error == procspace::Errno::invalid);
}
