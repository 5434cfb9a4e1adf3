// What examples/kernel/sys has to prevent: the counts of shared_ptr are not atomic. The image that is built with this
// one must fail.
#pragma once

inline constexpr bool __libc_single_threaded = true;
