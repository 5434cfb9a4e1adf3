// Processes that do at random what can be done with two pseudo-terminals, from a seed: `terminals_grow SEED [STEPS]`.
// They set sessions and groups, take terminals by ioctl and by open, steal them, give them up, choose the foreground,
// stop of it and are continued, and one of the terminals may be hung up in the middle. Its own end is status 0.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <string>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <vector>

namespace {

std::array<int, 2> masters{-1, -1};
std::array<std::string, 2> names;

struct Task {
    std::minstd_rand random;
    int depth;
    std::vector<pid_t> children;
    std::array<int, 2> terminals{-1, -1};
    int one_of(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }
};

void act(Task& task, int steps);

[[noreturn]] void live_as_child(Task& parent, pid_t its_parent, int steps) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); // who stops of SIGTTOU would stay for ever
    if (::getppid() != its_parent)
        ::_exit(0);
    Task task{
        std::minstd_rand(static_cast<unsigned>(parent.random() ^ static_cast<unsigned>(::getpid()) * 2654435761U)),
        parent.depth - 1,
        {},
        parent.terminals};
    for (int& master : masters) {
        ::close(master);
        master = -1;
    }
    act(task, steps);
    ::_exit(0);
}

pid_t somebody(Task& task) {
    switch (task.one_of(6)) {
    case 0:
        return ::getpid();
    case 1:
        return ::getpgrp();
    case 2:
        return ::getppid();
    case 3:
        return ::getsid(0);
    case 4:
        return task.one_of(4) - 2;
    default:
        return task.children.empty()
                   ? ::getpid()
                   : task.children[static_cast<std::size_t>(task.one_of(static_cast<int>(task.children.size())))];
    }
}

void wait_somehow(Task& task) {
    int status = 0;
    const int options = WNOHANG | (task.one_of(2) == 0 ? WUNTRACED | WCONTINUED : 0);
    ::waitpid(task.one_of(2) == 0 ? -1 : somebody(task), &status, options);
}

void act(Task& task, int steps) {
    ::signal(SIGHUP, SIG_IGN);
    while (steps-- > 0) {
        const auto which = static_cast<std::size_t>(task.one_of(2));
        int& terminal = task.terminals[which];
        switch (task.one_of(18)) {
        case 0:
        case 1:
        case 2:
            if (const pid_t self = ::getpid(); task.depth > 0) {
                ::signal(SIGTTOU, SIG_IGN); // so that nobody stops before it is set to end with its parent
                const pid_t child = ::fork();
                if (child == 0)
                    live_as_child(task, self, steps / 2 + 2);
                if (child > 0)
                    task.children.push_back(child);
            }
            break;
        case 3:
        case 4:
            ::setsid();
            break;
        case 5:
            ::setpgid(0, 0);
            break;
        case 6:
            ::setpgid(somebody(task), somebody(task));
            break;
        case 7:
        case 8:
            ::close(terminal);
            terminal = ::open(names[which].c_str(), O_RDWR | O_CLOEXEC | (task.one_of(3) == 0 ? O_NOCTTY : 0));
            break;
        case 9:
            ::ioctl(terminal, TIOCSCTTY, task.one_of(2));
            break;
        case 10:
            if (task.one_of(3) == 0)
                ::ioctl(terminal, TIOCNOTTY);
            break;
        case 11:
            ::tcgetpgrp(terminal);
            ::tcgetsid(terminal);
            break;
        case 12:
        case 13:
            ::signal(SIGTTOU, task.one_of(4) == 0 && masters[0] < 0 ? SIG_DFL : SIG_IGN);
            ::tcsetpgrp(terminal, somebody(task));
            break;
        case 14:
            if (const int own = ::open("/dev/tty", O_RDWR | O_CLOEXEC); own >= 0) {
                ::tcsetpgrp(own, ::getpgrp());
                ::close(own);
            }
            break;
        case 15:
            if (!task.children.empty())
                ::kill(task.children.back(), task.one_of(2) == 0 ? SIGCONT : SIGSTOP);
            break;
        case 16:
            if (task.one_of(6) == 0 && masters[which] >= 0) {
                ::close(masters[which]);
                masters[which] = -1;
            }
            break;
        default:
            wait_somehow(task);
        }
    }
    for (const pid_t child : task.children) {
        ::kill(child, SIGCONT);
        if (task.one_of(2) == 0)
            ::kill(child, SIGKILL);
    }
    if (task.one_of(2) == 0)
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {}
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    for (std::size_t i = 0; i < masters.size(); ++i) {
        masters[i] = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (masters[i] < 0 || ::grantpt(masters[i]) != 0 || ::unlockpt(masters[i]) != 0)
            return 77;
        names[i] = ::ptsname(masters[i]);
        // Inherited and never closed: as long as one of us lives nobody else gets a terminal of this name.
        if (::open(names[i].c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC) < 0)
            return 77;
    }
    // The kernel hangs up a group that is orphaned with somebody stopped in it: not that of who runs the tests.
    ::setpgid(0, 0);
    Task task{std::minstd_rand(static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)) + 1), 3, {}};
    act(task, argc > 2 ? std::atoi(argv[2]) : 40);
    return 0;
}
