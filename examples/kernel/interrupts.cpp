// What the timer's handler saw while all the other scenes ran. The handler is on_tick(), and watch() in tasks.cpp.
#include "kernel.hpp"

namespace kernel {
namespace {

constinit std::atomic<unsigned> at_rest{0};

} // namespace

constinit std::atomic<unsigned> TimeUsed::of_the_dead{0};
TimeUsed::~TimeUsed() {
    // relaxed: counters, read when all processors are at rest.
    of_the_dead.fetch_add(ticks.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

void interrupts_scene() noexcept {
    // Each tick was counted in exactly one namespace: one that has ended, or the global one, which is current again.
    on_all_processors([](unsigned) {
        const machine::MaskedInterrupts masked;
        at_rest.fetch_add(1, std::memory_order_release); // pairs with the loop: its ticks are visible
        while (at_rest.load(std::memory_order_acquire) < processors())
            procspace::cpu_relax();
        if (machine::this_processor() != 0) {
            while (at_rest.load(std::memory_order_acquire) != processors() + 1) // until the sums are made
                procspace::cpu_relax();
            return;
        }
        unsigned ticks = 0, untracked = 0;
        for (unsigned i = 0; i < processors(); ++i) {
            const Cpu& one = cpu(i);
            ticks += one.ticks.load(std::memory_order_relaxed);
            untracked += one.untracked.load(std::memory_order_relaxed);
            check(one.ticks.load(std::memory_order_relaxed) > 100, "its timer has ticked throughout");
            check(one.wrong.load(std::memory_order_relaxed) == 0, "its handler never saw what cannot be");
            if (tick_hook.load(std::memory_order_relaxed) != nullptr)
                check(one.looks.load(std::memory_order_relaxed) > 10, "its handler has looked at running tasks");
        }
        const unsigned dead = TimeUsed::of_the_dead.load(std::memory_order_relaxed);
        const unsigned global = time_used.current<Traits>()->ticks.load(std::memory_order_relaxed);
        check(ticks == untracked + dead + global, "each tick was counted once, in the namespace that was current");
        check(dead > 0, "ticks came while other namespaces were current than the global one");
        print(Line() << "interrupts: " << ticks << " ticks, " << dead << " of them in namespaces of tasks\n");
        at_rest.fetch_add(1, std::memory_order_release); // pairs with the loop above
    });
}

} // namespace kernel
