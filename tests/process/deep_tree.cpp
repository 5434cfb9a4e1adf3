// A chain of 1,000,000 processes, each the child of the one before, ends without recursion: in a thread with a stack of
// 128 KiB.

#include <procspace/process/tree.hpp>

#include <cstdio>
#include <memory>

#include <pthread.h>

namespace {

constexpr procspace::Pid length = 1'000'000;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t stack = 1024 * 1024; // frames are larger there; one per process would still be far too many
#else
constexpr std::size_t stack = 128 * 1024;
#endif

std::size_t destroyed = 0;

struct Payload {
    bool counts = true;
    Payload() = default;
    Payload(Payload&& other) noexcept : counts(other.counts) { other.counts = false; }
    Payload& operator=(Payload&&) = delete;
    ~Payload() { destroyed += counts ? 1 : 0; }
};

void grow(procspace::ProcessTree& tree) {
    std::shared_ptr<procspace::Process> last = tree.new_init(1).build();
    for (procspace::Pid pid = 2; pid <= length; ++pid)
        last = last->fork(pid).data(Payload()).build();
}

void* run(void*) {
    auto tree = std::make_unique<procspace::ProcessTree>();
    grow(*tree);
    tree.reset();
    return nullptr;
}

} // namespace

int main() {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, stack) != 0 || pthread_create(&thread, &attributes, run, nullptr) != 0)
        return 77;
    pthread_join(thread, nullptr);
    std::printf("%zu payloads destroyed\n", destroyed);
    return destroyed == length - 1 ? 0 : 1;
}
