#pragma once
// System calls without libc: the threads of the run share the thread-local storage of the one that made them, errno
// included, and have no libc of their own.

#include <sys/syscall.h>

namespace conformance::live {

/// Returns what the kernel returned, a negative errno included. **Source**: syscall(2).
inline long raw(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) noexcept {
    long result = number;
    register long r10 asm("r10") = d;
    register long r8 asm("r8") = e;
    register long r9 asm("r9") = f;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
}

template <class T>
long address(T* pointer) noexcept {
    return reinterpret_cast<long>(pointer);
}

} // namespace conformance::live
