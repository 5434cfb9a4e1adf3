// clone and clone3 with the flags that shells never use, a chain of vfork, and posix_spawn.
#include <csignal>
#include <linux/sched.h>
#include <sched.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace {

void reap_all() {
    while (::waitpid(-1, nullptr, __WALL) > 0) {}
}

void clone_with(unsigned long flags) {
    if (::syscall(SYS_clone, flags, 0L, 0L, 0L, 0L) == 0) {
        ::setpgid(0, 0);
        ::_exit(0);
    }
}

void clone3_with(unsigned long long flags) {
    clone_args args{};
    args.flags = flags;
    args.exit_signal = SIGCHLD;
    if (::syscall(SYS_clone3, &args, sizeof args) == 0)
        ::_exit(0);
}

} // namespace

int main() {
    clone_with(CLONE_FS | SIGCHLD);
    clone_with(CLONE_FILES | SIGCHLD);
    clone_with(CLONE_FS | CLONE_FILES | SIGCHLD);
    clone_with(SIGUSR2 * 0); // no signal at the end: a child that only __WALL sees
    reap_all();
    clone3_with(CLONE_CLEAR_SIGHAND);
    clone3_with(CLONE_FILES);
    reap_all();
    // A sibling instead of a child, in the group of its maker.
    if (const pid_t maker = ::fork(); maker == 0) {
        ::setpgid(0, 0);
        clone_with(CLONE_PARENT);
        ::_exit(0);
    }
    reap_all();
    // The same out of another session.
    if (const pid_t maker = ::fork(); maker == 0) {
        ::setsid();
        clone_with(CLONE_PARENT);
        ::_exit(0);
    }
    reap_all();
    char name[] = "true";
    char* argv[] = {name, nullptr};
    pid_t pid = 0;
    ::posix_spawnp(&pid, "true", nullptr, nullptr, argv, environ);
    reap_all();
    if (::vfork() == 0) {
        if (::vfork() == 0) {
            ::execvp("true", argv);
            ::_exit(9);
        }
        ::_exit(0);
    }
    reap_all();
    return 0;
}
