// jobs on a terminal of its own: the keys are typed as bytes, and the terminal is put back as it was, also when a
// signal ends jobs. Each key is typed when the screen shows what it waits for: nothing depends on time.
//
// terminal JOBS. The status is 0, 1 with the screen on standard error, or 77 where there are no pseudo terminals.

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace {

/// The user's side of a terminal.
class Screen {
public:
    explicit Screen(int master) : master_(master) {}

    /// Waits until `text` has appeared `times` times. Returns false when time is up before.
    bool shows(std::string_view text, int times = 1) {
        while (count(text) < times) {
            char some[4096];
            const ssize_t n = ::read(master_, some, sizeof some);
            if (n > 0)
                shown_.append(some, static_cast<std::size_t>(n));
            else
                return false;
        }
        return true;
    }
    bool type(std::string_view keys) const {
        return ::write(master_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size());
    }
    [[nodiscard]] const std::string& shown() const { return shown_; }

private:
    [[nodiscard]] int count(std::string_view text) const {
        int n = 0;
        for (std::size_t at = 0; (at = shown_.find(text, at)) != std::string::npos; at += text.size())
            ++n;
        return n;
    }

    int master_;
    std::string shown_;
};

Screen* screen = nullptr;

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "FAILED: %s\n--- the screen:\n%s\n", what, screen != nullptr ? screen->shown().c_str() : "");
    std::exit(1);
}

void want(bool holds, const char* what) {
    if (!holds)
        fail(what);
}

/// Starts jobs as the session of the terminal.
pid_t start(const char* jobs, const char* terminal) {
    const pid_t pid = ::fork();
    want(pid >= 0, "fork");
    if (pid != 0)
        return pid;
    ::setsid();
    const int slave = ::open(terminal, O_RDWR); // and so the controlling terminal
    for (int fd = 0; fd <= 2; ++fd)
        ::dup2(slave, fd);
    ::execl(jobs, jobs, "--tick", "5", nullptr);
    std::_Exit(127);
}

int status_of(pid_t pid) {
    int status = 0;
    want(::waitpid(pid, &status, 0) == pid, "wait");
    return status;
}

termios modes_of(int terminal) {
    termios modes{}; // with the padding that is compared
    want(::tcgetattr(terminal, &modes) == 0, "tcgetattr");
    return modes;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: terminal JOBS\n", stderr);
        return 2;
    }
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) {
        std::fprintf(stderr, "SKIPPED: there is no pseudo terminal to type on: %s\n", std::strerror(errno));
        return 77;
    }
    const char* const name = ::ptsname(master);
    const int slave = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC); // keeps the terminal between the sessions
    want(slave >= 0, "open of the terminal");
    Screen shown(master);
    screen = &shown;
    struct sigaction end_read {};
    end_read.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &end_read, nullptr);
    ::alarm(60); // a key that was never answered is a failure

    const termios before = modes_of(slave);
    const pid_t first = start(argv[1], name);
    const auto type_when = [&](int times, const char* text, const char* keys) {
        want(shown.shows(text, times) && shown.type(keys), text);
    };
    // What a signal key finds unread, the terminal throws away: it is typed when the program has said that it runs.
    type_when(1, "help", "yes working\n");
    type_when(2, "working", "\032");
    type_when(1, "Stopped (SIGTSTP)", "bgx\177\n"); // the terminal still edits its lines
    type_when(1, "[1] yes working &", "fg\n");
    type_when(1, "\nyes working", "\003");
    type_when(1, "^C", "echo $?\n");
    type_when(1, "130", "cat\nabc\n");
    type_when(2, "abc", "\004exit 7\n"); // once echoed, once copied
    int status = status_of(first);
    want(WIFEXITED(status) && WEXITSTATUS(status) == 7, "the first session should end with 7");
    const termios between = modes_of(slave);
    want(std::memcmp(&before, &between, sizeof before) == 0, "the terminal has other modes after exit");

    const pid_t second = start(argv[1], name);
    want(shown.shows("help", 2), "help, in the second session");
    ::kill(second, SIGTERM);
    status = status_of(second);
    want(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "the second session should end by SIGTERM");
    const termios after = modes_of(slave);
    want(std::memcmp(&before, &after, sizeof before) == 0, "the terminal has other modes after SIGTERM");
    return 0;
}
