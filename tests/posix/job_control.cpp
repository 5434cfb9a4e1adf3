#include <procspace/posix/job_control.hpp>

#include "fixture.hpp"

using procspace::Errno;
using support::Shell;
namespace posix = procspace::posix;

TEST_CASE("setsid: whoever leads a session, or has a group with its number, is refused", "[posix][job_control]") {
    Shell world;
    const auto child = world.shell->fork(3).build();
    REQUIRE(posix::setsid(*child).value == 3);
    CHECK(child->sid() == 3);
    CHECK(child->pgid() == 3);
    CHECK(posix::setsid(*child).error == Errno::permission);

    SECTION("also a group that it has left to others") {
        const auto leader = world.job(4);
        const auto member = leader->fork(5).build();
        REQUIRE(posix::setpgid(*leader, 0, 2));
        CHECK(posix::setsid(*leader).error == Errno::permission);
        member->exit();
        CHECK(posix::setsid(*leader).error == Errno::permission); // the zombie counts
        member->free();
        CHECK(posix::setsid(*leader).value == 4);
    }
}

TEST_CASE("getsid, getpgid: numbers of processes, zombies and threads are known, others are not",
          "[posix][job_control][trap:22]") {
    Shell world;
    const auto child = world.job(3);
    const auto thread = child->new_thread(9).build();
    CHECK(posix::getpgid(*world.shell, 0).value == 2);
    CHECK(posix::getpgid(*world.shell, 9).value == 3);
    child->exit();
    CHECK(posix::getsid(*world.init, 3).value == 2);
    CHECK(posix::getpgid(*world.init, 3).value == 3);
    CHECK(posix::getsid(*world.init, 9).error == Errno::no_process);
    CHECK(posix::getpgid(*world.init, -3).error == Errno::no_process);
    CHECK(posix::getppid(*child) == 2);
    CHECK(posix::getppid(*world.init) == 0);
}

TEST_CASE("setpgid: of several reasons to refuse the first in Linux's order is given",
          "[posix][job_control][trap:30]") {
    Shell world;
    const auto child = world.shell->fork(3).build();
    const auto grandchild = child->fork(4).build();
    SECTION("a negative group before everything") {
        CHECK(posix::setpgid(*world.shell, 77, -1).error == Errno::invalid);
        CHECK(posix::setpgid(*world.shell, -1, 0).error == Errno::invalid);
    }
    SECTION("nobody, or nobody's child") {
        CHECK(posix::setpgid(*world.shell, 77, 0).error == Errno::no_process);
        CHECK(posix::setpgid(*world.shell, -1, 3).error == Errno::no_process);
        CHECK(posix::setpgid(*world.shell, 4, 0).error == Errno::no_process);
        CHECK(posix::setpgid(*child, 2, 0).error == Errno::no_process);
    }
    SECTION("a thread that is no leader") {
        const auto thread = child->new_thread(9).build();
        CHECK(posix::setpgid(*child, 9, 0).error == Errno::invalid);
    }
    SECTION("another session before exec, and exec before a group that is not there") {
        const auto thread = child->new_thread(3).build();
        REQUIRE(thread->exec());
        CHECK(posix::setpgid(*world.shell, 3, 4000).error == Errno::access);
        CHECK(posix::setpgid(*child, 0, 4000).error == Errno::permission);
        REQUIRE(posix::setsid(*child));
        CHECK(posix::setpgid(*world.shell, 3, 0).error == Errno::permission);
        CHECK(posix::setpgid(*child, 0, 0).error == Errno::permission);
    }
    SECTION("groups of another session and those that do not exist are alike") {
        CHECK(posix::setpgid(*child, 0, 1).error == Errno::permission);
        CHECK(posix::setpgid(*child, 0, 4).error == Errno::permission);
    }
    static_cast<void>(grandchild);
}

TEST_CASE("setpgid: parent and child who make the same group get one", "[posix][job_control][trap:20]") {
    Shell world;
    const auto child = world.shell->fork(3).build();
    REQUIRE(posix::setpgid(*child, 0, 0));
    const auto group = child->group();
    REQUIRE(posix::setpgid(*world.shell, 3, 3));
    CHECK(child->group() == group);
}

TEST_CASE("setpgid: the group of a zombie can be joined until it is reaped", "[posix][job_control]") {
    Shell world;
    const auto leader = world.job(3);
    const auto other = world.shell->fork(4).build();
    leader->exit();
    REQUIRE(posix::setpgid(*other, 0, 3));
    CHECK(other->pgid() == 3);
    REQUIRE(posix::setpgid(*other, 0, 2));
    leader->free();
    CHECK(posix::setpgid(*other, 0, 3).error == Errno::permission);
}

TEST_CASE("setpgid: a zombie child moves as well", "[posix][job_control]") {
    Shell world;
    const auto child = world.shell->fork(3).build();
    child->exit();
    REQUIRE(posix::setpgid(*world.shell, 3, 0));
    CHECK(child->pgid() == 3);
}
