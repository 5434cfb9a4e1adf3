// In place of main.cpp: a fault with no table of gates, which resets the machine. No test may take that for a pass.
#include "../../examples/kernel/machine.hpp"

void kernel_main(unsigned) noexcept {
    const struct [[gnu::packed]] {
        unsigned short limit = 0;
        const void* table = nullptr;
    } none;
    asm volatile("lidt %0\n\tud2" : : "m"(none));
    for (;;) {}
}
