// A second definition of a name that stands in second.cpp, with another type: the linker has to refuse it.
#include <procspace/resource/define.hpp>

PROCSPACE_RESOURCE(long, in_second, 9)
