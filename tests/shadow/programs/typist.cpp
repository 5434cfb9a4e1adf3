// `typist SHELL [ARG...]`: runs an interactive shell on a pseudo-terminal of its own and types what a user of job
// control does: starts a job, stops it by ^Z, brings it back, sends it to the background, ends it by ^C. It goes by
// what the shell and the job write, never by the clock. Status 0 if the shell ends with 0. `typist --job` is the job:
// writes "ready" when it begins, and each time when it is continued.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr const char* prompt = "at your service> ";

void say_ready(int) {
    [[maybe_unused]] const ssize_t n = ::write(STDOUT_FILENO, "ready\n", 6);
}

int job() {
    std::signal(SIGCONT, say_ready);
    say_ready(0);
    for (;;)
        ::pause();
}

/// Returns false when the terminal is closed before the text has come.
bool read_up_to(int master, const std::string& text) {
    std::string all;
    char c = 0;
    while (::read(master, &c, 1) == 1) {
        all += c;
        if (all.size() >= text.size() && all.compare(all.size() - text.size(), text.size(), text) == 0)
            return true;
    }
    std::fprintf(stderr, "no '%s' in: %s\n", text.c_str(), all.c_str());
    return false;
}

bool type(int master, const std::string& keys, const char* then) {
    return ::write(master, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()) && read_up_to(master, then);
}

[[noreturn]] void become_shell(int master, char** argv) {
    ::setsid();
    const int tty = ::open(::ptsname(master), O_RDWR); // and it is the controlling one
    ::close(master);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        ::dup2(tty, fd);
    ::close(tty);
    ::setenv("PS1", prompt, 1);
    ::unsetenv("ENV");
    ::execvp(argv[0], argv);
    ::_exit(127);
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    if (std::strcmp(argv[1], "--job") == 0)
        return job();
    char self[4096] = {};
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (::readlink("/proc/self/exe", self, sizeof self - 1) < 0 || master < 0 || ::grantpt(master) != 0 ||
        ::unlockpt(master) != 0)
        return 77;
    const pid_t shell = ::fork();
    if (shell == 0)
        become_shell(master, argv + 1);
    const std::string start = "'" + std::string(self) + "' --job";
    const bool typed = read_up_to(master, prompt) && type(master, start + "\n", "ready") &&
                       type(master, "\x1a", prompt) && type(master, "fg\n", "ready") && type(master, "\x1a", prompt) &&
                       type(master, "bg\n", "ready") && type(master, "\n", prompt) &&
                       type(master, "kill -INT %1\n", prompt) && type(master, "wait\n", prompt) &&
                       type(master, start + "\n", "ready") && type(master, "\x03", prompt) &&
                       type(master, start + " | cat &\n", "ready") && type(master, "kill -INT %1\n", prompt) &&
                       type(master, "wait\n", prompt) && ::write(master, "exit 0\n", 7) == 7;
    if (!typed)
        ::kill(shell, SIGHUP);
    char rest[256];
    while (::read(master, rest, sizeof rest) > 0) {}
    int status = 0;
    ::waitpid(shell, &status, 0);
    return typed && status == 0 ? 0 : 1;
}
