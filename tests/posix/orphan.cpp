#include <procspace/posix/orphan.hpp>

#include "fixture.hpp"

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
