// The kernel: boots the processors, runs the scenes on them, and says how it went; and the handler of the timer.
#include "kernel.hpp"

namespace kernel {

constinit Cpu cpus[machine::max_processors];

namespace {

constinit std::atomic<unsigned> processors{0}; // that run
constinit std::atomic<unsigned> passed{0};     // checks
constinit std::atomic<unsigned> failed{0};
constinit Lock console;

// Exit statuses; what QEMU and `timeout` make by themselves is none of them.
constexpr unsigned status_passed = 33;
constexpr unsigned status_panic = 35;
constexpr unsigned status_failed = 37;

Cpu& this_cpu() noexcept {
    return cpus[machine::this_processor()];
}

void write(const char* text) noexcept {
    for (; *text != '\0'; ++text)
        machine::put(*text);
}

[[noreturn]] void serve(Cpu& cpu) noexcept {
    for (;; procspace::cpu_relax())
        if (void (*const job)() = cpu.job.load(std::memory_order_acquire)) { // pairs with on_all_processors(), as below
            job();
            cpu.job.store(nullptr, std::memory_order_release);
        }
}

/// What the handlers saw while all the other scenes ran.
void interrupts_scene() noexcept {
    for (unsigned i = 0; i < processors.load(std::memory_order_relaxed); ++i) {
        const unsigned ticks = cpus[i].ticks.load(std::memory_order_relaxed);
        const unsigned looks = cpus[i].looks.load(std::memory_order_relaxed);
        check(ticks > 3, "its timer ticks");
        check(cpus[i].wrong.load(std::memory_order_relaxed) == 0, "its handler never saw what cannot be");
#if __STDC_HOSTED__
        check(looks > 0, "its handler has looked at running threads");
#endif
        print(Line() << "processor " << i << ": " << ticks << " ticks, " << looks << " looks at running threads\n");
    }
}

/// `leaks`: how many blocks stay on the heap.
void scene(const char* name, void (*run)() noexcept, std::size_t leaks = 0) noexcept {
    const unsigned before = passed.load(std::memory_order_relaxed);
    const std::size_t live = Heap::counts().live;
    print(Line() << name << "...\n");
    run();
    check(Heap::counts().live == live + leaks, "nothing else is left on the heap");
    print(Line() << name << ": " << (passed.load(std::memory_order_relaxed) - before) << " checks hold\n");
}

} // namespace

void switch_to(const Namespace* ns, const Thread* running) noexcept {
    const auto state = machine::Irq::save_and_disable(); // for the handler all three change at once
    Traits::CurrentNs::switch_to(ns);
    this_cpu().owner = ns != nullptr ? owner.get(*ns) : 0;
    this_cpu().running = running;
    machine::Irq::restore(state);
}

void on_all_processors(void (*f)()) noexcept {
    const unsigned all = processors.load(std::memory_order_relaxed); // does not change after the boot
    for (unsigned i = 1; i < all; ++i)
        cpus[i].job.store(f, std::memory_order_release); // pairs with serve(): what the caller did
    f();
    for (unsigned i = 1; i < all; ++i)
        while (cpus[i].job.load(std::memory_order_acquire) != nullptr) // pairs with serve(): what the others did
            procspace::cpu_relax();
}

void print(const Line& line) noexcept {
    const procspace::LockGuard<Lock> guard(console);
    write(line.text());
}

void check(bool holds, const char* what, procspace::Location where) noexcept {
    (holds ? passed : failed).fetch_add(1, std::memory_order_relaxed); // read when all is done
    if (!holds)
        print(Line() << "FAILED: " << what << " (" << where.file << ":" << where.line << ")\n");
}

void Traits::panic(const char* what, procspace::Location where) noexcept {
    static_cast<void>(machine::Irq::save_and_disable());
    // Without the console's lock, which this processor may hold.
    write((Line() << "PANIC: " << what << " (" << where.file << ":" << where.line << ")\n").text());
    machine::power_off(status_panic);
}
procspace::CurrentSlot<Traits>& Traits::current_slot() noexcept {
    return this_cpu().current;
}
const void* Traits::execution_context() noexcept {
    return &this_cpu();
}

} // namespace kernel

void on_tick() noexcept {
    using namespace kernel;
    Cpu& cpu = this_cpu();
    // Its own counters are relaxed: others read them when all is done.
    cpu.ticks.fetch_add(1, std::memory_order_relaxed);
    // Whose time is it? That of the namespace which was current when the interrupt came: no lock, no memory.
    time_used.current<Traits>()->fetch_add(1, std::memory_order_relaxed);
    bool possible = *owner.current<Traits>() == cpu.owner;
    // The heap has a lock, which this very processor was perhaps about to take.
    const Heap::Counts heap = Heap::counts();
    possible = possible && heap.live <= heap.allocations;
#if __STDC_HOSTED__
    if (cpu.running != nullptr) {
        possible = possible && is_possible(*cpu.running);
        cpu.looks.fetch_add(1, std::memory_order_relaxed);
    }
#endif
    cpu.wrong.fetch_add(possible ? 0 : 1, std::memory_order_relaxed);
}

void on_fault(unsigned long number, unsigned long instruction, unsigned long address) noexcept {
    kernel::Traits::panic(
        (kernel::Line() << "fault " << number << " at instruction " << instruction << ", address " << address).text(),
        procspace::Location::current());
}

void kernel_main(unsigned processor) noexcept {
    using namespace kernel;
    machine::set_up(processor);
    static_cast<void>(procspace::global_ns<Traits>()); // made before the first tick, which is charged to it
    machine::start_timer();
    machine::Irq::enable();
    processors.fetch_add(1, std::memory_order_release); // pairs with the loop below: it is set up
    if (processor != 0)
        serve(cpus[processor]);

    for (unsigned next = 1; next < machine::max_processors && machine::start_processor(next); ++next)
        while (processors.load(std::memory_order_acquire) == next) // pairs with the above, on the other processor
            procspace::cpu_relax();
    print(Line() << "procspace: " << processors.load(std::memory_order_relaxed) << " processors, "
                 << procspace::Registry::size() << " resources\n");

    scene("resources", resources_scene, 1); // one that has had too many owners is never freed
    scene("namespaces", namespaces_scene);
#if __STDC_HOSTED__
    scene("processes", processes_scene);
    scene("jobs", jobs_scene);
#endif
    scene("memory", memory_scene);
    scene("interrupts", interrupts_scene);

    const unsigned failures = failed.load(std::memory_order_relaxed);
    print(Line() << "tally: " << passed.load(std::memory_order_relaxed) << " passed, " << failures << " failed\n");
    machine::power_off(failures == 0 ? status_passed : status_failed);
}
