#pragma once
// x86-64: what is too short for a call.

namespace machine {

inline constexpr unsigned max_processors = 4; // boot.S has a stack for each

/// Interrupts on this processor, as the library's SpinNoIrq wants to mask them.
struct Irq {
    /// Returns the flags as they were.
    [[nodiscard]] static unsigned long save_and_disable() noexcept {
        unsigned long flags;
        asm volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
        return flags;
    }
    static void restore(unsigned long flags) noexcept {
        constexpr unsigned long enabled = 1UL << 9;
        if ((flags & enabled) != 0)
            enable();
    }
    static void enable() noexcept { asm volatile("sti" : : : "memory"); }
};

/// Returns the number of this processor: set_up() has put it where GS points.
[[nodiscard]] inline unsigned this_processor() noexcept {
    unsigned number;
    asm volatile("movl %%gs:0, %0" : "=r"(number));
    return number;
}

} // namespace machine
