#pragma once
// x86-64: what is too short for a call.

namespace machine {

inline constexpr unsigned max_processors = 4; // boot.S has a stack for each

using IrqState = unsigned long;

/// Masks interrupts on this processor. Returns the flags as they were.
[[nodiscard]] inline IrqState mask_interrupts() noexcept {
    IrqState flags;
    asm volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
    return flags;
}
inline void unmask_interrupts() noexcept {
    asm volatile("sti" : : : "memory");
}
inline void restore_interrupts(IrqState flags) noexcept {
    constexpr IrqState enabled = 1UL << 9;
    if ((flags & enabled) != 0)
        unmask_interrupts();
}

/// Returns the number of this processor: set_up() has put it where GS points.
[[nodiscard]] inline unsigned this_processor() noexcept {
    unsigned number;
    asm volatile("movl %%gs:0, %0" : "=r"(number));
    return number;
}

} // namespace machine
