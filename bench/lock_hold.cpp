// bench_lock_hold: for how long the tree lock is held by fork, by exit without children and by free, among few living
// siblings and among many. Median and p99.9 in ns, the two looks at the clock included and shown.

#include <procspace/process/tree.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using procspace::Pid;

constexpr std::size_t samples = 100'000;
constexpr std::size_t at_median = samples / 2;
constexpr std::size_t at_tail = samples - samples / 1000;

/// Remembers how long it was held.
class TimedLock {
public:
    constexpr TimedLock() noexcept = default;
    TimedLock(const TimedLock&) = delete;
    TimedLock& operator=(const TimedLock&) = delete;

    void lock() noexcept {
        spin_.lock();
        taken_ = Clock::now();
    }
    void unlock() noexcept {
        const auto held = Clock::now() - taken_;
        spin_.unlock();
        longest = std::max(longest, static_cast<double>(std::chrono::nanoseconds(held).count()));
    }
    inline static double longest = 0; // since it was asked for

private:
    procspace::SpinLock spin_;
    Clock::time_point taken_{};
};

struct Traits : procspace::DefaultTraits {
    using Lock = TimedLock;
};

struct Holds {
    std::vector<double> all;
    void add() { all.push_back(std::exchange(TimedLock::longest, 0.0)); }
    void print(const char* operation, Pid living) {
        std::sort(all.begin(), all.end());
        std::printf("%-22s %9u %8.0f %8.0f\n", operation, living, all[at_median], all[at_tail]);
    }
};

/// Returns false if an operation did not do what is measured.
bool measure(Pid living) {
    procspace::BasicProcessTree<Traits> tree;
    const auto init = tree.new_init(1).build();
    const auto parent = init->fork().build();
    for (Pid i = 0; i < living; ++i)
        static_cast<void>(parent->fork().build());
    Holds fork, exit, free, nothing;
    bool done = true;
    TimedLock::longest = 0;
    for (std::size_t i = 0; i < samples; ++i) {
        const auto child = parent->fork().build();
        fork.add();
        child->exit();
        exit.add();
        done &= child->free();
        free.add();
        TimedLock empty;
        empty.lock();
        empty.unlock();
        nothing.add();
    }
    fork.print("fork", living);
    exit.print("exit without children", living);
    free.print("free", living);
    nothing.print("an empty section", living);
    return done && tree.counts().processes == living + 2;
}

} // namespace

int main() {
    std::thread([] {}).join(); // else shared_ptr counts without atomics
    std::printf("%-22s %9s %8s %8s\n", "lock hold, ns", "living", "median", "p99.9");
    bool done = true;
    for (const Pid living : {Pid{1'000}, Pid{1'000'000}})
        done &= measure(living);
    return done ? 0 : 1;
}
