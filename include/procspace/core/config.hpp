#pragma once
// What the compiler and the target offer. The only header that decides by #if what the library is made of.

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "procspace needs C++20: compile with -std=c++20"
#endif

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
#define PROCSPACE_HAS_EXCEPTIONS 1
#define PROCSPACE_TRY try
#define PROCSPACE_CATCH(declaration) catch (declaration)
#define PROCSPACE_THROW(exception) throw exception
#define PROCSPACE_RETHROW() throw
#else
#define PROCSPACE_HAS_EXCEPTIONS 0
#define PROCSPACE_TRY if constexpr (true)
#define PROCSPACE_CATCH(declaration) else
#define PROCSPACE_THROW(exception) __builtin_trap()
#define PROCSPACE_RETHROW() __builtin_trap()
#endif

// How the registry finds resources: 0 by a section that the linker collects, which needs ELF; 1 by a list that static
// constructors build. Set it for the whole program (CMake: the option of the same name) or not at all.
#ifndef PROCSPACE_PORTABLE_REGISTRY
#ifdef __ELF__
#define PROCSPACE_PORTABLE_REGISTRY 0
#else
#define PROCSPACE_PORTABLE_REGISTRY 1
#endif
#endif
#if !PROCSPACE_PORTABLE_REGISTRY && !defined(__ELF__)
#error "procspace: only ELF has sections with bounds: leave PROCSPACE_PORTABLE_REGISTRY undefined, or define it as 1"
#endif

// `used` keeps a registry slot in the object file, `retain` keeps it through --gc-sections; lld drops a slot that is
// only `used`, and older compilers do not know `retain`.
#if defined(__has_attribute)
#if __has_attribute(retain)
#define PROCSPACE_KEEP_SLOT gnu::used, gnu::retain
#endif
#endif
#ifndef PROCSPACE_KEEP_SLOT
#define PROCSPACE_KEEP_SLOT gnu::used
#endif

// What a definition of a resource puts into its translation unit; the name and &resource in braces follow.
#if PROCSPACE_PORTABLE_REGISTRY
#define PROCSPACE_REGISTRY_SLOT static ::procspace::ListedSlot
#else
#define PROCSPACE_REGISTRY_SLOT                                                                                        \
    [[gnu::section("procspace_resources"), PROCSPACE_KEEP_SLOT]] static constinit const ::procspace::Resource*
#endif

#if __STDC_HOSTED__ && defined(__ELF__)
// No header: freestanding builds have none for it, and a C header would put its names in scope. A weak reference, so
// that an image without a C library still links and stops in silence, while the program's own use of write() stays as
// it was.
extern "C" {
[[gnu::weakref("write")]] static decltype(sizeof 0) procspace_write(int descriptor, const void* bytes,
                                                                    decltype(sizeof 0) count);
}
#endif

// For functions that run seldom: apart from the others, and small rather than fast. None that a user calls: a compiler
// takes the caller of such a function for one that runs seldom, with the loops in it. Where all is to be small (-Os),
// clang makes them smaller when it is not told to make them smaller still.
#define PROCSPACE_SELDOM gnu::noinline, gnu::cold
#if defined(__has_cpp_attribute) && !defined(__OPTIMIZE_SIZE__)
#if __has_cpp_attribute(clang::minsize)
#undef PROCSPACE_SELDOM
#define PROCSPACE_SELDOM gnu::noinline, gnu::cold, clang::minsize
#endif
#endif

// For functions that are one for all where all is to be small: those with many callers, left to the compiler otherwise,
// and the steps that each process takes often, always inlined otherwise: a call would be a good part of them.
#ifdef __OPTIMIZE_SIZE__
#define PROCSPACE_SHARED gnu::noinline
#define PROCSPACE_OFTEN gnu::noinline
#else
#define PROCSPACE_SHARED
#define PROCSPACE_OFTEN gnu::always_inline
#endif

// For functions with one caller, and those that are a call themselves: part of the caller where all is to be small.
// Otherwise left to the compiler, apart from a caller that most often does without, or among what runs seldom.
#ifdef __OPTIMIZE_SIZE__
#define PROCSPACE_PART gnu::always_inline
#define PROCSPACE_OUTER_PART gnu::always_inline
#define PROCSPACE_SELDOM_PART gnu::always_inline
#else
#define PROCSPACE_PART
#define PROCSPACE_OUTER_PART gnu::noinline
#define PROCSPACE_SELDOM_PART PROCSPACE_SELDOM
#endif

