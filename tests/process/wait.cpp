#include <procspace/process/wait.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

#include <vector>

using procspace::ChildChange;
using procspace::CloneChildren;
using procspace::Pid;
using procspace::ProcessState;
using procspace::Usage;
using procspace::WaitOptions;
using procspace::WaitOutcome;
using procspace::WaitSelector;
using support::Pids;
using support::World;

PROCSPACE_TRAITS_TEST_CASE("wait_poll: says whether there is nobody, nothing or something", "[process][wait]") {
    World<TestType> world;
    CHECK(wait_poll(*world.init, WaitSelector::any()).outcome == WaitOutcome::no_child);
    const auto child = world.init->fork(2).build();
    const auto grandchild = child->fork(3).build();
    CHECK(wait_poll(*world.init, WaitSelector::any()).outcome == WaitOutcome::none);
    CHECK(wait_poll(*world.init, WaitSelector::child(2)).outcome == WaitOutcome::none);
    CHECK(wait_poll(*world.init, WaitSelector::child(3)).outcome == WaitOutcome::no_child); // no child of its own
    CHECK(wait_poll(*world.init, WaitSelector::child(9)).outcome == WaitOutcome::no_child);
    CHECK(wait_poll(*world.init, WaitSelector::group(1)).outcome == WaitOutcome::none);
    CHECK(wait_poll(*world.init, WaitSelector::group(2)).outcome == WaitOutcome::no_child);
    child->new_thread(2).build()->exit(7);
    child->exit();
    const auto answer = wait_poll(*world.init, WaitSelector::any());
    CHECK(answer.outcome == WaitOutcome::event);
    CHECK(answer.event.pid == 2);
    CHECK(answer.event.status == 7);
    CHECK(answer.event.change == ChildChange::exited);
    CHECK(child->state() == ProcessState::reaped);
    CHECK(wait_poll(*world.init, WaitSelector::any()).outcome == WaitOutcome::none); // 3 is there now
    grandchild->exit();
    CHECK(wait_poll(*world.init, WaitSelector::child(3)).event.pid == 3);
    CHECK(wait_poll(*world.init, WaitSelector::any()).outcome == WaitOutcome::no_child);
    CHECK(wait_poll(*child, WaitSelector::any()).outcome == WaitOutcome::no_child); // a reaped one has nobody
}

PROCSPACE_TRAITS_TEST_CASE("wait_poll: takes the eldest child, as the parent got them", "[process][wait]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    world.init->fork(30).build();
    parent->fork(10).build();
    world.init->fork(20).build();
    parent->exit(); // 10 comes last
    for (const Pid pid : {10U, 20U, 30U})
        world.tree.find_process(pid)->exit();
    Pids order;
    for (int i = 0; i < 4; ++i)
        order.push_back(wait_poll(*world.init, WaitSelector::any()).event.pid);
    CHECK(order == Pids{2, 30, 20, 10});
}

PROCSPACE_TRAITS_TEST_CASE("wait_poll: a peek leaves what it finds", "[process][wait]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    child->stop(20);
    const WaitOptions peek{.stopped = true, .peek = true};
    CHECK(wait_poll(*world.init, WaitSelector::any(), peek).event.status == 20);
    CHECK(wait_poll(*world.init, WaitSelector::any(), peek).outcome == WaitOutcome::event);
    child->exit();
    CHECK(wait_poll(*world.init, WaitSelector::any(), peek).event.change == ChildChange::exited);
    CHECK(child->is_zombie());
    CHECK(wait_poll(*world.init, WaitSelector::any()).outcome == WaitOutcome::event);
    CHECK_FALSE(child->is_zombie());
}

