#pragma once
// aarch64: what is too short for a call.

namespace machine {

inline constexpr unsigned max_processors = 4; // boot.S has a stack for each

/// Interrupts on this processor, as the library's SpinNoIrq wants to mask them.
struct Irq {
    /// Returns the mask as it was.
    [[nodiscard]] static unsigned long save_and_disable() noexcept {
        unsigned long mask;
        asm volatile("mrs %0, daif\n\tmsr daifset, #2" : "=r"(mask) : : "memory");
        return mask;
    }
    static void restore(unsigned long mask) noexcept { asm volatile("msr daif, %0" : : "r"(mask) : "memory"); }
    static void enable() noexcept { asm volatile("msr daifclr, #2" : : : "memory"); }
};

/// Returns the number of this processor, which set_up() has put there.
[[nodiscard]] inline unsigned this_processor() noexcept {
    unsigned long number;
    asm volatile("mrs %0, tpidr_el1" : "=r"(number));
    return static_cast<unsigned>(number);
}

} // namespace machine
