#pragma once
// What the process half needs of the standard library: the headers of a hosted one, among them <memory>, <vector> and
// <map>. Nothing of it has to be linked that a kernel could not supply.

#include "../fwd.hpp"

#include <cstddef> // any header of the library tells which one it is

#if defined(_GLIBCXX_RELEASE) && _GLIBCXX_RELEASE >= 13 && !_GLIBCXX_HOSTED
#error "procspace: process/, posix/ and debug/ need headers that libstdc++ 13 and later refuse with -ffreestanding: \
compile without it, in a kernel as well, or include core/ and resource/ alone"
#endif