PROCSPACE_TRAITS_TEST_CASE("wait_poll: stops and continuations are told once, to who asks for them",
                           "[process][wait]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto ask = [&](WaitOptions options) { return wait_poll(*world.init, WaitSelector::child(2), options); };
    const WaitOptions stops{.stopped = true};
    const WaitOptions continuations{.continued = true};
    child->stop(19);
    child->stop(20); // it is stopped already
    CHECK(child->is_stopped());
    CHECK(ask({}).outcome == WaitOutcome::none);
    CHECK(ask(continuations).outcome == WaitOutcome::none);
    const auto stopped = ask(stops);
    CHECK(stopped.event.change == ChildChange::stopped);
    CHECK(stopped.event.status == 19);
    CHECK(ask(stops).outcome == WaitOutcome::none);
    child->resume();
    CHECK_FALSE(child->is_stopped());
    CHECK(ask(stops).outcome == WaitOutcome::none);
    const auto continued = ask(continuations);
    CHECK(continued.event.change == ChildChange::continued);
    CHECK(continued.event.status == 18);
    CHECK(ask(continuations).outcome == WaitOutcome::none);
    SECTION("a continuation takes the place of a stop that nobody has seen") {
        child->stop(19);
        child->resume();
        CHECK(ask(stops).outcome == WaitOutcome::none);
        CHECK(ask(continuations).outcome == WaitOutcome::event);
    }
    SECTION("an exit takes the place of both") {
        child->stop(19);
        child->exit();
        CHECK_FALSE(child->is_stopped());
        CHECK(ask({.exited = false, .stopped = true}).outcome == WaitOutcome::no_child);
        CHECK(ask(stops).event.change == ChildChange::exited);
    }
    CHECK(world.check().rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("wait_poll: clone children are for who asks for them", "[process][wait]") {
    World<TestType> world;
    const auto plain = world.init->fork(2).build();
    const auto clone = world.init->fork(3).options({.exit_signal = 10}).build();
    plain->exit();
    clone->exit();
    const WaitOptions only{.peek = true, .clones = CloneChildren::only};
    const WaitOptions all{.peek = true, .clones = CloneChildren::all};
    CHECK(wait_poll(*world.init, WaitSelector::any(), {.peek = true}).event.pid == 2);
    CHECK(wait_poll(*world.init, WaitSelector::any(), only).event.pid == 3);
    CHECK(wait_poll(*world.init, WaitSelector::child(3)).outcome == WaitOutcome::no_child);
    CHECK(wait_poll(*world.init, WaitSelector::child(3), all).outcome == WaitOutcome::event);
    CHECK(wait_poll(*world.init, WaitSelector::child(2), only).outcome == WaitOutcome::no_child);
}

PROCSPACE_TRAITS_TEST_CASE("wait_poll: the token changes with whatever can change the answer",
                           "[process][wait][trap:25]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    auto token = wait_poll(*world.init, WaitSelector::any()).token;
    const auto changed = [&] {
        const bool differs = wait_token(*world.init) != token;
        token = wait_token(*world.init);
        return differs;
    };
    CHECK_FALSE(changed());
    child->stop(20);
    CHECK(changed());
    child->resume();
    CHECK(changed());
    const auto grandchild = child->fork(3).build();
    grandchild->exit();
    CHECK_FALSE(changed()); // not its child
    child->exit();
    CHECK(changed());
    child->free();
    CHECK(changed()); // there may be no child left
}

PROCSPACE_TRAITS_TEST_CASE("WaitClaim: a child is claimed by one waiter, who reaps it or gives it back",
                           "[process][wait][P8][trap:15][trap:24]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    child->charge({.user = 3, .system = 4});
    child->exit();
    procspace::BasicWaitClaim<TestType> first;
    procspace::BasicWaitClaim<TestType> second;
    CHECK(wait_claim(*world.init, WaitSelector::any(), {}, first).event.pid == 2);
    REQUIRE(first);
    CHECK(first.child() == child);
    CHECK(child->is_zombie());
    CHECK(wait_claim(*world.init, WaitSelector::any(), {}, second).outcome == WaitOutcome::none);
    CHECK_FALSE(second);
    CHECK_FALSE(child->free());
    const auto token = wait_token(*world.init);
    SECTION("committed") {
        Pids woken;
        first.commit().deliver([&](const auto& effect) {
            if (effect.kind == procspace::EffectKind::wake)
                woken.push_back(effect.id.pid);
        });
        CHECK(woken == Pids{1}); // who was told that there is none yet: now there is no child
        CHECK(wait_token(*world.init) != token);
        CHECK(wait_poll(*world.init, WaitSelector::any()).outcome == WaitOutcome::no_child);
        CHECK_FALSE(first);
        CHECK(child->state() == ProcessState::reaped);
        CHECK(world.init->details().children_usage == Usage{3, 4});
    }
    SECTION("given back") {
        CHECK_FALSE(first.rollback().empty());
        CHECK(wait_poll(*world.init, WaitSelector::any()).event.pid == 2);
    }
    SECTION("given back when it is used again") {
        CHECK(wait_claim(*world.init, WaitSelector::child(9), {}, first).outcome == WaitOutcome::no_child);
        CHECK(child->free());
    }
    SECTION("given back by its end") {
        first = {};
        CHECK(wait_token(*world.init) != token);
        CHECK(child->free());
    }
    SECTION("given back to another parent") {
        const auto parent = world.init->fork(5).build();
        const auto grandchild = parent->fork(6).build();
        grandchild->exit();
        CHECK(wait_claim(*parent, WaitSelector::any(), {}, second).event.pid == 6);
        CHECK(parent->exit().reaper == nullptr); // it is not for init to reap yet
        auto effects = second.rollback();
        std::size_t signals = 0;
        effects.deliver([&](const auto& effect) { signals += effect.signal == 17 && effect.id.pid == 1; });
        CHECK(signals == 1);
        CHECK(wait_poll(*world.init, WaitSelector::child(6)).outcome == WaitOutcome::event);
    }
    CHECK(world.check().rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("WaitClaim: given back to an init that has closed its tree, the child is reaped",
                           "[process][wait][exit]") {
    procspace::BasicProcessTree<TestType> tree;
    const auto init = tree.new_init(1).init_options({.nested = true}).build();
    const auto parent = init->fork(2).build();
    const auto child = init->fork(3).build();
    const auto grandchild = parent->fork(4).build();
    child->exit();
    grandchild->exit();
    procspace::BasicWaitClaim<TestType> of_init;
    procspace::BasicWaitClaim<TestType> of_parent;
    CHECK(wait_claim(*init, WaitSelector::child(3), {}, of_init).event.pid == 3);
    CHECK(wait_claim(*parent, WaitSelector::any(), {}, of_parent).event.pid == 4);
    const auto state = [](const auto& process) { return process->state(); };
    SECTION("while it is open, it stays a zombie") {
        static_cast<void>(of_init.rollback());
        CHECK(state(child) == ProcessState::zombie);
        init->set_child_policy({.ignored = true});
        CHECK(wait_claim(*init, WaitSelector::child(3), {}, of_init).event.pid == 3);
        static_cast<void>(of_init.rollback());
        CHECK(state(child) == ProcessState::zombie); // it was there before the policy
    }
    SECTION("once it is closed") {
        init->close_tree();
        CHECK(state(child) == ProcessState::zombie); // it is claimed
        CHECK_FALSE(of_init.rollback().empty());
        CHECK(state(child) == ProcessState::reaped);
        static_cast<void>(of_parent.rollback());
        CHECK(state(grandchild) == ProcessState::zombie); // of another parent, who lives
    }
    SECTION("adopted from who had claimed it") {
        init->close_tree();
        parent->exit();
        CHECK(state(parent) == ProcessState::reaped);
        CHECK(state(grandchild) == ProcessState::zombie);
        CHECK_FALSE(of_parent.rollback().empty());
        CHECK(state(grandchild) == ProcessState::reaped);
    }
    of_init = {};
    of_parent = {};
    init->close_tree();
    parent->exit();
    init->exit(); // panics if anybody is left
    CHECK(init->is_zombie());
}

PROCSPACE_TRAITS_TEST_CASE("Process: used time goes up the tree with the reaps", "[process][wait]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    const auto child = parent->fork(3).build();
    const auto thread = child->new_thread(3).build();
    thread->exit(0, {.user = 10, .system = 1});
    child->charge({.user = 1, .system = 1});
    child->exit();
    child->charge({.user = 100, .system = 100}); // frozen
    CHECK(parent->details().children_usage == Usage{});
    CHECK(wait_poll(*parent, WaitSelector::any()).event.usage == Usage{11, 2});
    CHECK(parent->details().children_usage == Usage{11, 2});
    parent->charge({.user = 5, .system = 0});
    const WaitOptions changes{.stopped = true, .continued = true};
    parent->stop(19);
    CHECK(wait_poll(*world.init, WaitSelector::any(), changes).event.usage == Usage{16, 2});
    parent->resume();
    CHECK(wait_poll(*world.init, WaitSelector::any(), changes).event.usage == Usage{16, 2});
    parent->exit();
    CHECK(wait_poll(*world.init, WaitSelector::any()).event.usage == Usage{16, 2});
    CHECK(world.init->details().children_usage == Usage{16, 2});
}

PROCSPACE_TRAITS_TEST_CASE("Process: the time of who is reaped without a wait goes nowhere", "[process][wait][exit]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    const auto middle = parent->fork(3).build();
    for (const Pid pid : {4U, 5U}) {
        const auto child = (pid == 4 ? parent : middle)->fork(pid).build();
        child->charge({.user = 1, .system = 2});
        if (pid == 5)
            child->exit(); // a zombie when it is adopted
    }
    parent->set_child_subreaper(true);
    bool waited = false;
    SECTION("waited for") {
        waited = true;
    }
    SECTION("ignored") {
        parent->set_child_policy({.ignored = true});
    }
    SECTION("not to be waited for") {
        parent->set_child_policy({.no_wait = true});
    }
    world.tree.find_process(4)->exit();
    middle->charge({.user = 4, .system = 4});
    middle->exit();
    CHECK(parent->children().size() == (waited ? 3 : 0));
    CHECK(parent->details().children_usage == Usage{});
    while (wait_poll(*parent, WaitSelector::any()).outcome == WaitOutcome::event) {}
    CHECK(parent->details().children_usage == (waited ? Usage{6, 8} : Usage{}));
    const auto freed = parent->fork(6).build();
    freed->charge({.user = 9, .system = 0});
    parent->set_child_policy({});
    freed->exit();
    CHECK(freed->free());
    CHECK(parent->details().children_usage == (waited ? Usage{15, 8} : Usage{9, 0}));
}

PROCSPACE_TRAITS_TEST_CASE("Process: children of a parent that ignores them are reaped when they exit",
                           "[process][wait][exit]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    const auto child = parent->fork(3).build();
    const auto clone = parent->fork(4).options({.exit_signal = 10}).build();
    const auto signals = [](auto effects) {
        std::vector<int> all;
        effects.deliver([&](const auto& effect) {
            if (effect.signal != 0)
                all.push_back(effect.signal);
        });
        return all;
    };
    SECTION("the signal ignored: none is sent") {
        parent->set_child_policy({.ignored = true});
        CHECK(signals(child->exit()).empty());
        CHECK(child->state() == ProcessState::reaped);
    }
    SECTION("no wait: the signal is sent all the same") {
        parent->set_child_policy({.no_wait = true});
        CHECK(signals(child->exit()) == std::vector<int>{17});
        CHECK(child->state() == ProcessState::reaped);
    }
    SECTION("but not a clone child") {
        parent->set_child_policy({.ignored = true});
        CHECK(signals(clone->exit()) == std::vector<int>{10});
        CHECK(clone->is_zombie());
    }
    SECTION("no signal for stops") {
        parent->set_child_policy({.no_stop = true});
        CHECK(signals(child->stop(20)).empty());
        CHECK(signals(child->resume()).empty());
        CHECK(signals(child->exit()) == std::vector<int>{17});
    }
    SECTION("dead ones that it gets later, too") {
        const auto middle = parent->fork(5).build();
        parent->set_child_subreaper(true);
        parent->set_child_policy({.ignored = true});
        std::vector<typename World<TestType>::ProcessHandle> dead;
        for (Pid pid = 100; pid < 140; ++pid) {
            dead.push_back(middle->fork(pid).build());
            if (pid % 3 == 0)
                dead.back()->create_group(); // which ends with it
            dead.back()->exit();
        }
        CHECK(middle->exit().reaper == nullptr);
        CHECK(middle->state() == ProcessState::reaped);
        for (const auto& one : dead)
            CHECK(one->state() == ProcessState::reaped);
        CHECK(support::pids(parent->children()) == Pids{3, 4});
    }
    CHECK(world.check({parent, child, clone}).rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("Process: an exit hands over any number of children", "[process][exit][P9][trap:16]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    for (Pid pid = 10; pid < 110; ++pid) {
        const auto child = parent->fork(pid).build();
        if (pid % 2 == 0)
            child->exit();
    }
    CHECK(parent->exit().reaper == world.init);
    CHECK(world.init->children().size() == 101);
    std::size_t waited = 0;
    while (wait_poll(*world.init, WaitSelector::any()).outcome == WaitOutcome::event)
        ++waited;
    CHECK(waited == 51);
    CHECK(world.check({parent}).rule == nullptr);
}
