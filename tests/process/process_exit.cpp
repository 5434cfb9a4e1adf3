#include <procspace/process/process_exit.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/world.hpp"

using procspace::Errno;
using procspace::Pid;
using procspace::ProcessState;
using support::panic_of;
using support::Pids;
using support::Tracked;
using support::World;

PROCSPACE_TRAITS_TEST_CASE("Process: exit makes a zombie whose code and numbers stay", "[process][exit][P5]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    CHECK(child->state() == ProcessState::living);
    child->new_thread(2).build()->exit(7);
    CHECK_FALSE(child->is_zombie()); // the last thread's exit does not end the process by itself
    child->exit();
    CHECK(child->is_zombie());
    CHECK(child->exit_code() == 7);
    CHECK(child->pgid() == 1);
    CHECK(child->group() == world.init->group());
    CHECK(support::pids(world.init->group()->processes()) == Pids{1, 2});
}

PROCSPACE_TRAITS_TEST_CASE("Process: a second exit changes nothing", "[process][exit][P6]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    child->exit();
    child->exit();
    CHECK(child->is_zombie());
    child->free();
    child->exit();
    CHECK(child->state() == ProcessState::reaped);
}

PROCSPACE_TRAITS_TEST_CASE("Process: init cannot exit", "[process][exit]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    CHECK(panic_of([&] { world.init->exit(); }) == "init cannot exit: its children would have no reaper");
    CHECK(world.init->state() == ProcessState::living);
    CHECK(child->parent() == world.init);
}

PROCSPACE_TRAITS_TEST_CASE("Process: its children go to init when it exits", "[process][exit][P9][P5]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    const auto living = parent->fork(4).build();
    const auto dead = parent->fork(3).build();
    const auto grandchild = living->fork(5).build();
    dead->exit();
    parent->exit();
    CHECK(parent->children().empty());
    CHECK(support::pids(world.init->children()) == Pids{2, 3, 4});
    CHECK(living->parent() == world.init);
    CHECK(living->ppid() == 1);
    CHECK(dead->parent() == world.init);
    CHECK(dead->is_zombie());
    CHECK(grandchild->parent() == living);
    CHECK(dead->free()); // by its new parent
    CHECK(support::pids(world.init->children()) == Pids{2, 4});
}