// Whether all is to be small: what is but a quicker way through the usual case is then left out.
#ifdef __OPTIMIZE_SIZE__
#define PROCSPACE_SMALL true
#else
#define PROCSPACE_SMALL false
#endif

// Lets compilers that know it warn of a reference that outlives the object it came from.
#if defined(__has_cpp_attribute)
#if __has_cpp_attribute(clang::lifetimebound)
#define PROCSPACE_LIFETIME_BOUND [[clang::lifetimebound]]
#endif
#endif
#ifndef PROCSPACE_LIFETIME_BOUND
#define PROCSPACE_LIFETIME_BOUND
#endif

namespace procspace {

/// True when the library may throw. It then throws only std::bad_alloc, and only from functions without `try_`.
inline constexpr bool has_exceptions = PROCSPACE_HAS_EXCEPTIONS != 0;

/// True where resources are found by a list, not by a section.
inline constexpr bool has_portable_registry = PROCSPACE_PORTABLE_REGISTRY != 0;

/// True in a hosted implementation: an operating system with a C library is underneath.
inline constexpr bool is_hosted = __STDC_HOSTED__ != 0;

/// True where object files are ELF.
#ifdef __ELF__
inline constexpr bool is_elf = true;
#else
inline constexpr bool is_elf = false;
#endif

/// Tells the processor that this is a spin loop.
inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#elif defined(__riscv)
    asm volatile(".4byte 0x0100000f"); // pause: an older assembler does not know it, an older processor does nothing
#endif
}

/// Waits for about so many nanoseconds, or a little longer. By the processor's own counter where it has one that needs
/// no privilege: how long a pause takes differs by a factor of ten between processors. Good to a factor of two, which
/// is all that a back-off asks for.
inline void cpu_wait(unsigned nanoseconds) noexcept {
#if defined(__x86_64__)
    constexpr unsigned ticks_per_two_nanoseconds = 5; // of the time stamp counter: from 4 to 8 on what is in use
    const unsigned long long ticks = static_cast<unsigned long long>(nanoseconds) * ticks_per_two_nanoseconds / 2;
    for (const unsigned long long start = __builtin_ia32_rdtsc(); __builtin_ia32_rdtsc() - start < ticks;)
        cpu_relax();
#elif defined(__aarch64__)
    unsigned long long start, now, ticks_per_second;
    asm volatile("mrs %0, cntfrq_el0" : "=r"(ticks_per_second));
    asm volatile("mrs %0, cntvct_el0" : "=r"(start));
    const unsigned long long ticks = nanoseconds * ticks_per_second / 1000000000;
    do {
        cpu_relax();
        asm volatile("mrs %0, cntvct_el0" : "=r"(now));
    } while (now - start < ticks);
#else
    for (unsigned i = 0; i < nanoseconds / 30; ++i)
        cpu_relax();
#endif
}

/// Returns an address that differs between any two threads running now, or null where there is none to be had. One
/// instruction and no symbol: hosted programs reach it through a register that their C library has set up. A kernel
/// that is compiled as if it were hosted has set up none, and gives its traits an execution_context() of its own.
inline const void* thread_pointer() noexcept {
#if __STDC_HOSTED__ && defined(__ELF__) && !defined(__code_model_kernel__) &&                                          \
    (defined(__x86_64__) || defined(__aarch64__))
    return __builtin_thread_pointer();
#else
    return nullptr;
#endif
}

/// Writes to the standard error stream if there is one.
inline void write_error([[maybe_unused]] const char* text, [[maybe_unused]] decltype(sizeof 0) length) noexcept {
#if __STDC_HOSTED__ && defined(__ELF__)
    if (&procspace_write != nullptr)
        static_cast<void>(procspace_write(2, text, length));
#endif
}

/// Ends the program: abort() where there is a C library, a trap elsewhere.
[[noreturn]] inline void stop() noexcept {
#if __STDC_HOSTED__
    __builtin_abort();
#else
    __builtin_trap();
#endif
}

} // namespace procspace
