// The kernel: boots the processors, gives them work, counts ticks and checks, and says how it went.
#include "kernel.hpp"

namespace kernel {
namespace {

constinit Cpu cpus[machine::max_processors];
constinit Lock console;

constinit std::atomic<unsigned> running{0}; // processors
constinit std::atomic<unsigned> passed{0};  // checks
constinit std::atomic<unsigned> failed{0};

// A job for all processors: its number goes up when it is there, `busy` down to zero when it is done.
constinit std::atomic<void (*)(unsigned)> job{nullptr};
constinit std::atomic<unsigned> jobs{0};
constinit std::atomic<unsigned> busy{0};

// Exit statuses; what QEMU and `timeout` make by themselves is none of them.
constexpr unsigned status_passed = 33;
constexpr unsigned status_panic = 35;
constexpr unsigned status_failed = 37;

void write(const char* text) noexcept {
    for (; *text != '\0'; ++text)
        machine::put(*text);
}

[[noreturn]] void serve(unsigned processor) noexcept {
    for (unsigned done = 0;;) {
        // acquire: pairs with on_all_processors(): the job is visible, and what its caller did before.
        while (jobs.load(std::memory_order_acquire) == done)
            procspace::cpu_relax();
        ++done;
        job.load(std::memory_order_relaxed)(processor);
        busy.fetch_sub(1, std::memory_order_release); // pairs with on_all_processors(): what the job did is visible
    }
}

void scene(const char* name, void (*run)()) noexcept {
    const unsigned before = passed.load(std::memory_order_relaxed);
    print(Line() << name << "...\n");
    run();
    print(Line() << name << ": " << (passed.load(std::memory_order_relaxed) - before) << " checks hold\n");
}

} // namespace

constinit std::atomic<void (*)(Cpu&)> tick_hook{nullptr};

Cpu& cpu(unsigned processor) noexcept {
    return cpus[processor];
}
unsigned processors() noexcept {
    return running.load(std::memory_order_relaxed); // does not change after the boot
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

void on_all_processors(void (*f)(unsigned)) noexcept {
    job.store(f, std::memory_order_relaxed);
    busy.store(processors() - 1, std::memory_order_relaxed);
    jobs.fetch_add(1, std::memory_order_release); // pairs with serve(): both of the above are visible
    f(0);
    while (busy.load(std::memory_order_acquire) != 0) // pairs with serve(): what the others did is visible
        procspace::cpu_relax();
}

// --- policies
// ----------------------------------------------------------------------------------------------------------

void Traits::panic(const char* what, procspace::Location where) noexcept {
    const machine::MaskedInterrupts masked; // without the console's lock: this processor may hold it
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

// --- what the machine calls
// --------------------------------------------------------------------------------------------

void on_tick() noexcept {
    using namespace kernel;
    Cpu& cpu = this_cpu();
    // relaxed: counters of this processor, which others read when it is at rest.
    cpu.ticks.fetch_add(1, std::memory_order_relaxed);
    // Whose time is it? The namespace that was current when the interrupt came; no lock, no memory.
    if (const auto used = time_used.try_current<Traits>())
        used->ticks.fetch_add(1, std::memory_order_relaxed);
    else
        cpu.untracked.fetch_add(1, std::memory_order_relaxed);
    if (const auto whose = owner.try_current<Traits>())
        cpu.wrong.fetch_add(*whose == cpu.owner ? 0 : 1, std::memory_order_relaxed);
    if (void (*const hook)(Cpu&) = tick_hook.load(std::memory_order_relaxed))
        hook(cpu);
}

void on_fault(unsigned long number, unsigned long instruction, unsigned long address) noexcept {
    kernel::Traits::panic(
        (kernel::Line() << "fault " << number << " at instruction " << instruction << ", address " << address).text(),
        procspace::Location::current());
}

void kernel_main(unsigned processor) noexcept {
    using namespace kernel;
    machine::set_up(processor);
    machine::start_timer();
    machine::Irq::enable();
    running.fetch_add(1, std::memory_order_release); // pairs with the loop below: it is set up
    if (processor != 0)
        serve(processor);

    for (unsigned next = 1; next < machine::max_processors && machine::start_processor(next); ++next)
        while (running.load(std::memory_order_acquire) == next) // pairs with the above, on the other processor
            procspace::cpu_relax();
    print(Line() << "procspace: " << processors() << " processors, " << procspace::Registry::size() << " resources\n");

    scene("resources", resources_scene);
    scene("namespaces", namespaces_scene);
    scene("memory", memory_scene);
#if __STDC_HOSTED__
    scene("tasks", tasks_scene);
    scene("counts", counts_scene);
    scene("processes", processes_scene);
    scene("jobs", jobs_scene);
    scene("process memory", process_memory_scene);
#endif
    scene("interrupts", interrupts_scene);

    const unsigned failures = failed.load(std::memory_order_relaxed);
    print(Line() << "tally: " << passed.load(std::memory_order_relaxed) << " passed, " << failures << " failed\n");
    machine::power_off(failures == 0 ? status_passed : status_failed);
}
