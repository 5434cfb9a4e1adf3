#include "interrupts.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shadow::interrupts {
namespace {

volatile std::sig_atomic_t command_pid = 0;
volatile std::sig_atomic_t command_over = 0;
volatile std::sig_atomic_t from_terminal = 0;
volatile std::sig_atomic_t from_outside = 0;
volatile std::sig_atomic_t grace_over = 0;

/// Whether the sender is traced by this very process. Only async-signal-safe calls: this runs in the handler, while the
/// sender cannot get past its next stop.
bool sent_by_our_own(pid_t sender) {
    std::array<char, 48> path{"/proc/"};
    std::array<char, 16> digits{};
    std::size_t n = digits.size();
    for (auto rest = static_cast<unsigned>(sender); rest != 0; rest /= 10)
        digits[--n] = static_cast<char>('0' + rest % 10);
    std::memcpy(path.data() + 6, digits.data() + n, digits.size() - n);
    std::memcpy(path.data() + 6 + digits.size() - n, "/status", 8);
    const int fd = ::open(path.data(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    std::array<char, 1024> text{};
    const ssize_t got = ::read(fd, text.data(), text.size() - 1);
    ::close(fd);
    const char* field = got > 0 ? std::strstr(text.data(), "\nTracerPid:\t") : nullptr;
    if (field == nullptr)
        return false;
    pid_t tracer = 0;
    for (field += 12; *field >= '0' && *field <= '9'; ++field)
        tracer = tracer * 10 + (*field - '0');
    return tracer == ::getpid();
}

/// Comes back every tenth of a second: a waitid that has just begun is interrupted by the next one.
void start_clock() {
    const itimerval often{{0, 100'000}, {2, 0}};
    ::setitimer(ITIMER_REAL, &often, nullptr);
}

void on_signal(int signal, siginfo_t* info, void*) {
    const int saved = errno;
    if (signal == SIGALRM && info->si_code == SI_KERNEL) {
        grace_over = 1;
    } else if (info->si_code == SI_KERNEL) {
        from_terminal = signal;
        if (signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU)
            ::raise(SIGSTOP); // the job stops, and shadow is part of it
    } else if (!sent_by_our_own(info->si_pid)) {
        if (signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU) {
            ::raise(SIGSTOP);
        } else {
            if (command_pid != 0)
                ::kill(static_cast<pid_t>(command_pid), signal);
            if (signal == SIGHUP || signal == SIGINT || signal == SIGQUIT || signal == SIGTERM) {
                from_outside = signal;
                start_clock();
            }
        }
    }
    errno = saved;
}

} // namespace

void install(pid_t command) {
    command_pid = command;
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO; // no SA_RESTART: a blocked waitid has to return
    ::sigfillset(&action.sa_mask);
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU,
                             SIGVTALRM, SIGPROF, SIGIO, SIGPWR})
        ::sigaction(signal, &action, nullptr);
    struct sigaction plain {};
    plain.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &plain, nullptr); // nobody reads the report: no reason to kill the program
    plain.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &plain, nullptr); // zombies must stay until they are compared
}

void command_ended(int status) {
    command_over = 1;
    command_pid = 0; // the number may belong to a stranger soon
    if (from_terminal != 0 && WIFSIGNALED(status) && WTERMSIG(status) == from_terminal)
        from_outside = from_terminal;
}

bool must_kill() {
    return grace_over != 0 || (from_outside != 0 && command_over != 0);
}

} // namespace shadow::interrupts
