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
#else
#define PROCSPACE_HAS_EXCEPTIONS 0
#define PROCSPACE_TRY if constexpr (true)
#define PROCSPACE_CATCH(declaration) else
#define PROCSPACE_THROW(exception) __builtin_trap()
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

#if __STDC_HOSTED__ && defined(__ELF__)
// No header: freestanding builds have none for it, and a C header would put its names in scope. Weak, so that an image
// without a C library still links and stops in silence.
extern "C" [[gnu::weak]] int procspace_dprintf(int descriptor, const char* format, ...) __asm__("dprintf");
#endif

namespace procspace {

/// True when the library may throw. It then throws only std::bad_alloc, and only from functions without `try_`.
inline constexpr bool has_exceptions = PROCSPACE_HAS_EXCEPTIONS != 0;

/// True in a hosted implementation: an operating system with a C library is underneath.
inline constexpr bool is_hosted = __STDC_HOSTED__ != 0;

/// Tells the processor that this is a spin loop.
inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Returns an address that differs between any two threads running now, or null where there is none to be had.
/// Hosted programs keep it in a register, so this costs one instruction and no symbol. A kernel has its own notion:
/// see Traits::execution_context.
inline const void* thread_pointer() noexcept {
#if __STDC_HOSTED__ && defined(__ELF__) && !defined(__code_model_kernel__) &&                                          \
    (defined(__x86_64__) || defined(__aarch64__))
    return __builtin_thread_pointer();
#else
    return nullptr;
#endif
}

/// Prints one line on the standard error stream if there is one, and stops: abort() where there is a C library, a trap
/// elsewhere. What the default panic does.
[[noreturn]] inline void stop_with_message([[maybe_unused]] const char* what, [[maybe_unused]] const char* file,
                                           [[maybe_unused]] unsigned line,
                                           [[maybe_unused]] const char* function) noexcept {
#if __STDC_HOSTED__ && defined(__ELF__)
    if (procspace_dprintf != nullptr)
        procspace_dprintf(2, "procspace: panic: %s (%s:%u, %s)\n", what, file, line, function);
#endif
#if __STDC_HOSTED__
    __builtin_abort();
#else
    __builtin_trap();
#endif
}

} // namespace procspace
