#include <procspace/process/lineage.hpp>

#include <procspace/process/exec.hpp>
#include <procspace/process/tree.hpp>
#include <procspace/process/wait.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

using procspace::Pid;
using procspace::WaitOutcome;
using procspace::WaitSelector;
using support::Pids;
using support::World;

namespace {

/// Remembers the signals that are delivered.
struct Telling : support::PanicTraits {
    using Memory = support::CountingMemory;
    template <class E>
    static void effect(const E& effect) {
        if (effect.kind == procspace::EffectKind::signal)
            sent.emplace_back(effect.id.pid, effect.signal);
        woken += effect.kind == procspace::EffectKind::wake && effect.id.pid == 20;
    }
    inline static int woken = 0; // the parent
    inline static std::vector<std::pair<Pid, int>> sent;
};

/// A process with the threads 20, its leader, 30 and 40, and with five children of three of them.
template <class Traits>
struct Threaded : World<Traits> {
    using Tree = World<Traits>;
    using ThreadHandle = std::shared_ptr<typename Tree::Thread>;

    typename Tree::ProcessHandle parent = this->init->fork(20).build();
    ThreadHandle leader = parent->new_thread(20).build();
    ThreadHandle second = parent->new_thread(30).build();
    ThreadHandle third = parent->new_thread(40).build();

    Threaded() {
        bear(100, 30);
        bear(101, 20);
        bear(102, 30);
        bear(103, 40);
        bear(104, 20);
    }

    typename Tree::ProcessHandle bear(Pid pid, Pid thread, int signal = 17) {
        return parent->fork(pid).options({.exit_signal = signal, .thread = thread}).build();
    }
    [[nodiscard]] Pids children() const {
        Pids all;
        parent->for_each_child([&](const procspace::ProcessInfo& child) { all.push_back(child.pid); });
        return all;
    }
    /// Whom a thread waits for, one after the other, when all of them have exited.
    Pids waited(Pid thread, bool own = false) {
        for (const auto& child : parent->children())
            child->exit();
        Pids all;
        for (;;) {
            const auto answer = wait_poll(*parent, WaitSelector::any(), {.thread = thread, .own_children = own});
            if (answer.outcome != WaitOutcome::event)
                return all;
            all.push_back(answer.event.pid);
        }
    }
    [[nodiscard]] WaitOutcome asked(Pid thread) {
        return wait_poll(*parent, WaitSelector::any(), {.thread = thread, .own_children = true}).outcome;
    }
};

} // namespace

PROCSPACE_TRAITS_TEST_CASE("Lineage: children are listed thread by thread, the leader's first, the eldest first",
                           "[process][lineage]") {
    Threaded<TestType> world;
    CHECK(world.children() == Pids{101, 104, 100, 102, 103});
    SECTION("and waited for in the circle that begins with who asks") {
        CHECK(world.waited(30) == Pids{100, 102, 103, 101, 104});
    }
    SECTION("or its own alone") {
        CHECK(world.waited(30, true) == Pids{100, 102});
        CHECK(world.asked(30) == WaitOutcome::no_child);
        CHECK(world.waited(40, true) == Pids{103});
    }
}

PROCSPACE_TRAITS_TEST_CASE("Lineage: the children of a thread that ends are the leader's youngest, in their order",
                           "[process][lineage]") {
    Threaded<TestType> world;
    world.second->exit(0);
    CHECK(world.children() == Pids{101, 104, 100, 102, 103});
    world.bear(105, 20);
    CHECK(world.children() == Pids{101, 104, 100, 102, 105, 103});
    SECTION("for the leader") {
        CHECK(world.waited(20) == Pids{101, 104, 100, 102, 105, 103});
    }
    SECTION("and for others") {
        CHECK(world.waited(40) == Pids{103, 101, 104, 100, 102, 105});
    }
    SECTION("also those that have changed already") {
        world.tree.find_process(103)->exit();
        world.third->exit(0);
        CHECK(world.children() == Pids{101, 104, 100, 102, 105, 103});
        CHECK(wait_poll(*world.parent, WaitSelector::any(), {.own_children = true}).event.pid == 103);
        CHECK(world.waited(20) == Pids{101, 104, 100, 102, 105});
    }
}

