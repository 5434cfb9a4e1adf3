#pragma once
// aarch64: what is too short for a call.

namespace machine {

inline constexpr unsigned max_processors = 4; // boot.S has a stack for each

using IrqState = unsigned long;

/// Masks interrupts on this processor. Returns the mask as it was.
[[nodiscard]] inline IrqState mask_interrupts() noexcept {
    IrqState mask;
    asm volatile("mrs %0, daif\n\tmsr daifset, #2" : "=r"(mask) : : "memory");
    return mask;
}
inline void unmask_interrupts() noexcept {
    asm volatile("msr daifclr, #2" : : : "memory");
}
inline void restore_interrupts(IrqState mask) noexcept {
    asm volatile("msr daif, %0" : : "r"(mask) : "memory");
}

/// Returns the number of this processor, which set_up() has put there.
[[nodiscard]] inline unsigned this_processor() noexcept {
    unsigned long number;
    asm volatile("mrs %0, tpidr_el1" : "=r"(number));
    return static_cast<unsigned>(number);
}

} // namespace machine
