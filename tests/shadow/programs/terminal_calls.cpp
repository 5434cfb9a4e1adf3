// A pseudo-terminal, and calls about it whose answers the library predicts: it is taken, given up, stolen, has groups
// in the foreground and not, is hung up. Status 0 if each got the answer that is expected here, else 1 with a line for
// each that did not.
#include "calls.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <initializer_list>
#include <sched.h>
#include <sys/ioctl.h>
#include <termios.h>

namespace {

void background(int tty, pid_t leader) {
    EXPECT(::setpgid(0, 0), 0);
    ::signal(SIGTTOU, SIG_IGN);
    EXPECT(::tcsetpgrp(tty, ::getpid()), 0);
    EXPECT(::tcsetpgrp(tty, leader), 0);
    ::signal(SIGTTOU, SIG_DFL);
    EXPECT(::tcsetpgrp(tty, ::getpid()), 0); // stops, until it is in the foreground
    EXPECT(::tcgetpgrp(tty), ::getpid());
}

void orphan(int tty) {
    ::setpgid(0, 0);
    int result[2];
    if (::pipe2(result, O_CLOEXEC) != 0)
        std::abort();
    const pid_t maker = ::getpid();
    join(child([&] {
        const pid_t parent = ::getpid();
        child([&] {
            while (::getppid() == parent)
                ::sched_yield();
            ::signal(SIGTTOU, SIG_DFL);
            ::setpgid(0, 0); // whose parent is of another session
            EXPECT(::tcsetpgrp(tty, maker), -ENOTTY);
            [[maybe_unused]] const ssize_t n = ::write(result[1], &failures, sizeof failures);
        });
    }));
    int its = 1;
    EXPECT(::read(result[0], &its, sizeof its), static_cast<long>(sizeof its));
    failures += its;
}

void thief(const char* name) {
    EXPECT(::setsid(), ::getpid());
    const int tty = ::open(name, O_RDWR | O_NOCTTY);
    EXPECT(::tcgetpgrp(tty), -ENOTTY);
    EXPECT(::ioctl(tty, TIOCSCTTY, 0), -EPERM);
    if (::ioctl(tty, TIOCSCTTY, 1) == 0)
        EXPECT(::tcgetsid(tty), ::getpid());
}

void session(const char* name, int tell, pid_t outside) {
    for (const int signal : {SIGHUP, SIGTTOU})
        ::signal(signal, SIG_IGN);
    EXPECT(::setsid(), ::getpid());
    EXPECT(::open("/dev/tty", O_RDWR), -ENXIO);
    int tty = ::open(name, O_RDWR | O_NOCTTY);
    EXPECT(::tcgetsid(tty), -ENOTTY);
    EXPECT(::ioctl(tty, TIOCNOTTY), -ENOTTY);
    EXPECT(::tcsetpgrp(tty, -5), -EINVAL); // before it asks whose terminal it is
    ::close(tty);
    tty = ::open(name, O_RDWR);
    EXPECT(::tcgetsid(tty), ::getpid());
    EXPECT(::tcgetpgrp(tty), ::getpid());
    EXPECT(::ioctl(tty, TIOCSCTTY, 0), 0);
    EXPECT(::tcsetpgrp(tty, outside), -EPERM);
    EXPECT(::tcsetpgrp(tty, nobody), -ESRCH);
    EXPECT(::tcsetpgrp(tty, -5), -EINVAL);

    const pid_t leader = ::getpid();
    const pid_t stopped = child([&] { background(tty, leader); });
    int status = 0;
    EXPECT(::waitpid(stopped, &status, WUNTRACED), stopped);
    EXPECT(status, SIGTTOU << 8 | 0x7f);
    const int own = ::open("/dev/tty", O_RDWR);
    EXPECT(::tcsetpgrp(own, stopped), 0);
    EXPECT(::kill(stopped, SIGCONT), 0);
    join(stopped);
    EXPECT(::tcgetpgrp(own), stopped); // an empty group by now
    EXPECT(::tcsetpgrp(own, leader), 0);
    join(child([&] {
        EXPECT(::ioctl(tty, TIOCSCTTY, 0), -EPERM);
        EXPECT(::ioctl(tty, TIOCNOTTY), 0);
        EXPECT(::tcgetpgrp(tty), -ENOTTY);
        EXPECT(::open("/dev/tty", O_RDWR), -ENXIO);
    }));
    join(child([&] { orphan(tty); }));
    join(child([&] { thief(name); }));
    ::ioctl(tty, TIOCSCTTY, 0); // if it was stolen
    EXPECT(::tcgetsid(tty), leader);
    EXPECT(::ioctl(tty, TIOCNOTTY), 0);
    EXPECT(::ioctl(tty, TIOCSCTTY, 0), 0);

    [[maybe_unused]] const ssize_t told = ::write(tell, "", 1); // the other end is closed now
    char byte = 0;
    while (::read(tty, &byte, 1) > 0) {}
    EXPECT(::tcgetpgrp(tty), -EIO);
    EXPECT(::open("/dev/tty", O_RDWR), -ENXIO);
}

} // namespace

int main() {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
    int gate[2];
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0 || ::pipe2(gate, O_CLOEXEC) != 0)
        return 77;
    const char* const name = ::ptsname(master);
    ::setpgid(0, 0);
    const pid_t outside = ::getpgid(0);
    const pid_t leader = child([&] {
        ::close(master);
        session(name, gate[1], outside);
    });
    ::close(gate[1]);
    char byte = 0;
    [[maybe_unused]] const ssize_t n = ::read(gate[0], &byte, 1);
    ::close(master);
    join(leader);
    return failures == 0 ? 0 : 1;
}
