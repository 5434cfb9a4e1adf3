// A thread that is not the leader executes another program, while its siblings sleep and the leader waits.
//   threads_exec [ended-leader]
#include <cstring>
#include <pthread.h>
#include <unistd.h>

namespace {

void* sleep_for_ever(void*) {
    for (;;)
        ::pause();
}

void* become_true(void*) {
    ::execl("/bin/true", "true", static_cast<char*>(nullptr));
    ::_exit(9);
}

} // namespace

int main(int argc, char** argv) {
    pthread_t thread{};
    for (int n = 0; n < 3; ++n)
        ::pthread_create(&thread, nullptr, sleep_for_ever, nullptr);
    ::pthread_create(&thread, nullptr, become_true, nullptr);
    if (argc > 1 && std::strcmp(argv[1], "ended-leader") == 0)
        ::pthread_exit(nullptr);
    for (;;)
        ::pause();
}
