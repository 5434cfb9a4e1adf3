// refused: procspace: a resource is a non-const object
#include <procspace/resource/define.hpp>

PROCSPACE_RESOURCE(int, plain)
#ifndef PROCSPACE_CONTROL
PROCSPACE_RESOURCE(const int, constant)
#endif
