// riscv64: traps, the timer and the interrupts between processors (CLINT), the serial port, and QEMU's test device.
#include "../../machine.hpp"

#include <procspace/core/config.hpp>

#include <cstdint>

extern "C" {
extern const unsigned char trap[];
}

namespace {

constexpr std::uintptr_t test = 0x00100000; // these three as -M virt has them; others ask the device tree
constexpr std::uintptr_t clint = 0x02000000;
constexpr std::uintptr_t serial = 0x10000000;

template <class Word>
volatile Word& device(std::uintptr_t address) noexcept {
    return *reinterpret_cast<volatile Word*>(address);
}

void next_tick() noexcept {
    constexpr std::uint64_t ticks_per_second = 10000000;
    device<std::uint64_t>(clint + 0x4000 + 8 * machine::this_processor()) =
        device<std::uint64_t>(clint + 0xbff8) + ticks_per_second / 4000;
}

} // namespace

extern "C" [[gnu::used]] void on_trap(unsigned long cause, unsigned long instruction, unsigned long address) noexcept {
    constexpr unsigned long timer_interrupt = 1UL << 63 | 7;
    if (cause != timer_interrupt)
        on_fault(cause, instruction, address);
    next_tick(); // which also ends this one
    on_tick();
}

// What g++ calls where the processor has no instruction for it. Programs have it from libgcc, which Debian builds for
// processors with floating point.
extern "C" int ctz(unsigned long bits) noexcept asm("__ctzdi2");
int ctz(unsigned long bits) noexcept {
    int zeros = 0;
    for (; (bits & 1) == 0; bits >>= 1)
        ++zeros;
    return zeros;
}

namespace machine {

void set_up(unsigned) noexcept {
    constexpr std::uintptr_t timer = 1 << 7; // of all interrupts the only one
    asm volatile("csrw mtvec, %0" : : "r"(trap));
    asm volatile("csrw mie, %0" : : "r"(timer));
}

bool start_processor(unsigned processor) noexcept {
    auto& interrupt = device<std::uint32_t>(clint + 4 * processor);
    interrupt = 1;
    return interrupt != 0; // which it stays: 0 is what the CLINT has for processors that are not there
}

void start_timer() noexcept {
    next_tick();
}

void put(char c) noexcept {
    while ((device<std::uint8_t>(serial + 5) & 0x20) == 0)
        procspace::cpu_relax();
    device<std::uint8_t>(serial) = static_cast<std::uint8_t>(c);
}

void power_off(unsigned status) noexcept {
    constexpr std::uint32_t fail = 0x3333; // the only one that takes a status along
    for (;;)
        device<std::uint32_t>(test) = status << 16 | fail;
}

} // namespace machine
