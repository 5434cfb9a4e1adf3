// First on the include path, in place of glibc's. libstdc++ leaves the counts of shared_ptr non-atomic while this says
// that there is one thread; a kernel has other processors and its library cannot know. As a constant it costs nothing.
#pragma once

inline constexpr bool __libc_single_threaded = false;
