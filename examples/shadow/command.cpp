#include "command.hpp"

#include "proc.hpp"
#include "ptrace.hpp"
#include "text.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shadow {
namespace {

std::string why_refused(pid_t pid, int error) {
    const std::string what = join("shadow: ptrace was refused (", std::strerror(error), ") ");
    if (error == EPERM && proc::tracer_of(pid) != 0)
        return join(what, "because process ", proc::tracer_of(pid),
                    " (a debugger, strace or another shadow) already traces the command: run shadow outside of it.");
    if (std::FILE* yama = std::fopen("/proc/sys/kernel/yama/ptrace_scope", "re")) {
        const int scope = std::fgetc(yama) - '0';
        std::fclose(yama);
        if (scope >= 2)
            return join(what, "because kernel.yama.ptrace_scope is ", scope,
                        scope == 2 ? ": run shadow as root." : ": set it to 1 and reboot.");
    }
    return join(what, "by a sandbox or container: allow the ptrace system call there (Docker: --cap-add SYS_PTRACE).");
}

} // namespace

Command::Command(char* const* argv) {
    std::array<int, 2> go{};
    std::array<int, 2> failure{};
    if (::pipe2(go.data(), O_CLOEXEC) != 0 || ::pipe2(failure.data(), O_CLOEXEC) != 0) {
        std::perror("shadow: pipe");
        std::exit(EXIT_FAILURE);
    }
    pid_ = ::fork();
    if (pid_ < 0) {
        std::perror("shadow: fork");
        std::exit(EXIT_FAILURE);
    }
    if (pid_ == 0) {
        // A pipe and not a stop: a stopped process would tell its parent, and look different in /proc.
        ::close(go[1]);
        char byte = 0;
        if (::read(go[0], &byte, 1) != 1)
            ::_exit(EXIT_FAILURE);
        ::execvp(argv[0], argv);
        const int error = errno;
        [[maybe_unused]] const ssize_t told = ::write(failure[1], &error, sizeof error);
        ::_exit(error == ENOENT || error == ENOTDIR ? 127 : 126);
    }
    ::close(go[0]);
    ::close(failure[1]);
    go_ = go[1];
    failure_ = failure[0];
}

Command::~Command() {
    ::close(go_);
    ::close(failure_);
}

std::string Command::seize() {
    if (ptrace::seize(pid_)) {
        ptrace::interrupt(pid_); // so that it runs from one system call to the next from now on
        return {};
    }
    const std::string sentence = why_refused(pid_, errno);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    return sentence;
}

void Command::start() {
    const char byte = 'g';
    [[maybe_unused]] const ssize_t told = ::write(go_, &byte, 1);
}

int Command::exec_error() const {
    int error = 0;
    return ::read(failure_, &error, sizeof error) == sizeof error ? error : 0;
}

} // namespace shadow
