#pragma once
// What the kernel needs of the machine it runs on. A folder of arch/ supplies it: processor.hpp has Irq,
// this_processor() and max_processors, which are inline; machine.cpp and boot.S the rest; link.ld where it all lies.

#include <processor.hpp>

namespace machine {

/// Makes faults and interrupts arrive on this processor. The first thing each processor does: a fault before it resets
/// the machine, or never ends.
void set_up(unsigned processor) noexcept;

/// Starts the processor with this number, which enters kernel_main(). Returns false when there is none.
[[nodiscard]] bool start_processor(unsigned processor) noexcept;

/// Lets on_tick() be called on this processor every quarter of a millisecond, whenever interrupts are not masked.
void start_timer() noexcept;

/// Writes to the serial console.
void put(char c) noexcept;

/// Ends the emulator with this exit status, an odd number: an emulator that ends by itself does so with 0 or 1.
[[noreturn]] void power_off(unsigned status) noexcept;

} // namespace machine

// What the machine calls.

/// Each processor on a stack of its own, with interrupts masked.
extern "C" [[noreturn]] void kernel_main(unsigned processor) noexcept;
/// With interrupts masked.
void on_tick() noexcept;
[[noreturn]] void on_fault(unsigned long number, unsigned long instruction, unsigned long address) noexcept;