PROCSPACE_TRAITS_TEST_CASE("Lineage: those of a leader that ends before others are the next thread's",
                           "[process][lineage]") {
    Threaded<TestType> world;
    world.leader->exit(0);
    CHECK(world.children() == Pids{100, 102, 101, 104, 103});
    CHECK(world.asked(30) == WaitOutcome::none);
    SECTION("and the one's after it") {
        world.second->exit(0);
        CHECK(world.children() == Pids{103, 100, 102, 101, 104});
        CHECK(world.waited(40, true) == Pids{103, 100, 102, 101, 104});
    }
    SECTION("not those of a new leader") {
        const auto leader = world.parent->new_thread(20).build();
        CHECK(world.asked(20) == WaitOutcome::no_child);
        CHECK(world.waited(30, true) == Pids{100, 102, 101, 104});
    }
}

PROCSPACE_TRAITS_TEST_CASE("Lineage: a thread that comes with the number of a former one is nobody's parent",
                           "[process][lineage][P6]") {
    Threaded<TestType> world;
    SECTION("of one that has execed") {
        REQUIRE(world.third->exec());
        CHECK(world.children() == Pids{103, 101, 104, 100, 102}); // the siblings' came to it
        const auto namesake = world.parent->new_thread(40).build();
        CHECK(world.asked(40) == WaitOutcome::no_child);
        world.bear(105, 40);
        CHECK(world.children() == Pids{103, 101, 104, 100, 102, 105});
        CHECK(world.waited(20, true) == Pids{103, 101, 104, 100, 102});
        CHECK(world.waited(40, true) == Pids{105});
    }
    SECTION("of the last one") {
        world.leader->exit(0);
        world.third->exit(0);
        CHECK(world.second->exit(0));
        CHECK(world.children() == Pids{100, 102, 101, 104, 103});
        const auto leader = world.parent->new_thread(20).build();
        const auto namesake = world.parent->new_thread(30).build();
        CHECK(world.asked(30) == WaitOutcome::no_child);
        CHECK(world.waited(20, true) == Pids{100, 102, 101, 104, 103});
    }
    CHECK(world.check().rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("Lineage: children from before there were threads are the lead thread's, and go with it",
                           "[process][lineage]") {
    World<TestType> world;
    const auto parent = world.init->fork(20).build();
    parent->fork(100).build();
    const auto first = parent->new_thread(30).build();
    const auto second = parent->new_thread(40).build();
    const auto asked = [&](Pid thread) {
        return wait_poll(*parent, WaitSelector::any(), {.thread = thread, .own_children = true}).outcome;
    };
    CHECK(asked(30) == WaitOutcome::none);
    CHECK(asked(40) == WaitOutcome::no_child);
    first->exit(0);
    CHECK(asked(40) == WaitOutcome::none);
}

TEST_CASE("Lineage: children from before there were threads are told when the lead thread ends", "[process][lineage]") {
    World<Telling> world;
    const auto parent = world.init->fork(20).build();
    parent->fork(100).build()->set_parent_death_signal(10);
    const auto first = parent->new_thread(30).build();
    const auto second = parent->new_thread(40).build();
    Telling::sent.clear();
    first->exit(0);
    CHECK(Telling::sent == decltype(Telling::sent){{100, 10}});
}

PROCSPACE_TRAITS_TEST_CASE("Lineage: an exit hands on the children of all threads", "[process][lineage][P5]") {
    Threaded<TestType> world;
    world.parent->exit();
    Pids all;
    world.init->for_each_child([&](const procspace::ProcessInfo& child) { all.push_back(child.pid); });
    CHECK(all == Pids{20, 101, 104, 100, 102, 103});
    CHECK(world.check({world.parent}).rule == nullptr);
}

TEST_CASE("Lineage: the death of a thread is told to its children and to no others", "[process][lineage]") {
    Threaded<Telling> world;
    for (const auto& child : world.parent->children())
        child->set_parent_death_signal(static_cast<int>(child->pid() - 90));
    world.tree.find_process(102)->new_thread(102).build();
    Telling::sent.clear();
    const auto told = [] { return std::exchange(Telling::sent, {}); };
    using Told = decltype(told());
    world.second->exit(0);
    CHECK(told() == Told{{100, 10}, {102, 12}});
    SECTION("again when the next one ends") {
        world.leader->exit(0);
        CHECK(told() == Told{{101, 11}, {104, 14}, {100, 10}, {102, 12}});
    }
    SECTION("in exec by the siblings, not by who calls it") {
        REQUIRE(world.third->exec());
        CHECK(told() == Told{{101, 11}, {104, 14}, {100, 10}, {102, 12}});
    }
    SECTION("not by the last one, whose process does it") {
        world.leader->exit(0);
        told();
        world.third->exit(0);
        CHECK(told().empty());
    }
    SECTION("with the wish of a thread of the child") {
        const auto thread = world.tree.find_process(103)->new_thread(50).build();
        thread->set_parent_death_signal(15);
        world.third->exit(0);
        CHECK(told() == Told{{103, 13}, {103, 15}});
    }
}

TEST_CASE("Lineage: who waits for its own children only is woken when it gets one that has exited",
          "[process][lineage][wait][trap:25]") {
    Threaded<Telling> world;
    const procspace::WaitOptions own{.thread = 20, .own_children = true};
    const auto ask = [&] { return wait_poll(*world.parent, WaitSelector::any(), own); };
    world.tree.find_process(103)->exit();
    const auto token = ask().token;
    CHECK(ask().outcome == WaitOutcome::none); // 103 is of the third
    Telling::woken = 0;
    world.second->exit(0);
    CHECK(wait_token(*world.parent) == token); // its children live
    CHECK(Telling::woken == 0);
    world.third->exit(0);
    CHECK(wait_token(*world.parent) != token);
    CHECK(Telling::woken == 1);
    CHECK(ask().event.pid == 103);
}

TEST_CASE("Lineage: an exec is seen by the children of before, and not by those of after", "[process][lineage]") {
    Threaded<Telling> world;
    world.bear(110, 20, 10);
    world.bear(111, 40, 11);
    const auto other = world.init->fork(60).build();
    other->fork(112).options({.exit_signal = 12}).build();
    REQUIRE(world.leader->exec());
    const auto next = world.parent->new_thread(30).build();
    world.bear(113, 30, 13);
    const auto signal_of = [&](Pid pid) {
        Telling::sent.clear();
        world.tree.find_process(pid)->exit();
        REQUIRE(Telling::sent.size() == 1);
        return Telling::sent.front().second;
    };
    SECTION("of all threads") {
        CHECK(signal_of(110) == 17);
        CHECK(signal_of(111) == 17);
    }
    SECTION("not by others' children") {
        CHECK(signal_of(112) == 12);
        CHECK(signal_of(113) == 13);
    }
    SECTION("also when they are another thread's later") {
        world.leader->exit(0);
        CHECK(signal_of(110) == 17);
        CHECK(signal_of(113) == 13);
    }
    SECTION("also by a sibling that comes of one of them") {
        world.tree.find_process(110)->fork(114).options({.exit_signal = 14, .sibling = true}).build();
        CHECK(signal_of(114) == 17);
    }
}

PROCSPACE_TRAITS_TEST_CASE("Process: whoever looks at the children sees what stays, whatever goes meanwhile",
                           "[process][lineage][P11]") {
    World<TestType> world;
    const auto parent = world.init->fork(20).build();
    const auto leader = parent->new_thread(20).build();
    const auto other = parent->new_thread(30).build();
    for (Pid pid = 100; pid < 180; ++pid)
        parent->fork(pid).options({.thread = pid % 2 == 0 ? 20U : 30U}).build();
    Pids all; // 32 records are copied before the first is shown: from 100 on the even ones up to 162
    for (Pid pid = 100; pid < 180; pid += 2)
        all.push_back(pid);
    for (Pid pid = 101; pid < 180; pid += 2)
        all.push_back(pid);
    Pids seen;
    const auto look_until = [&](std::size_t count, auto then) { // and on
        parent->for_each_child([&](const procspace::ProcessInfo& child) {
            if (seen.size() == count)
                then();
            seen.push_back(child.pid);
        });
    };
    const auto look = [&](auto at_first) { look_until(0, at_first); };
    const auto end = [&](Pid pid) {
        world.tree.find_process(pid)->exit();
        world.tree.find_process(pid)->free();
        all.erase(std::find(all.begin(), all.end(), pid));
    };
    SECTION("the next ones are reaped") {
        look([&] {
            end(164);
            end(166);
            end(170);
        });
        CHECK(seen == all);
    }
    SECTION("all others of the thread are reaped") {
        look([&] {
            for (Pid pid = 164; pid < 180; pid += 2)
                end(pid);
        });
        CHECK(seen == all);
    }
    SECTION("a thread ends, and hands on its children") {
        look([&] { other->exit(0); });
        CHECK(seen == all);
    }
    SECTION("a thread ends behind the place, and hands on its children") { // some may be seen twice, none is missed
        for (const std::size_t when : {std::size_t{10}, std::size_t{40}, std::size_t{70}}) {
            DYNAMIC_SECTION("at child " << when) {
                look_until(when, [&] { other->exit(0); });
                for (const Pid pid : all)
                    CHECK(std::count(seen.begin(), seen.end(), pid) >= 1);
                CHECK(seen.size() <= 2 * all.size());
            }
        }
    }
    SECTION("a thread execs behind the place") {
        look_until(70, [&] { leader->exec(); });
        for (const Pid pid : all)
            CHECK(std::count(seen.begin(), seen.end(), pid) >= 1);
    }
    SECTION("a thread execs") {
        look([&] { leader->exec(); });
        CHECK(seen == all);
    }
    SECTION("another one looks") {
        Pids others;
        look([&] { parent->for_each_child([&](const auto& child) { others.push_back(child.pid); }); });
        CHECK(seen == all);
        CHECK(others == all);
    }
    SECTION("the parent exits") {
        look([&] { parent->exit(); });
        CHECK(seen == Pids(all.begin(), all.begin() + 32));
        parent->free();
    }
    SECTION("who looks stops looking") {
        struct Enough {};
        CHECK_THROWS_AS(look([&] { throw Enough{}; }), Enough);
        end(164);
        look([] {});
        CHECK(seen == all);
    }
}

// --- the order ------------------------------------------------------------------------------------------------------

namespace {

struct Old : support::PanicTraits {
    using Memory = support::CountingMemory;
};

} // namespace

/// Who is allowed to look inside of a tree makes one that has seen many births.
template <>
class procspace::TreeInvariants<Old> {
public:
    static void age(BasicProcessTree<Old>& tree, std::uint64_t births) { tree.topology_.births_ = births; }
};

TEST_CASE("Lineage: the order of births holds beyond 2^32 of them", "[process][lineage]") {
    procspace::BasicProcessTree<Old> tree;
    const auto init = tree.new_init(1).build();
    procspace::TreeInvariants<Old>::age(tree, (std::uint64_t{1} << 32) - 3);
    for (Pid pid = 10; pid < 16; ++pid)
        init->fork(pid).build();
    for (Pid pid = 15; pid >= 10; --pid)
        tree.find_process(pid)->exit();
    Pids order;
    for (Pid pid = 10; pid < 16; ++pid)
        order.push_back(wait_poll(*init, WaitSelector::any()).event.pid);
    CHECK(order == Pids{10, 11, 12, 13, 14, 15});
}
