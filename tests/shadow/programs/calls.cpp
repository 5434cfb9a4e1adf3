// Calls whose answers the library predicts, most of them refusals. `calls KIND`; status 0 if each got the answer that
// is expected here, else 1 with a line for each that did not.
//   processes    setsid, setpgid, the getters, kill, tgkill, prctl
//   waits        wait4 and waitid
//   thread       the same about a process that a thread of its has made another by exec
#include "calls.hpp"

#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

/// A child that lives until `release` is closed, or another byte wakes it.
struct Held {
    int gate[2];
    pid_t pid;
    template <class F>
    explicit Held(F&& first) {
        int ready[2];
        if (::pipe2(gate, O_CLOEXEC) != 0 || ::pipe2(ready, O_CLOEXEC) != 0)
            std::abort();
        pid = child([&] {
            ::close(gate[1]);
            first(); // may exec this program as `hold`, with the gate as its standard input
            char byte = 0;
            [[maybe_unused]] ssize_t n = ::write(ready[1], &byte, 1);
            ::close(ready[1]);
            n = ::read(gate[0], &byte, 1);
        });
        ::close(ready[1]);
        char byte = 0;
        [[maybe_unused]] const ssize_t n = ::read(ready[0], &byte, 1); // or the end of file, with an exec
        ::close(ready[0]);
    }
    void release() const {
        ::close(gate[1]);
        ::close(gate[0]);
        join(pid);
    }
};

[[noreturn]] void exec_hold(int gate) {
    ::dup2(gate, STDIN_FILENO);
    ::execl("/proc/self/exe", "calls", "hold", nullptr);
    ::_exit(9);
}

void processes() {
    join(child([] {
        EXPECT(::setsid(), ::getpid());
        EXPECT(::setsid(), -EPERM);
        EXPECT(::setpgid(0, 0), -EPERM);
    }));
    join(child([] {
        EXPECT(::setpgid(0, 0), 0);
        EXPECT(::setsid(), -EPERM);
        const Held fellow([] {});
        EXPECT(::setpgid(fellow.pid, fellow.pid), 0);
        EXPECT(::setpgid(0, fellow.pid), 0);
        EXPECT(::setpgid(0, 0), 0);
        EXPECT(::getpgid(fellow.pid), fellow.pid);
        EXPECT(::getsid(fellow.pid), ::getsid(0));
        fellow.release();
    }));
    const Held elsewhere([] { ::setsid(); });
    EXPECT(::setpgid(elsewhere.pid, 0), -EPERM);
    EXPECT(::getsid(elsewhere.pid), elsewhere.pid);
    EXPECT(::setpgid(0, elsewhere.pid), -EPERM);
    EXPECT(::setpgid(0, -1), -EINVAL);
    EXPECT(::setpgid(-1, 0), -EINVAL);
    EXPECT(::setpgid(nobody, 0), -ESRCH);
    EXPECT(::setpgid(::getppid(), 0), -ESRCH);
    EXPECT(::getpgid(nobody), -ESRCH);
    EXPECT(::getsid(nobody), -ESRCH);
    EXPECT(::kill(elsewhere.pid, 0), 0);
    EXPECT(::kill(-elsewhere.pid, 0), 0);
    EXPECT(::kill(elsewhere.pid, 65), -EINVAL);
    EXPECT(::kill(nobody, 0), -ESRCH);
    EXPECT(::kill(-nobody, 0), -ESRCH);
    EXPECT(::kill(INT_MIN, 0), -ESRCH);
    EXPECT(::syscall(SYS_tgkill, elsewhere.pid, elsewhere.pid, 0), 0);
    EXPECT(::syscall(SYS_tgkill, ::getpid(), elsewhere.pid, 0), -ESRCH);
    EXPECT(::syscall(SYS_tgkill, 0, elsewhere.pid, 0), -EINVAL);
    elsewhere.release();
    EXPECT(::prctl(PR_SET_PDEATHSIG, 65), -EINVAL);
    EXPECT(::prctl(PR_SET_PDEATHSIG, SIGTERM), 0);
    EXPECT(::prctl(PR_SET_PDEATHSIG, 0), 0);
    if (::geteuid() == 0)
        join(child([] {
            if (::setuid(65534) != 0)
                return;
            EXPECT(::kill(::getppid(), 0), -EPERM);
            EXPECT(::kill(::getppid(), SIGCONT), 0); // of the same session
        }));
}

