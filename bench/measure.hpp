#pragma once
// What keeps the compiler from removing, or moving, the very thing that is measured.

namespace bench {

/// Uses `value`, and may have changed any memory: what was read before has to be read again.
template <class T>
inline void use(T value) noexcept {
    asm volatile("" : : "r"(value) : "memory");
}

/// Returns `pointer` as if nothing were known about it. Stays in a register, so that it adds nothing to a chain of
/// loads; benchmark::DoNotOptimize may go through the stack.
template <class T>
[[nodiscard]] inline T* unknown(T* pointer) noexcept {
    asm volatile("" : "+r"(pointer));
    return pointer;
}

} // namespace bench
