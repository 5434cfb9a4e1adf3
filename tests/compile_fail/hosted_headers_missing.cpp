// refused: compile without it, in a kernel as well
#include <memory>
#ifndef PROCSPACE_CONTROL // what -ffreestanding makes of libstdc++ 13
#undef _GLIBCXX_RELEASE
#undef _GLIBCXX_HOSTED
#define _GLIBCXX_RELEASE 13
#define _GLIBCXX_HOSTED 0
#endif
#include <procspace/process/hosted.hpp>

int main() {}
