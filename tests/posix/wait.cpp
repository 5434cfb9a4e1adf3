#include <procspace/posix/wait.hpp>

#include "fixture.hpp"

#include <limits>

using procspace::Errno;
using procspace::WaitFlag;
using procspace::WaitId;
using procspace::WaitStatus;
using support::Shell;
namespace posix = procspace::posix;

namespace {

void end(const std::shared_ptr<procspace::Process>& process, WaitStatus status) {
    process->group_exit(status.encoded);
    process->exit();
}

} // namespace

TEST_CASE("WaitStatus: each status says what it is, and nothing else", "[posix][wait]") {
    for (const int code : {0, 1, 127, 128, 255}) {
        const WaitStatus status = WaitStatus::exited(code);
        CHECK(status.is_exited());
        CHECK_FALSE((status.is_killed() || status.is_stopped() || status.is_continued()));
        CHECK(status.code() == code);
    }
    for (const int signal : {1, 9, 64}) {
        const WaitStatus killed = WaitStatus::killed(signal, signal == 9);
        CHECK(killed.is_killed());
        CHECK_FALSE((killed.is_exited() || killed.is_stopped() || killed.is_continued()));
        CHECK(killed.signal() == signal);
        CHECK(killed.has_core() == (signal == 9));
        const WaitStatus stopped = WaitStatus::stopped(signal);
        CHECK(stopped.is_stopped());
        CHECK_FALSE((stopped.is_exited() || stopped.is_killed() || stopped.is_continued()));
        CHECK(stopped.code() == signal);
    }
    CHECK(WaitStatus::continued().is_continued());
    CHECK_FALSE(WaitStatus::continued().is_stopped());
    CHECK(WaitStatus::exited(256 + 3) == WaitStatus::exited(3));
}

TEST_CASE("wait4: options that it does not know are refused, and nothing is consumed", "[posix][wait][trap:26]") {
    Shell world;
    end(world.shell->fork(3).build(), WaitStatus::exited(4));
    for (const std::uint32_t options : {WaitFlag::exited, WaitFlag::no_wait, 0x10U})
        CHECK(posix::wait4(*world.caller, -1, options).error == Errno::invalid);
    CHECK(posix::wait4(*world.caller, std::numeric_limits<std::int32_t>::min(), 0).error == Errno::no_process);
    const auto report = posix::wait4(*world.caller, -1, 0);
    CHECK(report.value.pid == 3);
    CHECK(report.value.status == WaitStatus::exited(4));
    CHECK(posix::wait4(*world.caller, -1, 0).error == Errno::no_child);
}

TEST_CASE("waitid: what it is asked for must make sense", "[posix][wait]") {
    Shell world;
    const auto child = world.shell->fork(3).build();
    const auto error = [&](int which, std::int32_t id, std::uint32_t options) {
        return posix::waitid(*world.caller, which, id, options).error;
    };
    CHECK(error(WaitId::all, 0, WaitFlag::no_hang) == Errno::invalid);
    CHECK(error(WaitId::all, 0, WaitFlag::no_wait) == Errno::invalid);
    CHECK(error(WaitId::all, 0, WaitFlag::exited | 0x10) == Errno::invalid);
    CHECK(error(WaitId::pid, 0, WaitFlag::exited) == Errno::invalid);
    CHECK(error(WaitId::pgid, -1, WaitFlag::exited) == Errno::invalid);
    CHECK(error(WaitId::pidfd, 3, WaitFlag::exited) == Errno::bad_file);
    CHECK(error(WaitId::pidfd, -1, WaitFlag::exited) == Errno::invalid);
    CHECK(error(9, 1, WaitFlag::exited) == Errno::invalid);
    CHECK(error(WaitId::pgid, 0, WaitFlag::exited) == Errno::ok);
}

TEST_CASE("wait: whoever may not sleep gets 0, whoever may is told to", "[posix][wait]") {
    Shell world;
    const auto child = world.shell->fork(3).build();
    const auto asked = posix::wait4(*world.caller, 3, WaitFlag::no_hang);
    CHECK(asked.value.pid == 0);
    CHECK_FALSE(asked.value.blocks);
    const auto sleeper = posix::wait4(*world.caller, 3, 0);
    CHECK(sleeper.value.blocks);
    child->exit();
    CHECK(procspace::wait_token(*world.shell) != sleeper.value.token);
}

TEST_CASE("wait: groups are the caller's own or one by number", "[posix][wait]") {
    Shell world;
    const auto own = world.shell->fork(3).build();
    const auto other = world.job(4);
    end(other, WaitStatus::exited(1));
    CHECK(posix::wait4(*world.caller, 0, WaitFlag::no_hang).value.pid == 0);
    CHECK(posix::wait4(*world.caller, -4, 0).value.pid == 4);
    CHECK(posix::wait4(*world.caller, -4, 0).error == Errno::no_child);
    end(own, WaitStatus::killed(9));
    CHECK(posix::waitid(*world.caller, WaitId::pgid, 0, WaitFlag::exited).value.status == WaitStatus::killed(9));
}

