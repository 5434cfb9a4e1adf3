// A program that does at random what processes can do to their tree, from a seed:
//   grow SEED [STEPS] [DEPTH]
// It never waits for a length of time; whatever it starts ends by itself or is killed by it. Its own end is status 0.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <random>
#include <sched.h>
#include <spawn.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace {

struct Task {
    std::minstd_rand random;
    int depth;
    std::vector<pid_t> children;
    int one_of(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }
};

const char* self_path = nullptr;
bool threads_here = false;

void act(Task& task, int steps);

[[noreturn]] void become(Task& task, int steps) {
    const std::string seed = std::to_string(task.random());
    const std::string many = std::to_string(steps);
    const std::string depth = std::to_string(task.depth);
    std::array<const char*, 5> argv{self_path, seed.c_str(), many.c_str(), depth.c_str(), nullptr};
    ::execv(self_path, const_cast<char* const*>(argv.data()));
    ::_exit(9);
}

[[noreturn]] void live_as_child(Task& parent, int steps) {
    Task task{
        std::minstd_rand(static_cast<unsigned>(parent.random() ^ static_cast<unsigned>(::getpid()) * 2654435761U)),
        parent.depth - 1,
        {}};
    threads_here = false;
    if (task.one_of(3) == 0)
        become(task, steps);
    act(task, steps);
    ::_exit(task.one_of(4));
}

void fork_child(Task& task, int steps) {
    if (task.depth <= 0)
        return;
    const pid_t child = ::fork();
    if (child == 0)
        live_as_child(task, steps);
    if (child > 0)
        task.children.push_back(child);
}

/// clone without memory or handlers in common, so that the child may run on as after fork.
void clone_child(Task& task, int steps) {
    if (task.depth <= 0)
        return;
    constexpr std::array<unsigned long, 8> choices{CLONE_FS,     CLONE_FILES,  CLONE_FS | CLONE_FILES,
                                                   CLONE_PARENT, CLONE_NEWUTS, CLONE_NEWIPC,
                                                   CLONE_NEWNS,  CLONE_NEWPID};
    unsigned long flags = choices[static_cast<std::size_t>(task.one_of(8))];
    if (flags != CLONE_PARENT)
        flags |= SIGCHLD;
    const long child = ::syscall(SYS_clone, flags, 0L, 0L, 0L, 0L);
    if (child == 0) {
        // The bare call does not tell the C library, whose locks another thread may hold just now: for ever, in here.
        if (threads_here) {
            --task.depth;
            become(task, steps);
        }
        live_as_child(task, steps);
    }
    if (child > 0 && flags != CLONE_PARENT)
        task.children.push_back(static_cast<pid_t>(child));
}

void vfork_child(Task& task) {
    const std::string seed = std::to_string(task.random());
    std::array<const char*, 5> argv{self_path, seed.c_str(), "2", "0", nullptr};
    if (task.one_of(2) == 0) {
        pid_t child = 0;
        if (::posix_spawn(&child, self_path, nullptr, nullptr, const_cast<char* const*>(argv.data()), environ) == 0)
            task.children.push_back(child);
        return;
    }
    const pid_t child = ::vfork();
    if (child == 0) {
        ::execv(self_path, const_cast<char* const*>(argv.data()));
        ::_exit(9);
    }
    if (child > 0)
        task.children.push_back(child);
}

struct ThreadStart {
    unsigned seed;
    int depth;
    int steps;
};

void* thread_main(void* argument) {
    const ThreadStart start = *static_cast<ThreadStart*>(argument);
    delete static_cast<ThreadStart*>(argument);
    Task task{std::minstd_rand(start.seed), start.depth, {}};
    act(task, start.steps);
    return nullptr;
}

void start_threads(Task& task, int steps) {
    threads_here = true;
    std::vector<pthread_t> threads;
    for (int n = 1 + task.one_of(3); n > 0; --n) {
        pthread_t thread{};
        auto* start = new ThreadStart{static_cast<unsigned>(task.random()), task.depth - 1, steps / 2};
        if (::pthread_create(&thread, nullptr, thread_main, start) == 0)
            threads.push_back(thread);
        else
            delete start;
    }
    if (task.one_of(6) == 0)
        ::pthread_exit(nullptr); // a leader that ends before its threads
    if (task.one_of(8) == 0)
        ::_exit(0); // with threads alive
    for (const pthread_t thread : threads)
        ::pthread_join(thread, nullptr);
}

/// A child that moves into a pid namespace with its own first process, as `unshare --fork --pid` does.
void pid_namespace(Task& task, int steps) {
    if (task.depth <= 1)
        return;
    const pid_t child = ::fork();
    if (child > 0)
        task.children.push_back(child);
    if (child != 0)
        return;
    if (::unshare(CLONE_NEWPID) == 0) {
        Task first{std::minstd_rand(static_cast<unsigned>(task.random())), task.depth - 1, {}};
        const pid_t init = ::fork();
        if (init == 0)
            live_as_child(first, steps);
        if (init > 0)
            ::waitpid(init, nullptr, 0);
    }
    ::_exit(0);
}

