// aarch64: traps, the interrupt controller (GICv2), the generic timer, the serial port, PSCI and semihosting.
#include "../../machine.hpp"

#include <procspace/core/config.hpp>

#include <cstdint>

extern "C" {
extern const unsigned char traps[];
extern const unsigned char _start[];
}

namespace {

constexpr std::uintptr_t distributor = 0x08000000; // these three as -M virt has them; others ask the device tree
constexpr std::uintptr_t interface = 0x08010000;
constexpr std::uintptr_t serial = 0x09000000;
constexpr std::uint32_t timer_interrupt = 27; // the virtual timer's

volatile std::uint32_t& device(std::uintptr_t address) noexcept {
    return *reinterpret_cast<volatile std::uint32_t*>(address);
}

void next_tick() noexcept {
    std::uint64_t ticks_per_second;
    asm volatile("mrs %0, cntfrq_el0" : "=r"(ticks_per_second));
    asm volatile("msr cntv_tval_el0, %0" : : "r"(ticks_per_second / 4000));
}

} // namespace

extern "C" [[gnu::used]] void on_trap(unsigned long vector) noexcept {
    constexpr unsigned long interrupt = 5;
    if (vector != interrupt) {
        std::uint64_t syndrome, instruction, address;
        asm volatile("mrs %0, esr_el1" : "=r"(syndrome));
        asm volatile("mrs %0, elr_el1" : "=r"(instruction));
        asm volatile("mrs %0, far_el1" : "=r"(address));
        on_fault(syndrome, instruction, address);
    }
    const std::uint32_t number = device(interface + 0x00c); // takes it
    if ((number & 0x3ff) == timer_interrupt) {
        next_tick();
        on_tick();
    }
    device(interface + 0x010) = number; // ends it
}

namespace machine {

void set_up(unsigned processor) noexcept {
    asm volatile("msr vbar_el1, %0" : : "r"(traps));
    asm volatile("msr tpidr_el1, %0" : : "r"(std::uint64_t{processor}));
    asm volatile("isb");
    if (processor == 0)
        device(distributor) = 1;
    device(distributor + 0x100) = 1U << timer_interrupt; // enabled, for this processor
    device(interface + 0x004) = 0xff;                    // interrupts of every priority
    device(interface) = 1;
}

bool start_processor(unsigned processor) noexcept {
    register std::uint64_t call asm("x0") = 0xc4000003; // PSCI, CPU_ON
    register std::uint64_t target asm("x1") = processor;
    register std::uint64_t entry asm("x2") = reinterpret_cast<std::uintptr_t>(_start);
    register std::uint64_t context asm("x3") = 0;
    asm volatile("hvc #0" : "+r"(call), "+r"(target), "+r"(entry), "+r"(context) : : "memory");
    return call == 0;
}

void start_timer() noexcept {
    next_tick();
    asm volatile("msr cntv_ctl_el0, %0" : : "r"(std::uint64_t{1}));
}

void put(char c) noexcept {
    while ((device(serial + 0x18) & 1U << 5) != 0) // its queue is full
        procspace::cpu_relax();
    device(serial) = static_cast<unsigned char>(c);
}

void power_off(unsigned status) noexcept {
    const std::uint64_t block[2] = {0x20026, status}; // the application has exited
    register std::uint64_t call asm("x0") = 0x20;     // SYS_EXIT_EXTENDED
    register const std::uint64_t* argument asm("x1") = block;
    for (;;)
        asm volatile("hlt #0xf000" : "+r"(call) : "r"(argument) : "memory");
}

} // namespace machine
