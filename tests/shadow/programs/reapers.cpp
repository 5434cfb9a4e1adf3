// Who gets orphans, and what becomes of the dead. `reapers KIND`:
//   subreaper    a child subreaper adopts its grandchild and reaps it
//   daemon       a double fork: the daemon outlives everybody and goes to whoever is outside
//   ignore       a parent that ignores SIGCHLD: no zombies
//   nocldwait    the same by SA_NOCLDWAIT
//   zombies      a parent that never waits: its zombies go to the reaper with its own end
//   nowait       a look at a zombie that leaves it there, then the reap
//   stopped      a child that stops, goes on, and is waited for each time
//   orphaned     a stopped child in a group that becomes orphaned: SIGHUP and SIGCONT
//   deserted     the same, but that shadow, who adopts it, is of its session: it must not stay stopped for that
//   undumpable   a program that hides itself from whoever is not root
//   grouped      zombies that their parent moves into groups, a new one and one of the other
#include <csignal>
#include <cstring>
#include <initializer_list>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

template <class F>
pid_t child(F&& f) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        f();
        ::_exit(0);
    }
    return pid;
}

void reap_all() {
    while (::waitpid(-1, nullptr, 0) > 0) {}
}

void nothing() {}

int subreaper() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    child([] { child([] { child(nothing); }); });
    reap_all();
    ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    child([] { child(nothing); });
    reap_all();
    return 0;
}

int daemon() {
    child([] {
        ::setsid();
        child([] {
            child([] {});
            reap_all();
        });
    });
    reap_all();
    return 0;
}

int ignore(bool by_flag) {
    struct sigaction action {};
    action.sa_handler = by_flag ? SIG_DFL : SIG_IGN;
    action.sa_flags = by_flag ? SA_NOCLDWAIT : 0;
    ::sigaction(SIGCHLD, &action, nullptr);
    for (int n = 0; n < 3; ++n)
        child(nothing);
    reap_all(); // returns when none is left
    return 0;
}

int zombies() {
    child([] {
        for (int n = 0; n < 3; ++n)
            child(nothing);
        siginfo_t info{};
        ::waitid(P_ALL, 0, &info, WEXITED | WNOWAIT); // one at least is dead when this one ends
    });
    reap_all();
    return 0;
}

int nowait() {
    const pid_t pid = child(nothing);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
    ::waitid(P_ALL, 0, nullptr, WEXITED);
    return info.si_pid == pid ? 0 : 1;
}

int stopped() {
    const pid_t pid = child([] { ::raise(SIGSTOP); });
    int status = 0;
    ::waitpid(pid, &status, WUNTRACED);
    if (!WIFSTOPPED(status))
        return 1;
    ::kill(pid, SIGCONT);
    ::waitpid(pid, &status, WCONTINUED);
    if (WIFCONTINUED(status))
        ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? 0 : 2;
}

int orphaned(bool in_own_session) {
    ::prctl(PR_SET_CHILD_SUBREAPER, in_own_session ? 1 : 0, 0, 0, 0);
    child([=] {
        if (in_own_session)
            ::setsid(); // the new parent will be of another session
        const pid_t pid = child([] {
            ::setpgid(0, 0); // the old one is of another group of this session: not orphaned before
            ::raise(SIGSTOP);
        });
        ::waitpid(pid, nullptr, WUNTRACED);
    });
    reap_all();
    return 0;
}

int undumpable() {
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    child([] {
        ::setsid();
        child(nothing);
        reap_all();
    });
    reap_all();
    return 0;
}

int grouped() {
    const pid_t first = child(nothing);
    const pid_t second = child(nothing);
    siginfo_t info{};
    for (const pid_t pid : {first, second})
        if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0)
            return 1;
    const bool moved = ::setpgid(first, first) == 0 && ::setpgid(second, first) == 0 && ::getpgid(second) == first;
    reap_all();
    return moved ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    const char* kind = argc > 1 ? argv[1] : "";
    if (std::strcmp(kind, "subreaper") == 0)
        return subreaper();
    if (std::strcmp(kind, "daemon") == 0)
        return daemon();
    if (std::strcmp(kind, "ignore") == 0)
        return ignore(false);
    if (std::strcmp(kind, "nocldwait") == 0)
        return ignore(true);
    if (std::strcmp(kind, "zombies") == 0)
        return zombies();
    if (std::strcmp(kind, "nowait") == 0)
        return nowait();
    if (std::strcmp(kind, "stopped") == 0)
        return stopped();
    if (std::strcmp(kind, "orphaned") == 0)
        return orphaned(true);
    if (std::strcmp(kind, "deserted") == 0)
        return orphaned(false);
    if (std::strcmp(kind, "undumpable") == 0)
        return undumpable();
    if (std::strcmp(kind, "grouped") == 0)
        return grouped();
    return 2;
}
