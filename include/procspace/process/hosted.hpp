#pragma once
// What the process half needs of the standard library: the headers of a hosted one, and owners that are counted
// atomically. Nothing has to be linked that a kernel could not supply.

#include "../fwd.hpp"

#include <cstddef>
#include <memory>

#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE >= 13 && !_GLIBCXX_HOSTED
#error "procspace: process/, posix/ and debug/ need headers that libstdc++ 13 and later refuse with -ffreestanding: \
compile without it, in a kernel as well, or include core/ and resource/ alone"
#endif

namespace procspace {

/// Whether std::shared_ptr counts its owners atomically. libstdc++ does not on toolchains of the thread model "single";
/// nor with __GTHREADS defined there by hand, unless a <sys/single_threaded.h> tells it that there are several threads.
/// Where it knows of no atomic instructions, as on riscv64 up to GCC 12, it counts by functions of its archive and puts
/// a mutex into each control block, if the program has any.
#ifdef __GLIBCXX__
#if !defined(__GTHREADS) || (defined(_GLIBCXX_GCC_GTHR_SINGLE_H) && !__has_include(<sys/single_threaded.h>))
inline constexpr bool shared_ptr_is_atomic = false;
#elif !(defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34))
inline constexpr bool shared_ptr_is_atomic = __gnu_cxx::__default_lock_policy == __gnu_cxx::_S_atomic;
#else
inline constexpr bool shared_ptr_is_atomic = true;
#endif
inline constexpr std::size_t control_block_bytes =
    3 * sizeof(void*) + 2 * sizeof(_Atomic_word) +
    (__gnu_cxx::__default_lock_policy == __gnu_cxx::_S_mutex ? sizeof(__gnu_cxx::__mutex) : 0);
#else
inline constexpr bool shared_ptr_is_atomic = true;
inline constexpr std::size_t control_block_bytes = 5 * sizeof(void*); // libc++'s counts are a word each
#endif

/// True for traits that say `static constexpr bool single_processor = true`: no two threads ever run at once.
template <class Traits>
inline constexpr bool is_single_processor = [] {
    if constexpr (requires { Traits::single_processor; })
        return Traits::single_processor;
    else
        return false;
}();

} // namespace procspace
