// In place of main.cpp: a trap before there is a handler. Where x86-64 resets, riscv64 traps for ever. No test may take
// that for a pass.
#include "../../examples/kernel/machine.hpp"

void kernel_main(unsigned) noexcept {
    __builtin_trap();
}
