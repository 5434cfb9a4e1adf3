// How processes of several threads end while their threads fork, wait and end. `ends KIND`:
//   exit_group   a thread ends all, the leader being gone
//   signal       a thread dies of a signal, and all with it
//   core         the same, and the kernel writes a core, into a folder that is then removed
//   exec         the leader executes another program
//   kill         SIGKILL to the group
//   parents      a chain of processes, each killed by the end of its parent
//   namespace    the first process of a pid namespace: its leader goes first, and the last thread leaves zombies behind
//   at_once      the leader ends itself while a thread ends all, again and again
//   namespace_at_once    the same in the first process of a pid namespace
#include <atomic>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <pthread.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

const char* kind = "";
int rounds = 5; // of forks, before the end comes

bool is(const char* name) {
    return std::strcmp(kind, name) == 0;
}

void start(void* (*main)(void*)) {
    pthread_t thread{};
    ::pthread_create(&thread, nullptr, main, nullptr);
}

void fork_and_wait() {
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(0);
    ::waitpid(child, nullptr, 0);
}

void* fork_for_ever(void*) {
    for (;;)
        fork_and_wait();
}

void* come_and_go(void*) {
    for (;;) {
        pthread_t thread{};
        if (::pthread_create(
                &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr) == 0)
            ::pthread_join(thread, nullptr);
    }
}

void* end_all(void*) {
    for (int n = 0; n < rounds; ++n)
        fork_and_wait();
    if (is("signal"))
        ::raise(SIGTERM);
    if (is("core"))
        ::raise(SIGABRT);
    ::_exit(5);
}

[[noreturn]] void live(int ready) {
    for (int n = 0; n < 3; ++n)
        start(fork_for_ever);
    start(come_and_go);
    if (is("exit_group") || is("signal") || is("core")) {
        start(end_all);
        ::pthread_exit(nullptr);
    }
    for (int n = 0; n < rounds; ++n)
        fork_and_wait();
    if (is("exec"))
        ::execl("/bin/true", "true", static_cast<char*>(nullptr));
    [[maybe_unused]] const ssize_t told = ::write(ready, "", 1);
    for (;;)
        ::pause();
}

int end_of_threads() {
    int gate[2] = {};
    char byte = 0;
    if (::pipe(gate) != 0)
        return 1;
    const pid_t child = ::fork();
    if (child == 0) {
        ::setpgid(0, 0);
        live(gate[1]);
    }
    if (is("kill") && ::read(gate[0], &byte, 1) == 1)
        ::kill(-child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    return is("exec")     ? status
           : is("kill")   ? WTERMSIG(status) != SIGKILL
           : is("signal") ? WTERMSIG(status) != SIGTERM
           : is("core")   ? WTERMSIG(status) != SIGABRT
                          : WEXITSTATUS(status) != 5;
}

int end_with_a_core() {
    namespace files = std::filesystem;
    const rlimit as_it_likes{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_CORE, &as_it_likes); // refused where the hard limit is lower: then there is less to see
    const files::path folder = files::temp_directory_path() / ("shadow_ends." + std::to_string(::getpid()));
    files::create_directory(folder);
    files::current_path(folder);
    const int result = end_of_threads();
    files::remove_all(folder);
    return result;
}

int chain_of_parents() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    int gate[2] = {};
    if (::pipe(gate) != 0)
        return 1;
    constexpr int length = 8;
    pid_t first = 0;
    for (int depth = 0; depth < length; ++depth) {
        const pid_t child = ::fork();
        if (depth == 0)
            first = child;
        if (child != 0)
            break;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (depth + 1 == length && ::write(gate[1], "", 1) != 1)
            return 1;
    }
    char byte = 0;
    if (first == 0 || ::read(gate[0], &byte, 1) != 1)
        for (;;)
            ::pause();
    ::kill(first, SIGKILL);
    int killed = 0;
    for (int status = 0; ::wait(&status) > 0;)
        killed += WIFSIGNALED(status) ? 1 : 0;
    return killed == length ? 0 : 1;
}

void* leave_zombies(void*) {
    siginfo_t info{};
    for (int n = 0; n < 3; ++n) {
        const pid_t child = ::fork();
        if (child == 0)
            ::_exit(0);
        ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    }
    return nullptr;
}

int first_of_a_namespace() {
    if (::unshare(CLONE_NEWPID) != 0)
        return 77;
    if (::fork() == 0) {
        start(leave_zombies);
        ::pthread_exit(nullptr);
    }
    return ::wait(nullptr) > 0 ? 0 : 1;
}

std::atomic<bool> leader_may_end{false};

void keep_tracer_busy() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/// Of those who have stopped meanwhile the tracer is told of the youngest first. So the leader is sometimes at its last
/// stop, and the tracer has not been told, when SIGKILL takes it away from there.
void* end_all_at_once(void*) {
    keep_tracer_busy();
    leader_may_end = true;
    keep_tracer_busy();
    ::_exit(5);
}

[[noreturn]] void end_at_once() {
    start(end_all_at_once);
    while (!leader_may_end) {}
    for (;;)
        ::syscall(SYS_exit, 0);
}

int ends_at_once() {
    for (int n = 0; n < 60; ++n) {
        const pid_t child = ::fork();
        if (child == 0 && is("at_once"))
            end_at_once();
        int status = 0;
        if (child == 0) {
            if (::unshare(CLONE_NEWPID) != 0)
                ::_exit(77);
            if (::fork() == 0)
                end_at_once();
            ::_exit(::wait(&status) > 0 ? WEXITSTATUS(status) : 1);
        }
        if (::waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 5)
            return 1;
    }
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    kind = argc > 1 ? argv[1] : "";
    if (is("parents"))
        return chain_of_parents();
    if (is("core"))
        return end_with_a_core();
    if (is("namespace"))
        return first_of_a_namespace();
    if (is("at_once") || is("namespace_at_once"))
        return ends_at_once();
    return end_of_threads();
}
