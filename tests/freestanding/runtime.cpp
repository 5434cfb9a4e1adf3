// What a kernel has to supply so that everything.cpp links and runs: the policies, the functions that a compiler calls
// on its own, and an entry. Nothing of a C or C++ library is linked.
#include <cstddef>
#include <cstdint>
#include <new>

extern "C" {

int freestanding_main();

void* kernel_allocate(std::size_t size, std::size_t align) noexcept;
void kernel_free(void* p) noexcept;
[[noreturn]] void kernel_panic(const char* what) noexcept;
unsigned long kernel_irq_save() noexcept;
void kernel_irq_restore(unsigned long state) noexcept;
[[noreturn]] void kernel_stop(int status);

void* memcpy(void* dst, const void* src, std::size_t n);
void* memset(void* dst, int byte, std::size_t n);

static unsigned char arena[1 << 16];
static std::size_t used = 0;

void* kernel_allocate(std::size_t size, std::size_t align) noexcept {
    const auto base = reinterpret_cast<std::uintptr_t>(arena);
    const std::size_t begin = (base + used + align - 1) / align * align - base;
    if (begin + size > sizeof(arena))
        return nullptr;
    used = begin + size;
    return arena + begin;
}
void kernel_free(void*) noexcept {}
void kernel_panic(const char*) noexcept {
    kernel_stop(255);
}
unsigned long kernel_irq_save() noexcept {
    return 0;
}
void kernel_irq_restore(unsigned long) noexcept {}

void* memcpy(void* dst, const void* src, std::size_t n) {
    auto* to = static_cast<volatile unsigned char*>(dst);
    const auto* from = static_cast<const volatile unsigned char*>(src);
    for (std::size_t i = 0; i < n; ++i)
        to[i] = from[i];
    return dst;
}
void* memset(void* dst, int byte, std::size_t n) {
    auto* to = static_cast<volatile unsigned char*>(dst);
    for (std::size_t i = 0; i < n; ++i)
        to[i] = static_cast<unsigned char>(byte);
    return dst;
}

// The status has eight bits, and 0 must mean that nothing failed.
[[noreturn]] void runtime_start();
void runtime_start() {
    const int line = freestanding_main();
    kernel_stop(line == 0 ? 0 : line % 250 + 1);
}

} // extern "C"

#ifdef USE_DEFAULT_TRAITS
const std::nothrow_t std::nothrow{};
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return kernel_allocate(size, 16);
}
void* operator new(std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
    return kernel_allocate(size, static_cast<std::size_t>(align));
}
void operator delete(void*) noexcept {}
void operator delete(void*, std::align_val_t) noexcept {}
void operator delete(void*, std::size_t) noexcept {}
void operator delete(void*, std::size_t, std::align_val_t) noexcept {}
extern "C" [[noreturn]] void abort() {
    kernel_stop(254);
}
#endif

#if defined(__x86_64__)
asm(".globl _start\n"
    "_start:\n"
    "    xor %ebp, %ebp\n"
    "    and $-16, %rsp\n"
    "    call runtime_start\n");
void kernel_stop(int status) {
    for (;;)
        asm volatile("syscall" : : "a"(231L), "D"(static_cast<long>(status)) : "rcx", "r11", "memory"); // exit_group
}
#elif defined(__aarch64__)
asm(".globl _start\n"
    "_start:\n"
    "    mov x29, xzr\n"
    "    bl runtime_start\n");
void kernel_stop(int status) {
    register long number asm("x8") = 94; // exit_group
    register long argument asm("x0") = status;
    for (;;)
        asm volatile("svc #0" : : "r"(number), "r"(argument) : "memory");
}
#else
#error "runtime.cpp knows Linux on x86-64 and aarch64"
#endif
