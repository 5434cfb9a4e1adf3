// x86-64: traps, the local APIC with its timer, the serial port, and what QEMU has of its own.
#include "../../machine.hpp"

#include <procspace/core/config.hpp>

#include <cstddef>
#include <cstdint>

extern "C" {
extern const unsigned char traps[];
extern const unsigned char trampoline[], trampoline_end[];
}

namespace {

constexpr unsigned vectors = 48;
constexpr unsigned timer_vector = 32;
constexpr unsigned spurious_vector = 47;

struct [[gnu::packed]] Gate {
    std::uint16_t low;
    std::uint16_t segment;
    std::uint16_t kind;
    std::uint16_t middle;
    std::uint32_t high;
    std::uint32_t unused;
};
struct [[gnu::packed]] TablePointer {
    std::uint16_t limit;
    const void* table;
};

constinit Gate gates[vectors]{};
constinit unsigned numbers[machine::max_processors]{};

void out8(std::uint16_t port, std::uint8_t value) noexcept {
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
void out16(std::uint16_t port, std::uint16_t value) noexcept {
    asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}
std::uint8_t in8(std::uint16_t port) noexcept {
    std::uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

enum class Apic : std::uintptr_t {
    end_of_interrupt = 0xb0,
    spurious = 0xf0,
    command = 0x300,
    command_target = 0x310,
    timer = 0x320,
    timer_start = 0x380,
    timer_divider = 0x3e0
};
void write(Apic which, std::uint32_t value) noexcept {
    *reinterpret_cast<volatile std::uint32_t*>(0xfee00000 + static_cast<std::uintptr_t>(which)) = value;
}

} // namespace

/// What boot.S and the processor have pushed.
struct TrapFrame {
    std::uint64_t saved[9];
    std::uint64_t vector;
    std::uint64_t error;
    std::uint64_t instruction;
};

extern "C" [[gnu::used]] void on_trap(const TrapFrame* frame) noexcept {
    if (frame->vector == timer_vector) {
        write(Apic::end_of_interrupt, 0);
        on_tick();
    } else if (frame->vector != spurious_vector) {
        std::uint64_t address;
        asm volatile("movq %%cr2, %0" : "=r"(address));
        on_fault(frame->vector, frame->instruction, address);
    }
}

namespace machine {

void set_up(unsigned processor) noexcept {
    if (processor == 0) // the others start when it is done
        for (unsigned i = 0; i < vectors; ++i) {
            constexpr std::uint16_t interrupt_gate = 0x8e00;
            const auto trap = reinterpret_cast<std::uintptr_t>(traps + 16 * i);
            gates[i] = {
                static_cast<std::uint16_t>(trap),       0x10, interrupt_gate, static_cast<std::uint16_t>(trap >> 16),
                static_cast<std::uint32_t>(trap >> 32), 0};
        }
    const TablePointer pointer{sizeof gates - 1, gates};
    asm volatile("lidt %0" : : "m"(pointer));

    constexpr std::uint32_t gs_base = 0xc0000101;
    numbers[processor] = processor;
    const auto own = reinterpret_cast<std::uintptr_t>(&numbers[processor]);
    asm volatile("wrmsr" : : "c"(gs_base), "a"(static_cast<std::uint32_t>(own)), "d"(own >> 32));

    out8(0x21, 0xff); // the two interrupt controllers of old: all lines masked
    out8(0xa1, 0xff);
    write(Apic::spurious, 0x100 | spurious_vector); // enables it
}

bool start_processor(unsigned processor) noexcept {
    constexpr std::uint16_t number_of_processors = 5;
    out16(0x510, number_of_processors); // QEMU's own configuration device; others ask ACPI
    const unsigned low = in8(0x511);
    if (processor >= (low | static_cast<unsigned>(in8(0x511)) << 8))
        return false;
    constexpr std::uintptr_t start = 0x8000;
    auto* const to = reinterpret_cast<volatile unsigned char*>(start);
    for (std::ptrdiff_t i = 0; i < trampoline_end - trampoline; ++i)
        to[i] = trampoline[i];
    constexpr unsigned millisecond = 1000000;
    write(Apic::command_target, processor << 24);
    write(Apic::command, 0x4500); // INIT
    procspace::cpu_wait(10 * millisecond);
    write(Apic::command_target, processor << 24);
    write(Apic::command, 0x4600 | start >> 12); // STARTUP
    return true;
}

void start_timer() noexcept {
    constexpr std::uint32_t periodic = 1 << 17;
    write(Apic::timer_divider, 0x3); // by 16
    write(Apic::timer, periodic | timer_vector);
    write(Apic::timer_start, 1000000000 / 16 / 4000); // of QEMU's 1 GHz; real ones are to be measured
}

void put(char c) noexcept {
    constexpr std::uint16_t serial = 0x3f8;
    while ((in8(serial + 5) & 0x20) == 0)
        procspace::cpu_relax();
    out8(serial, static_cast<std::uint8_t>(c));
}

void power_off(unsigned status) noexcept {
    for (;;)
        out8(0xf4, static_cast<std::uint8_t>(status / 2)); // isa-debug-exit makes it 2 * n + 1
}

} // namespace machine