void waits() {
    int status = 0;
    siginfo_t info{};
    EXPECT(::waitpid(-1, &status, 0), -ECHILD);
    EXPECT(::waitpid(::getpid(), &status, WNOHANG), -ECHILD);
    EXPECT(::waitpid(INT_MIN, &status, 0), -ESRCH);
    EXPECT(::waitpid(-1, &status, 0x10), -EINVAL);
    EXPECT(::waitid(P_ALL, 0, &info, WNOHANG), -EINVAL);
    EXPECT(::waitid(P_PID, 0, &info, WEXITED), -EINVAL);
    const Held held([] { ::setpgid(0, 0); });
    EXPECT(::waitpid(-1, &status, WNOHANG), 0);
    EXPECT(::waitpid(0, &status, WNOHANG), -ECHILD);
    EXPECT(::waitpid(-held.pid, &status, WNOHANG | WUNTRACED), 0);
    EXPECT(::waitpid(-1, &status, WNOHANG | static_cast<int>(__WCLONE)), -ECHILD);
    ::kill(held.pid, SIGSTOP);
    EXPECT(::waitid(P_PID, static_cast<id_t>(held.pid), &info, WSTOPPED | WNOWAIT), 0);
    EXPECT(::waitid(P_PGID, static_cast<id_t>(held.pid), &info, WSTOPPED), 0);
    EXPECT(info.si_code, CLD_STOPPED);
    ::kill(held.pid, SIGCONT);
    EXPECT(::waitpid(held.pid, &status, WCONTINUED), held.pid);
    EXPECT(WIFCONTINUED(status), 1);
    held.release();
    const pid_t first = child([] {});
    const pid_t second = child([] {});
    for (const pid_t pid : {first, second})
        EXPECT(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
    EXPECT(::waitid(P_PID, static_cast<id_t>(first), &info, WSTOPPED | WNOHANG), -ECHILD); // a zombie stops no more
    EXPECT(::waitpid(-1, &status, 0), first);                                              // the elder
    EXPECT(::waitpid(-1, nullptr, WNOHANG), second);
    EXPECT(::waitpid(-1, nullptr, WNOHANG), -ECHILD);
}

void thread() {
    Held held([] {});
    EXPECT(::setpgid(held.pid, 0), 0);
    held.release();
    int gate[2];
    if (::pipe2(gate, O_CLOEXEC) != 0)
        std::abort();
    const pid_t pid = child([&] { std::thread([&] { exec_hold(gate[0]); }).join(); });
    // `hold` says that it is there by stopping.
    int status = 0;
    EXPECT(::waitpid(pid, &status, WUNTRACED), pid);
    EXPECT(WIFSTOPPED(status), 1);
    EXPECT(::setpgid(pid, 0), -EACCES);
    EXPECT(::getpgid(pid), ::getpgid(0));
    EXPECT(::syscall(SYS_tgkill, pid, pid, 0), 0);
    EXPECT(::kill(pid, SIGCONT), 0);
    EXPECT(::waitpid(pid, &status, WCONTINUED), pid);
    ::close(gate[0]);
    ::close(gate[1]);
    join(pid);
}

int hold() {
    ::raise(SIGSTOP);
    char byte = 0;
    return ::read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    const char* const kind = argc > 1 ? argv[1] : "";
    if (std::strcmp(kind, "processes") == 0)
        processes();
    else if (std::strcmp(kind, "waits") == 0)
        waits();
    else if (std::strcmp(kind, "thread") == 0)
        thread();
    else if (std::strcmp(kind, "hold") == 0)
        return hold();
    else
        return 2;
    return failures == 0 ? 0 : 1;
}