/// A shell's way: the parent puts a living child into a group.
void group_for_child(Task& task, bool own) {
    std::array<int, 2> gate{};
    if (::pipe2(gate.data(), O_CLOEXEC) != 0)
        return;
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
        // The end of the pipe may have been inherited by others, so its closing would tell nothing.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        char byte = 0;
        ::_exit(::getppid() == parent && ::read(gate[0], &byte, 1) == 1 ? 0 : 1);
    }
    if (child > 0) {
        ::setpgid(child, own ? 0 : ::getpgrp());
        [[maybe_unused]] const ssize_t told = ::write(gate[1], "", 1);
        task.children.push_back(child);
    }
    ::close(gate[0]);
    ::close(gate[1]);
}

pid_t some_child(Task& task) {
    return task.children.empty()
               ? 0
               : task.children[static_cast<std::size_t>(task.one_of(static_cast<int>(task.children.size())))];
}

void wait_somehow(Task& task) {
    siginfo_t info{};
    int status = 0;
    switch (task.one_of(7)) {
    case 0:
        ::waitpid(-1, &status, WNOHANG);
        break;
    case 1:
        ::waitpid(-1, nullptr, WNOHANG);
        break;
    case 2:
        ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
        break;
    case 3:
        ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG);
        break;
    case 4:
        ::syscall(SYS_waitid, P_ALL, 0L, 0L, static_cast<long>(WEXITED | WNOHANG), 0L);
        break;
    case 5:
        ::waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED);
        break;
    default:
        if (const pid_t child = some_child(task); child != 0) {
            ::kill(child, SIGCONT);
            ::waitpid(child, &status, 0);
        }
    }
}

void unshare_something(Task& task) {
    constexpr std::array<int, 8> choices{CLONE_FILES, CLONE_FS,     CLONE_NEWUTS,    CLONE_NEWIPC,
                                         CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWCGROUP, CLONE_NEWUTS | CLONE_FILES};
    ::unshare(choices[static_cast<std::size_t>(task.one_of(8))]);
}

void enter_something(Task& task) {
    constexpr std::array<const char*, 5> kinds{"uts", "ipc", "net", "mnt", "cgroup"};
    const pid_t whose = task.one_of(2) == 0 ? ::getppid() : some_child(task);
    if (whose <= 0)
        return;
    const std::string path =
        "/proc/" + std::to_string(whose) + "/ns/" + kinds[static_cast<std::size_t>(task.one_of(5))];
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ::syscall(SYS_setns, fd, 0);
    ::close(fd);
}

/// By a process that nobody knows and therefore nobody kills in between: the child would stay stopped for ever.
void stop_and_continue(pid_t child) {
    const pid_t helper = ::fork();
    if (helper == 0) {
        ::kill(child, SIGSTOP);
        ::sched_yield();
        ::kill(child, SIGCONT);
        ::_exit(0);
    }
    if (helper > 0)
        ::waitpid(helper, nullptr, 0);
}

void act(Task& task, int steps) {
    while (steps-- > 0) {
        switch (task.one_of(25)) {
        case 0:
        case 1:
        case 2:
        case 3:
            fork_child(task, steps / 2 + 1);
            break;
        case 4:
            clone_child(task, steps / 2 + 1);
            break;
        case 5:
            vfork_child(task);
            break;
        case 6:
        case 7:
            if (task.depth > 0)
                start_threads(task, steps);
            break;
        case 8:
            ::setsid();
            break;
        case 9:
            ::setpgid(0, 0);
            break;
        case 10:
            group_for_child(task, true);
            break;
        case 11:
            ::setpgid(0, ::getppid());
            break;
        case 12:
            group_for_child(task, false);
            break;
        case 13:
            ::prctl(PR_SET_CHILD_SUBREAPER, task.one_of(2), 0, 0, 0);
            break;
        case 14:
            unshare_something(task);
            break;
        case 15:
            enter_something(task);
            break;
        case 16:
            ::signal(SIGCHLD, task.one_of(2) == 0 ? SIG_IGN : SIG_DFL);
            break;
        case 17:
            if (const pid_t child = some_child(task); child != 0)
                ::kill(child, task.one_of(2) == 0 ? SIGKILL : SIGTERM);
            break;
        case 18:
            if (const pid_t child = some_child(task); child != 0)
                stop_and_continue(child);
            break;
        case 19:
            if (task.one_of(6) == 0)
                become(task, steps);
            break;
        case 20:
            if (task.one_of(8) == 0)
                ::_exit(0);
            break;
        case 21:
            pid_namespace(task, steps / 2 + 1);
            break;
        default:
            wait_somehow(task);
        }
    }
    // Not one of the children may be left stopped: it would stay for ever.
    for (const pid_t child : task.children)
        ::kill(child, SIGCONT);
    if (task.one_of(2) == 0)
        while (::waitpid(-1, nullptr, 0) > 0) {}
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    self_path = "/proc/self/exe";
    std::array<char, 4096> path{};
    if (::readlink("/proc/self/exe", path.data(), path.size() - 1) > 0)
        self_path = path.data();
    // The kernel hangs up a group that is orphaned with somebody stopped in it: not that of who runs the tests.
    ::setpgid(0, 0);
    Task task{std::minstd_rand(static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)) + 1),
              argc > 3 ? std::atoi(argv[3]) : 3,
              {}};
    act(task, argc > 2 ? std::atoi(argv[2]) : 12);
    return 0;
}