TEST_CASE("wait: stops and continuations are told once, to those who ask, and can be looked at before",
          "[posix][wait]") {
    Shell world;
    const auto child = world.shell->fork(3).build();
    child->stop(20);
    CHECK(posix::wait4(*world.caller, 3, WaitFlag::no_hang).value.pid == 0);
    for (int i = 0; i < 2; ++i)
        CHECK(posix::waitid(*world.caller, WaitId::pid, 3, WaitFlag::stopped | WaitFlag::no_wait).value.status ==
              WaitStatus::stopped(20));
    CHECK(posix::wait4(*world.caller, 3, WaitFlag::stopped).value.status == WaitStatus::stopped(20));
    CHECK(posix::wait4(*world.caller, 3, WaitFlag::stopped | WaitFlag::no_hang).value.pid == 0);
    child->resume();
    CHECK(posix::wait4(*world.caller, 3, WaitFlag::continued).value.status == WaitStatus::continued());
}

TEST_CASE("wait: who is to end is told of as stopped or continued no more", "[posix][wait]") {
    Shell world;
    const auto job = world.job(3);
    SECTION("stopped before") {
        job->stop(19);
    }
    SECTION("continued before") {
        job->stop(19);
        job->resume();
    }
    REQUIRE(job->group_exit());
    job->stop(20);
    CHECK_FALSE(job->is_stopped());
    const auto report = posix::wait4(*world.caller, 3, WaitFlag::no_hang | WaitFlag::stopped | WaitFlag::continued);
    REQUIRE(report);
    CHECK(report.value.pid == 0);
}

TEST_CASE("waitid: zombies are no children for who does not wait for exits", "[posix][wait]") {
    Shell world;
    const auto child = world.shell->fork(3).build();
    CHECK(posix::waitid(*world.caller, WaitId::all, 0, WaitFlag::stopped | WaitFlag::no_hang).value.pid == 0);
    child->exit();
    CHECK(posix::waitid(*world.caller, WaitId::all, 0, WaitFlag::stopped).error == Errno::no_child);
    CHECK(posix::waitid(*world.caller, WaitId::pid, 3, WaitFlag::continued).error == Errno::no_child);
}

TEST_CASE("wait: a thread finds its own children first, and with __WNOTHREAD no others", "[posix][wait]") {
    Shell world;
    const auto second = world.shell->new_thread(8).build();
    const auto of_first = world.shell->fork(3).build();
    const auto of_second = world.shell->fork(4).options({.thread = 8}).build();
    of_first->exit();
    of_second->exit();
    CHECK(posix::wait4(*world.caller, 4, WaitFlag::no_thread).error == Errno::no_child);
    SECTION("its own first") {
        CHECK(posix::wait4(*second, -1, 0).value.pid == 4);
        CHECK(posix::wait4(*second, -1, WaitFlag::no_thread).error == Errno::no_child);
        CHECK(posix::wait4(*second, -1, 0).value.pid == 3);
    }
    SECTION("those of a thread that has ended are the leader's") {
        second->exit(0);
        CHECK(posix::wait4(*world.caller, 4, WaitFlag::no_thread).value.pid == 4);
    }
}

TEST_CASE("wait: clone children are seen by who asks for them", "[posix][wait]") {
    Shell world;
    const auto clone = world.shell->fork(3).options({.exit_signal = 0}).build();
    const auto child = world.shell->fork(4).build();
    clone->exit();
    child->exit();
    CHECK(posix::wait4(*world.caller, 3, 0).error == Errno::no_child);
    CHECK(posix::wait4(*world.caller, 4, WaitFlag::clone).error == Errno::no_child);
    CHECK(posix::wait4(*world.caller, -1, WaitFlag::clone).value.pid == 3);
    CHECK(posix::wait4(*world.caller, -1, WaitFlag::all).value.pid == 4);
}

TEST_CASE("wait: a status that can't be handed over does not lose the child", "[posix][wait][trap:24]") {
    Shell world;
    end(world.shell->fork(3).build(), WaitStatus::exited(6));
    {
        procspace::WaitClaim claim;
        REQUIRE(posix::wait4(*world.caller, -1, 0, claim).value.pid == 3);
        CHECK(posix::wait4(*world.caller, -1, WaitFlag::no_hang).value.pid == 0);
    }
    CHECK(posix::wait4(*world.caller, -1, 0).value.status == WaitStatus::exited(6));
}
