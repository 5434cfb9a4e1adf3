#pragma once
// A shared library with resources of its own, and one in a header that the program has as well.
#include <procspace/resource/define.hpp>

#include <cstddef>

PROCSPACE_INLINE_RESOURCE(int, in_both, 1)

[[gnu::visibility("default")]] std::size_t library_size();
/// Returns 0 or the number of the check that failed.
[[gnu::visibility("default")]] int library_check();
