#include <procspace/posix/terminal.hpp>

#include "fixture.hpp"

#include <procspace/posix/kill.hpp>

using procspace::Errno;
using procspace::Pid;
using procspace::Privilege;
using procspace::Signal;
using procspace::StopSignal;
using procspace::Terminal;
using procspace::TerminalSignal;
using support::Shell;
namespace posix = procspace::posix;

namespace {

/// The shell has a terminal, and two jobs.
struct WithTerminal : Shell {
    Terminal terminal{tree};
    std::shared_ptr<Process> first;
    std::shared_ptr<Process> second;

    WithTerminal() {
        CHECK(terminal.set_controlling(*shell, 0, Privilege::none));
        first = job(3);
        second = job(4);
    }
    Errno put(Process& who, std::int32_t pgid, TerminalSignal ttou = TerminalSignal::blocked_or_ignored) {
        return terminal.set_foreground(who, pgid, ttou).error;
    }
};

} // namespace

TEST_CASE("Terminal: a session leader without one takes it, others do not", "[posix][terminal]") {
    Shell world;
    Terminal terminal(world.tree);
    Terminal other(world.tree);
    const auto member = world.shell->fork(3).build();
    CHECK(terminal.set_controlling(*member, 1, Privilege::system_administration).error == Errno::permission);
    CHECK_FALSE(terminal.open(*member));
    SECTION("by the ioctl, which may be repeated") {
        REQUIRE(terminal.set_controlling(*world.shell, 0, Privilege::none));
        REQUIRE(terminal.set_controlling(*world.shell, 0, Privilege::none));
    }
    SECTION("by an open") {
        REQUIRE(terminal.open(*world.shell));
        CHECK_FALSE(terminal.open(*world.shell));
    }
    CHECK(Terminal::of(*world.shell) == &terminal);
    CHECK(terminal.session_id(*world.shell).value == 2);
    CHECK(terminal.foreground_group(*world.shell).value == 2);
    CHECK(other.set_controlling(*world.shell, 1, Privilege::system_administration).error == Errno::permission);
    CHECK_FALSE(other.open(*world.shell));
    CHECK(Terminal::of(*member) == nullptr); // it was there before
    CHECK(Terminal::of(*world.shell->fork(4).build()) == &terminal);
}

TEST_CASE("Terminal: only a privileged leader that says so takes it from another session", "[posix][terminal]") {
    WithTerminal world;
    const auto thief = world.first->fork(5).build();
    REQUIRE(posix::setsid(*thief));
    CHECK(Terminal::of(*thief) == nullptr);
    CHECK(world.terminal.set_controlling(*thief, 0, Privilege::system_administration).error == Errno::permission);
    CHECK(world.terminal.set_controlling(*thief, 1, Privilege::none).error == Errno::permission);
    CHECK_FALSE(world.terminal.open(*thief));
    REQUIRE(world.terminal.set_controlling(*thief, 1, Privilege::system_administration));
    CHECK(Terminal::of(*world.shell) == nullptr);
    CHECK(Terminal::of(*world.second) == nullptr);
    CHECK(world.terminal.foreground_group(*world.shell).error == Errno::not_a_tty);
    CHECK(world.terminal.session_id(*thief).value == 5);
}

TEST_CASE("Terminal: a member gives it up for itself, the leader for all", "[posix][terminal][trap:31]") {
    WithTerminal world;
    REQUIRE(world.terminal.release(*world.first));
    CHECK(world.terminal.release(*world.first).error == Errno::not_a_tty);
    CHECK(Terminal::of(*world.first) == nullptr);
    CHECK(Terminal::of(*world.first->fork(5).build()) == nullptr);
    CHECK(Terminal::of(*world.second) == &world.terminal);
    REQUIRE(world.put(*world.shell, 4) == Errno::ok);
    auto released = world.terminal.release(*world.shell);
    REQUIRE(released);
    CHECK(Shell::signals(std::move(released.value)) == Shell::Sent{{4, Signal::hup}, {4, Signal::cont}});
    CHECK(Terminal::of(*world.second) == nullptr);
    CHECK(world.terminal.open(*world.shell)); // it belongs to nobody
    CHECK(Terminal::of(*world.second) == nullptr);
}

TEST_CASE("Terminal: the background may not choose the foreground, unless it does not mind SIGTTOU",
          "[posix][terminal][trap:31]") {
    WithTerminal world;
    auto stopped = world.terminal.set_foreground(*world.first, 3, TerminalSignal::taken);
    REQUIRE(stopped);
    CHECK(Shell::signals(std::move(stopped.value)) == Shell::Sent{{3, StopSignal::ttou}});
    CHECK(world.terminal.foreground_group(*world.first).value == 2);
    CHECK(world.put(*world.first, 3) == Errno::ok);
    CHECK(world.terminal.foreground_group(*world.shell).value == 3);
    SECTION("and not where nobody would continue it") {
        const auto orphan = world.second->fork(5).build();
        world.second->exit();
        CHECK(world.put(*orphan, 4, TerminalSignal::taken) == Errno::not_a_tty);
    }
}

