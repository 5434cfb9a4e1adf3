#include <procspace/posix/orphan.hpp>

#include "fixture.hpp"

#include <memory>
#include <random>
#include <vector>

using procspace::Errno;
using procspace::Signal;
using procspace::StopSignal;
using support::Shell;
namespace posix = procspace::posix;

TEST_CASE("orphans: a group is orphaned when no parent is left in the session outside of it",
          "[posix][orphan][trap:33]") {
    Shell world;
    const auto job = world.job(3);
    const auto member = job->fork(4).build();
    CHECK(posix::is_orphaned(*world.shell));
    CHECK_FALSE(posix::is_orphaned(*member));
    CHECK(posix::stops_by_default(*member, StopSignal::tstp));
    job->exit();
    CHECK(posix::is_orphaned(*member));
    CHECK_FALSE(posix::stops_by_default(*member, StopSignal::tstp));
    CHECK_FALSE(posix::stops_by_default(*member, StopSignal::ttou));
    CHECK(posix::stops_by_default(*member, StopSignal::stop));
    CHECK_FALSE(posix::stops_by_default(*member, Signal::hup));
}

TEST_CASE("orphans: init is stopped by SIGSTOP alone, whatever its group", "[posix][orphan]") {
    Shell world;
    const auto child = world.init->fork(3).build();
    const auto member = child->fork(4).build();
    child->create_group();
    CHECK_FALSE(posix::is_orphaned(*world.init)); // for 4 is in its group
    CHECK(posix::stops_by_default(*member, StopSignal::tstp));
    for (const int signal : {StopSignal::tstp, StopSignal::ttin, StopSignal::ttou})
        CHECK_FALSE(posix::stops_by_default(*world.init, signal));
    CHECK(posix::stops_by_default(*world.init, StopSignal::stop));
}

TEST_CASE("orphans: the exit that takes the last link tells a group with a stopped member", "[posix][orphan]") {
    Shell world;
    const auto job = world.job(3);
    const auto member = job->fork(4).build();
    SECTION("stopped") {
        member->stop(StopSignal::stop);
        CHECK(Shell::signals(job->exit()) ==
              Shell::Sent{{2, Signal::chld}, {3, Signal::hup}, {3, Signal::cont}, {4, Signal::hup}, {4, Signal::cont}});
    }
    SECTION("not stopped") {
        CHECK(Shell::signals(job->exit()) == Shell::Sent{{2, Signal::chld}});
    }
    SECTION("stopped, and killed before") {
        member->stop(StopSignal::stop);
        REQUIRE(member->group_exit());
        CHECK(Shell::signals(job->exit()) == Shell::Sent{{2, Signal::chld}});
    }
}

TEST_CASE("orphans: they go to the nearest subreaper, to a thread of it that lives", "[posix][orphan][P9]") {
    Shell world;
    posix::set_child_subreaper(*world.shell, 5);
    const auto job = world.job(3);
    const auto member = job->fork(4).build();
    job->exit();
    CHECK(member->ppid() == 2);
    posix::set_child_subreaper(*world.shell, 0);
    CHECK_FALSE(world.shell->is_child_subreaper());
    const auto other = member->fork(5).build();
    member->exit();
    CHECK(other->ppid() == 1);
}

TEST_CASE("orphans: a parent that goes to another group leaves its children tied, but not those whose group it joins",
          "[posix][orphan]") {
    Shell world;
    const auto parent = world.job(3);
    const auto kin = parent->fork(4).build();
    const auto other = parent->fork(5).build();
    other->create_group();
    const auto stranger = world.job(6);
    parent->create_group();
    const auto home = parent->group();
    CHECK(posix::is_orphaned(*kin) == false); // by the shell, whose child leads it
    CHECK(posix::is_orphaned(*other) == false);
    REQUIRE(parent->move_to_group(stranger->group()));
    CHECK_FALSE(posix::is_orphaned(*kin)); // by its parent now
    CHECK_FALSE(posix::is_orphaned(*other));
    SECTION("of those who were elsewhere") {
        REQUIRE(parent->move_to_group(other->group()));
        CHECK_FALSE(posix::is_orphaned(*kin));
        CHECK_FALSE(posix::is_orphaned(*other)); // the shell has a child in there
        REQUIRE(parent->move_to_group(world.shell->group()));
        CHECK_FALSE(posix::is_orphaned(*other));
    }
    SECTION("of its former kin") {
        REQUIRE(parent->move_to_group(home));
        CHECK_FALSE(posix::is_orphaned(*kin)); // as before
        parent->exit();
        CHECK(posix::is_orphaned(*kin));
        CHECK(posix::is_orphaned(*other));
    }
    SECTION("and none at all behind in the session") {
        REQUIRE(kin->move_to_group(other->group())); // else there are members in a group with the parent's number
        REQUIRE(parent->create_session());
        CHECK(posix::is_orphaned(*other));
    }
}

TEST_CASE("orphans: who ties whom is counted right whatever is done in whatever order", "[posix][orphan]") {
    Shell world;
    std::mt19937 random(GENERATE(1U, 2U, 3U, 4U, 5U, 6U));
    std::vector<std::shared_ptr<procspace::Process>> all{world.shell};
    for (int step = 0; step < 400; ++step) {
        const auto process = all[random() % all.size()];
        const auto other = all[random() % all.size()];
        switch (random() % 8) {
        case 0:
        case 1:
        case 2:
            if (process->state() == procspace::ProcessState::living)
                all.push_back(process->fork().options({.sibling = random() % 4 == 0}).build());
            break;
        case 3:
            static_cast<void>(process->try_create_group());
            break;
        case 4:
        case 5:
            if (const auto group = other->group())
                static_cast<void>(process->set_pgid(group->pgid()));
            break;
        case 6:
            if (random() % 4 == 0)
                static_cast<void>(process->try_create_session());
            break;
        default:
            if (process != world.shell)
                process->exit();
            if (process->is_zombie() && random() % 2 == 0)
                process->free();
        }
        const procspace::BrokenRule broken = procspace::check_invariants(world.tree);
        INFO((broken.rule != nullptr ? broken.rule : ""));
        REQUIRE_FALSE(broken);
    }
}

TEST_CASE("pdeathsig: it is told when the parent's thread ends whose child it is, and not by others",
          "[posix][orphan]") {
    Shell world;
    const auto maker = world.shell->new_thread(8).build();
    const auto other = world.shell->new_thread(9).build();
    const auto child = world.shell->fork(3).options({.thread = 8}).build();
    const auto its = child->new_thread(3).build();
    CHECK(posix::set_parent_death_signal(*its, 65).error == Errno::invalid);
    CHECK(posix::set_parent_death_signal(*its, -1).error == Errno::invalid);
    REQUIRE(posix::set_parent_death_signal(*its, 10));
    other->exit(0);
    CHECK(child->details().parent_death_signal == 10);
    CHECK(child->ppid() == 2);
    maker->exit(0);
    CHECK(child->ppid() == 2); // the leader's child now, who takes it along
    world.caller->exit(0);
    CHECK(Shell::signals(world.shell->exit()) == Shell::Sent{{1, Signal::chld}, {3, 10}});
}
