#pragma once
// riscv64: what is too short for a call.

namespace machine {

inline constexpr unsigned max_processors = 4; // boot.S has a stack for each

/// Interrupts on this processor, as the library's SpinNoIrq wants to mask them.
struct Irq {
    static constexpr unsigned long enabled = 1 << 3;

    /// Returns the status as it was.
    [[nodiscard]] static unsigned long save_and_disable() noexcept {
        unsigned long status;
        asm volatile("csrrc %0, mstatus, %1" : "=r"(status) : "rK"(enabled) : "memory");
        return status;
    }
    static void restore(unsigned long status) noexcept {
        asm volatile("csrs mstatus, %0" : : "r"(status & enabled) : "memory");
    }
    static void enable() noexcept { restore(enabled); }
};

/// Returns the number of this processor, which boot.S has put there.
[[nodiscard]] inline unsigned this_processor() noexcept {
    unsigned long number;
    asm volatile("mv %0, tp" : "=r"(number));
    return static_cast<unsigned>(number);
}

} // namespace machine