TEST_CASE("Terminal: the foreground is a number of this session", "[posix][terminal]") {
    WithTerminal world;
    CHECK(world.put(*world.shell, -1) == Errno::invalid);
    CHECK(world.put(*world.shell, 0) == Errno::no_process);
    CHECK(world.put(*world.shell, 4000) == Errno::no_process);
    CHECK(world.put(*world.shell, 1) == Errno::permission);
    const auto stranger = world.second->fork(6).build();
    REQUIRE(posix::setsid(*stranger));
    CHECK(world.put(*world.shell, 6) == Errno::permission);
    CHECK(world.put(*stranger, 6) == Errno::not_a_tty);
    CHECK(world.put(*stranger, -1) == Errno::invalid); // whoever asks
    SECTION("also that of a process or thread that leads no group") {
        const auto member = world.first->fork(5).build();
        const auto thread = world.first->new_thread(9).build();
        CHECK(world.put(*world.shell, 9) == Errno::ok);
        CHECK(world.put(*world.shell, 5) == Errno::ok);
        CHECK(world.terminal.foreground_group(*world.shell).value == 5);
        CHECK(Shell::signals(world.terminal.signal_foreground(2)).empty());
        REQUIRE(posix::setpgid(*member, 0, 0));
        CHECK(Shell::signals(world.terminal.signal_foreground(2)) == Shell::Sent{{5, 2}});
    }
}

TEST_CASE("Terminal: a foreground group that has gone keeps its number, and no other group gets its signals",
          "[posix][terminal][trap:36]") {
    WithTerminal world;
    REQUIRE(world.put(*world.shell, 3) == Errno::ok);
    CHECK(Shell::signals(world.terminal.signal_foreground(2)) == Shell::Sent{{3, 2}});
    world.first->exit();
    world.first->free();
    world.first = nullptr;
    CHECK(world.terminal.foreground_group(*world.shell).value == 3);
    const auto stranger = world.job(3);
    CHECK(world.terminal.foreground_group(*world.shell).value == 3);
    CHECK(Shell::signals(world.terminal.signal_foreground(2)).empty());
    CHECK_FALSE(world.terminal.read(*stranger, TerminalSignal::taken).value.empty()); // it is in the background
    REQUIRE(world.put(*world.shell, 3) == Errno::ok);
    CHECK(Shell::signals(world.terminal.signal_foreground(2)) == Shell::Sent{{3, 2}});
}

TEST_CASE("Terminal: a background read stops the group, or fails where that can't be", "[posix][terminal]") {
    WithTerminal world;
    CHECK(world.terminal.read(*world.shell, TerminalSignal::taken).value.empty());
    auto stopped = world.terminal.read(*world.first, TerminalSignal::taken);
    REQUIRE(stopped);
    CHECK(Shell::signals(std::move(stopped.value)) == Shell::Sent{{3, StopSignal::ttin}});
    CHECK(world.terminal.read(*world.first, TerminalSignal::blocked_or_ignored).error == Errno::io);
    CHECK(world.terminal.read(*world.init, TerminalSignal::taken).value.empty()); // not its own terminal
    const auto orphan = world.second->fork(5).build();
    world.second->exit();
    CHECK(world.terminal.read(*orphan, TerminalSignal::taken).error == Errno::io);
}

TEST_CASE("Terminal: a background write stops the group, passes, or fails in an orphaned group", "[posix][terminal]") {
    WithTerminal world;
    CHECK(world.terminal.write(*world.shell, TerminalSignal::taken).value.empty());
    auto stopped = world.terminal.write(*world.first, TerminalSignal::taken);
    REQUIRE(stopped);
    CHECK(Shell::signals(std::move(stopped.value)) == Shell::Sent{{3, StopSignal::ttou}});
    CHECK(world.terminal.write(*world.first, TerminalSignal::blocked_or_ignored).value.empty());
    const auto orphan = world.second->fork(5).build();
    world.second->exit();
    CHECK(world.terminal.write(*orphan, TerminalSignal::taken).error == Errno::io);
}

TEST_CASE("Terminal: the leader's exit hangs up the foreground and takes the terminal from all", "[posix][terminal]") {
    WithTerminal world;
    REQUIRE(world.put(*world.shell, 3) == Errno::ok);
    CHECK(Shell::signals(world.shell->exit()) == Shell::Sent{{1, Signal::chld}, {3, Signal::hup}});
    CHECK(Terminal::of(*world.first) == nullptr);
    CHECK(world.terminal.foreground_group(*world.first).error == Errno::not_a_tty);
    CHECK(world.terminal.set_controlling(*world.first, 0, Privilege::none).error == Errno::permission);
}

TEST_CASE("Terminal: a hang-up tells the leader, and the foreground when the leader exits", "[posix][terminal]") {
    WithTerminal world;
    REQUIRE(world.put(*world.shell, 3) == Errno::ok);
    CHECK(Shell::signals(world.terminal.hang_up()) == Shell::Sent{{2, Signal::hup}, {2, Signal::cont}});
    CHECK(Shell::signals(world.terminal.hang_up()).empty());
    CHECK(Terminal::of(*world.second) == nullptr);
    CHECK(Shell::signals(world.shell->exit()) == Shell::Sent{{1, Signal::chld}, {3, Signal::hup}, {3, Signal::cont}});
}

TEST_CASE("Terminal: either end may go first", "[posix][terminal]") {
    Shell world;
    {
        Terminal terminal(world.tree);
        REQUIRE(terminal.open(*world.shell));
    }
    CHECK(Terminal::of(*world.shell) == nullptr);
    Terminal terminal(world.tree);
    REQUIRE(terminal.open(*world.shell));
    world.caller = nullptr;
    world.shell->exit();
    world.shell->free();
    world.shell = nullptr;
    const auto next = world.init->fork(7).build();
    REQUIRE(posix::setsid(*next));
    CHECK(terminal.open(*next));
}
