// Two threads wait for the children of one process, while two others let them exit: each child is reaped once, and
// nobody sleeps for ever. With CheckedTraits, which panics for what must not happen under the lock.

#include <procspace/debug/checked_traits.hpp>
#include <procspace/debug/invariants.hpp>
#include <procspace/process/blocking_wait.hpp>
#include <procspace/process/tree.hpp>

#include <atomic>
#include <cstdio>
#include <thread>

namespace {

using Traits = procspace::CheckedTraits<procspace::BlockingWaitTraits<procspace::DefaultTraits>>;
using Process = std::shared_ptr<procspace::BasicProcess<Traits>>;
using procspace::WaitOutcome;
using procspace::WaitSelector;

constexpr int children = 2000;

long reap(const Process& parent, std::atomic<int>& left) {
    long reaped = 0;
    while (left.load(std::memory_order_relaxed) > 0) {
        const auto answer = wait_blocking(*parent, WaitSelector::any());
        if (answer.outcome != WaitOutcome::event)
            continue; // none is there at this moment
        ++reaped;
        left.fetch_sub(1, std::memory_order_relaxed);
    }
    return reaped;
}

void breed(const Process& parent) {
    for (int i = 0; i < children / 2; ++i)
        parent->fork().build()->exit();
}

bool waits_and_exits() {
    procspace::BasicProcessTree<Traits> tree;
    const auto init = tree.new_init(1).build();
    const auto parent = init->fork().build();
    const auto sleeper = parent->fork().build(); // so that there is always a child to wait for
    std::atomic<int> left{children};
    std::atomic<long> reaped{0};
    {
        std::thread waiters[] = {std::thread([&] { reaped += reap(parent, left); }),
                                 std::thread([&] { reaped += reap(parent, left); })};
        std::thread breeders[] = {std::thread([&] { breed(parent); }), std::thread([&] { breed(parent); })};
        for (std::thread& breeder : breeders)
            breeder.join();
        while (left.load(std::memory_order_relaxed) > 0)
            std::this_thread::yield();
        sleeper->exit(); // wakes the one that asks once more than there are children
        for (std::thread& waiter : waiters)
            waiter.join();
    }
    return reaped >= children && !procspace::check_invariants(tree);
}

bool an_interrupted_wait_returns() {
    procspace::BasicProcessTree<Traits> tree;
    const auto init = tree.new_init(1).build();
    const auto child = init->fork().build();
    std::atomic<bool> interrupted{false};
    WaitOutcome outcome = WaitOutcome::event;
    std::thread waiter([&] {
        outcome = wait_blocking(*init, WaitSelector::any(), {}, [&] {
                      return interrupted.load(std::memory_order_acquire); // pairs with the store below
                  }).outcome;
    });
    interrupted.store(true, std::memory_order_release); // pairs with the load above
    procspace::WaitBeds::wake(init->pid());
    waiter.join();
    return outcome == WaitOutcome::none;
}

} // namespace

int main() {
    const bool passed = waits_and_exits() && an_interrupted_wait_returns();
    std::puts(passed ? "each child was reaped once" : "failed");
    return passed ? 0 : 1;
}
