// Threads that fork, that stop sharing files and directory, and a process that exits with threads alive.
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void* fork_and_wait(void*) {
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(0);
    ::waitpid(child, nullptr, 0);
    return nullptr;
}

void* go_own_ways(void*) {
    ::unshare(CLONE_FILES);
    ::unshare(CLONE_FS);
    fork_and_wait(nullptr);
    return nullptr;
}

void* sleep_for_ever(void*) {
    for (;;)
        ::pause();
}

} // namespace

int main() {
    pthread_t forker{};
    pthread_t loner{};
    pthread_t sleeper{};
    ::pthread_create(&sleeper, nullptr, sleep_for_ever, nullptr);
    ::pthread_create(&forker, nullptr, fork_and_wait, nullptr);
    ::pthread_create(&loner, nullptr, go_own_ways, nullptr);
    ::pthread_join(forker, nullptr);
    ::pthread_join(loner, nullptr);
    return 4;
}