PROCSPACE_TRAITS_TEST_CASE("Process: a parent that reaped nobody leaves no zombie behind in its own table",
                           "[process][exit][trap:1]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    const auto child = parent->fork(3).build();
    child->exit();
    parent->exit();
    CHECK(child->free());
    CHECK(parent->free());
    CHECK(world.init->children().empty());
    CHECK(world.check({parent, child}).rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("Process: moving many children over to few and few over to many loses none",
                           "[process][exit][P9]") {
    World<TestType> world;
    const auto [of_init, of_parent] = GENERATE(std::pair(50U, 3U), std::pair(3U, 50U), std::pair(0U, 40U));
    const auto parent = world.init->fork(2).build();
    for (Pid i = 0; i < of_init; ++i)
        world.init->fork(100 + 2 * i).build();
    for (Pid i = 0; i < of_parent; ++i)
        parent->fork(101 + 2 * i).build();
    parent->exit();
    const auto children = world.init->children();
    CHECK(children.size() == 1 + of_init + of_parent);
    CHECK(world.check({parent}).rule == nullptr);
    for (const auto& child : children) {
        child->exit();
        CHECK(child->free()); // by the place that each of them remembers
    }
    CHECK(world.init->children().empty());
}

PROCSPACE_TRAITS_TEST_CASE("Process: exit names the reaper that got zombies and nobody else", "[process][exit][P9]") {
    World<TestType> world;
    const auto reaper = world.init->fork(2).build();
    const auto parent = reaper->fork(3).build();
    const auto child = parent->fork(4).build();
    SECTION("no children") {
        CHECK(child->exit().reaper == nullptr);
    }
    SECTION("living children only") {
        CHECK(parent->exit().reaper == nullptr);
    }
    SECTION("one that is dead already for init") {
        parent->fork(5).build();
        child->exit();
        CHECK(parent->exit().reaper == world.init);
    }
    SECTION("one that is dead already for a subreaper") {
        reaper->set_child_subreaper(true);
        parent->fork(5).build()->exit();
        CHECK(parent->exit().reaper == reaper);
    }
    SECTION("only once") {
        child->exit();
        parent->exit();
        CHECK(parent->exit().reaper == nullptr);
    }
}

PROCSPACE_TRAITS_TEST_CASE("Process: orphans go to the nearest ancestor that is a subreaper", "[process][exit][P9]") {
    World<TestType> world;
    const auto far = world.init->fork(2).build();
    const auto near = far->fork(3).build();
    const auto plain = near->fork(4).build();
    const auto parent = plain->fork(5).build();
    const auto orphan = parent->fork(6).build();
    SECTION("the nearest of two") {
        far->set_child_subreaper(true);
        near->set_child_subreaper(true);
        parent->exit();
        CHECK(orphan->parent() == near);
    }
    SECTION("not over the head of the nearer one without a mark") {
        far->set_child_subreaper(true);
        parent->exit();
        CHECK(orphan->parent() == far);
    }
    SECTION("its own mark does not count for the one that exits") {
        parent->set_child_subreaper(true);
        parent->exit();
        CHECK(orphan->parent() == world.init);
    }
    SECTION("a mark on the side does not count") {
        const auto side = far->fork(9).build();
        side->set_child_subreaper(true);
        parent->exit();
        CHECK(orphan->parent() == world.init);
    }
    SECTION("one that has exited is not chosen") {
        near->set_child_subreaper(true);
        near->exit();
        parent->exit();
        CHECK(orphan->parent() == world.init);
    }
    SECTION("one whose mark was taken away is not chosen") {
        near->set_child_subreaper(true);
        near->set_child_subreaper(false);
        parent->exit();
        CHECK(orphan->parent() == world.init);
    }
    SECTION("the next one when the nearest exits after that") {
        far->set_child_subreaper(true);
        near->set_child_subreaper(true);
        parent->exit();
        near->exit();
        CHECK(orphan->parent() == far);
        CHECK(plain->parent() == far);
    }
}

PROCSPACE_TRAITS_TEST_CASE("Process: taking away a mark that was not set leaves the marks of others",
                           "[process][exit][P9]") {
    World<TestType> world;
    const auto marked = world.init->fork(2).build();
    const auto other = marked->fork(3).build();
    const auto parent = other->fork(4).build();
    const auto orphan = parent->fork(5).build();
    marked->set_child_subreaper(true);
    SECTION("of a process that never had one") {
        other->set_child_subreaper(false);
    }
    SECTION("of a process that has exited with it") {
        const auto former = world.init->fork(9).build();
        former->set_child_subreaper(true);
        former->exit();
        former->set_child_subreaper(false);
        former->free();
    }
    SECTION("twice") {
        other->set_child_subreaper(true);
        other->set_child_subreaper(false);
        other->set_child_subreaper(false);
    }
    CHECK(marked->is_child_subreaper());
    CHECK_FALSE(other->is_child_subreaper());
    parent->exit();
    CHECK(orphan->parent() == marked);
}

PROCSPACE_TRAITS_TEST_CASE("Process: the mark of a subreaper is not inherited", "[process][exit][P9]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    parent->set_child_subreaper(true);
    CHECK_FALSE(parent->fork(3).build()->is_child_subreaper());
}

PROCSPACE_TRAITS_TEST_CASE("Process: a zombie cannot be marked as subreaper", "[process][exit][P9]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    child->exit();
    child->set_child_subreaper(true);
    CHECK_FALSE(child->is_child_subreaper());
}

PROCSPACE_TRAITS_TEST_CASE("Process: exit ends its living threads", "[process][exit][P8][trap:4]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto leader = child->new_thread(2).build();
    const auto second = child->new_thread(3).build();
    child->exit();
    CHECK(child->threads().empty());
    CHECK_FALSE(leader->exit(1)); // nobody is told of a last one any more
    CHECK_FALSE(second->exit(2));
    CHECK(child->exit_code() == 0);
    CHECK(world.tree.find_thread(3) == nullptr);
    CHECK(world.init->fork(3).try_build()); // and the number is free
}

PROCSPACE_TRAITS_TEST_CASE("Process: free panics for a process that lives", "[process][exit][P8]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    CHECK(panic_of([&] { child->free(); }) == "free: the process has not exited");
    CHECK(panic_of([&] { world.init->free(); }) == "free: the process has not exited");
    CHECK(support::pids(world.init->children()) == Pids{2});
    CHECK(world.check({child}).rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("Process: free reaps for the first caller only", "[process][exit][P8][P6][trap:15]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    child->exit();
    CHECK(child->free());
    CHECK_FALSE(child->free());
    const auto successor = world.init->fork(2).build();
    CHECK_FALSE(child->free()); // by identity: the namesake stays
    CHECK(world.tree.find_process(2) == successor);
    CHECK(support::pids(world.init->children()) == Pids{2});
}

PROCSPACE_TRAITS_TEST_CASE("Process: its data are destroyed with the last handle to what was reaped",
                           "[process][exit][P2]") {
    World<TestType> world;
    const std::size_t alive = Tracked::alive();
    auto child = world.init->fork(2).data(Tracked(1)).build();
    child->exit();
    CHECK(Tracked::alive() == alive + 1);
    SECTION("a handle is the last") {
        child->free();
        CHECK(Tracked::alive() == alive + 1);
        child.reset();
    }
    SECTION("the tree is the last") {
        auto* const raw = child.get();
        child.reset();
        CHECK(Tracked::alive() == alive + 1);
        CHECK(raw->free()); // destroys itself, after unlock
    }
    CHECK(Tracked::alive() == alive);
}

TEST_CASE("Process: a reaped process leaves no memory behind", "[process][exit][trap:12]") {
    World<support::DepthFailing> world;
    const std::size_t bytes = support::CountingMemory::live_bytes();
    const auto cycle = [&](Pid pid) {
        const auto child = world.init->fork(pid).data(pid).build();
        child->create_group();
        child->new_thread(pid).build()->exit(0);
        child->exit();
        child->free();
    };
    for (Pid pid = 2; pid < 50; ++pid)
        cycle(pid);
    CHECK(support::CountingMemory::live_bytes() == bytes);
}

PROCSPACE_TRAITS_TEST_CASE("Process: group_exit records the code of its first caller", "[process][exit][P8][trap:14]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto thread = child->new_thread(2).build();
    CHECK_FALSE(child->is_group_exited());
    CHECK(child->group_exit(5));
    CHECK(child->is_group_exited());
    CHECK(child->exit_code() == 5);
    CHECK_FALSE(child->group_exit(6));
    CHECK(child->exit_code() == 5);
    CHECK(thread->exit(9)); // the last, but its code does not count any more
    CHECK(child->exit_code() == 5);
}

PROCSPACE_TRAITS_TEST_CASE("Process: group_exit without a code records zero", "[process][exit]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto keeper = child->new_thread(2).build();
    child->new_thread(3).build()->exit(9);
    CHECK(child->exit_code() == 9);
    CHECK(child->group_exit());
    CHECK(child->exit_code() == 0);
}

PROCSPACE_TRAITS_TEST_CASE("Process: group_exit is refused once the process has exited", "[process][exit]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    child->exit();
    CHECK_FALSE(child->group_exit(5));
    CHECK_FALSE(child->is_group_exited());
    CHECK(child->exit_code() == 0);
    child->free();
    CHECK_FALSE(child->group_exit(5));
}

PROCSPACE_TRAITS_TEST_CASE("Process: exit gives the children to the reaper that it is told", "[process][exit][P9]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    const auto orphan = parent->fork(3).build();
    const auto dead = parent->fork(4).build();
    dead->exit();
    const auto aside = world.init->fork(9).build();
    const auto far = aside->fork(10).build();
    SECTION("one that is no ancestor") {
        CHECK(parent->exit(far).reaper == far);
        CHECK(support::pids(far->children()) == Pids{3, 4});
        CHECK(orphan->parent() == far);
    }
    SECTION("before a subreaper") {
        world.init->set_child_subreaper(true);
        CHECK(parent->exit(aside).reaper == aside);
        CHECK(orphan->parent() == aside);
    }
    SECTION("no zombie among them and nobody to be told") {
        dead->free();
        CHECK(parent->exit(aside).reaper == nullptr);
        CHECK(orphan->parent() == aside);
    }
    SECTION("not to none") {
        CHECK(parent->exit(nullptr).reaper == world.init);
    }
    SECTION("not to one that has exited") {
        aside->exit();
        CHECK(parent->exit(aside).reaper == world.init);
    }
    SECTION("not to one of another tree") {
        World<TestType> other;
        CHECK(parent->exit(other.init).reaper == world.init);
        CHECK(other.init->children().empty());
    }
    SECTION("not to itself") {
        CHECK(parent->exit(parent).reaper == world.init);
    }
    SECTION("not to a child of its own") {
        CHECK(parent->exit(orphan).reaper == world.init);
        CHECK(orphan->parent() == world.init);
    }
    SECTION("not to a grandchild") {
        const auto grandchild = orphan->fork(5).build();
        CHECK(parent->exit(grandchild).reaper == world.init);
    }
    CHECK(parent->children().empty());
    CHECK(world.check({parent, orphan, dead, aside, far}).rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("Process: exit hands the children to the reaper that is named, ancestor or not",
                           "[process][exit][P9]") {
    World<TestType> world;
    const auto first = world.init->fork(2).build();
    const auto dying = world.init->fork(3).build();
    const auto orphan = dying->fork(4).build();
    orphan->exit();
    const auto effects = dying->exit(first);
    CHECK(orphan->parent() == first);
    CHECK(effects.reaper == first); // it must be told of the zombie
}

PROCSPACE_TRAITS_TEST_CASE("Process: exit names nobody to tell when no zombie is handed over", "[process][exit][P9]") {
    World<TestType> world;
    const auto dying = world.init->fork(3).build();
    const auto orphan = dying->fork(4).build();
    CHECK(dying->exit().reaper == nullptr);
    CHECK(orphan->parent() == world.init);
    const auto late = world.init->fork(5).build();
    late->fork(6).build()->exit();
    CHECK(late->exit().reaper == world.init);
}

PROCSPACE_TRAITS_TEST_CASE("Process: exit goes by the rule when the named reaper cannot adopt", "[process][exit][P9]") {
    World<TestType> world;
    const auto dying = world.init->fork(2).build();
    const auto orphan = dying->fork(3).build();
    SECTION("it descends from the dying one") {
        const auto grandchild = orphan->fork(4).build();
        dying->exit(grandchild);
    }
    SECTION("it is the dying one") {
        dying->exit(dying);
    }
    SECTION("it has exited") {
        const auto dead = world.init->fork(5).build();
        dead->exit();
        dying->exit(dead);
    }
    SECTION("it is of another tree") {
        World<TestType> other;
        dying->exit(other.init);
    }
    CHECK(orphan->parent() == world.init);
}
