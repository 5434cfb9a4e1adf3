// See mixed.cpp.
#undef PROCSPACE_PORTABLE_REGISTRY
#define PROCSPACE_PORTABLE_REGISTRY 0
#include <procspace/resource/define.hpp>

PROCSPACE_RESOURCE(int, in_the_section, 2)
