#include <procspace/posix/kill.hpp>

#include "fixture.hpp"

#include <limits>

using procspace::Effect;
using procspace::Errno;
using procspace::Pid;
using support::Shell;
namespace posix = procspace::posix;

namespace {

constexpr int term = 15;

struct Call {
    Errno error;
    Shell::Sent sent;
};
/// What `caller` reaches; it may signal only those of `allowed`, or all if that is empty.
Call kill(const procspace::Process& caller, std::int32_t pid, int signal, const std::vector<Pid>& allowed = {}) {
    Call call{};
    const auto may_signal = [&](const std::shared_ptr<procspace::Process>& target) {
        return allowed.empty() || std::find(allowed.begin(), allowed.end(), target->pid()) != allowed.end();
    };
    call.error = posix::kill(caller, pid, signal, may_signal, [&](const Effect& effect) {
                     call.sent.emplace_back(effect.id.pid, effect.signal);
                 }).error;
    return call;
}

} // namespace

TEST_CASE("kill: one process is named by its number or by that of a thread", "[posix][kill]") {
    Shell world;
    const auto child = world.job(3);
    const auto thread = child->new_thread(9).build();
    CHECK(kill(*world.shell, 3, term).sent == Shell::Sent{{3, term}});
    CHECK(kill(*world.shell, 9, term).sent == Shell::Sent{{3, term}});
    CHECK(kill(*world.shell, 77, term).error == Errno::no_process);
}

TEST_CASE("kill: nobody gets signal 0, and a zombie is somebody", "[posix][kill][trap:22]") {
    Shell world;
    const auto child = world.job(3);
    child->exit();
    const Call asked = kill(*world.shell, 3, 0);
    CHECK(asked.error == Errno::ok);
    CHECK(asked.sent.empty());
    CHECK(kill(*world.shell, 3, term).error == Errno::ok);
    child->free();
    CHECK(kill(*world.shell, 3, 0).error == Errno::no_process);
}

TEST_CASE("kill: groups are the caller's own or one by number, and an empty one is nobody", "[posix][kill]") {
    Shell world;
    const auto leader = world.job(3);
    const auto member = leader->fork(4).build();
    CHECK(kill(*member, 0, term).sent == Shell::Sent{{3, term}, {4, term}});
    CHECK(kill(*world.init, -3, term).sent == Shell::Sent{{3, term}, {4, term}});
    CHECK(kill(*world.init, -4, term).error == Errno::no_process);
    CHECK(kill(*world.init, std::numeric_limits<std::int32_t>::min(), 0).error == Errno::no_process);
}

TEST_CASE("kill: -1 is everybody but init and the caller", "[posix][kill]") {
    Shell world;
    const auto child = world.job(3);
    CHECK(kill(*child, -1, term).sent == Shell::Sent{{2, term}});
    CHECK(kill(*world.init, -1, term).sent == Shell::Sent{{2, term}, {3, term}});
    child->exit();
    child->free();
    CHECK(kill(*world.shell, -1, term).error == Errno::no_process);
    CHECK(kill(*world.shell, -1, 2000).error == Errno::no_process);
    CHECK(kill(*world.init, -1, 2000).error == Errno::invalid);
}

TEST_CASE("kill: an invalid signal matters only where there is a target", "[posix][kill]") {
    Shell world;
    CHECK(kill(*world.init, 2, 65).error == Errno::invalid);
    CHECK(kill(*world.init, 2, -1).error == Errno::invalid);
    CHECK(kill(*world.init, 77, 65).error == Errno::no_process);
    CHECK(kill(*world.init, -77, 65).error == Errno::no_process);
    CHECK(kill(*world.init, 0, 65).error == Errno::invalid);
}

TEST_CASE("kill: one member that may be signalled is enough, and -1 never tells of those that may not",
          "[posix][kill]") {
    Shell world;
    const auto leader = world.job(3);
    const auto member = leader->fork(4).build();
    const Call both = kill(*world.init, -3, term, {4});
    CHECK(both.error == Errno::ok);
    CHECK(both.sent == Shell::Sent{{4, term}});
    CHECK(kill(*world.init, -3, term, {77}).error == Errno::permission);
    CHECK(kill(*world.init, 3, term, {77}).error == Errno::permission);
    CHECK(kill(*world.init, -1, term, {77}).error == Errno::ok);
}

TEST_CASE("kill: SIGCONT needs no leave within the session, nor any signal to oneself", "[posix][kill]") {
    Shell world;
    const auto child = world.job(3);
    CHECK(kill(*child, 2, procspace::Signal::cont, {77}).error == Errno::ok);
    CHECK(kill(*child, 1, procspace::Signal::cont, {77}).error == Errno::permission);
    CHECK(kill(*child, 2, term, {77}).error == Errno::permission);
    CHECK(kill(*child, 3, term, {77}).error == Errno::ok);
}

TEST_CASE("tgkill: the thread must be one of that process", "[posix][kill]") {
    Shell world;
    const auto child = world.job(3);
    const auto thread = child->new_thread(9).build();
    const auto tgkill = [&](std::int32_t tgid, std::int32_t tid, int signal) {
        Pid reached = 0;
        const Errno error = posix::tgkill(
                                *world.shell, tgid, tid, signal, [](const auto&) { return true; },
                                [&](const Effect& effect) { reached = effect.tid; })
                                .error;
        return std::pair(error, reached);
    };
    CHECK(tgkill(3, 9, term) == std::pair(Errno::ok, Pid{9}));
    CHECK(tgkill(3, 9, 0) == std::pair(Errno::ok, Pid{0}));
    CHECK(tgkill(2, 9, term).first == Errno::no_process);
    CHECK(tgkill(9, 9, term).first == Errno::no_process);
    CHECK(tgkill(0, 9, term).first == Errno::invalid);
    CHECK(tgkill(3, -9, term).first == Errno::invalid);
    CHECK(tgkill(3, 9, 65).first == Errno::invalid);
}
