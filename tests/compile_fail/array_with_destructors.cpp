// refused: procspace: an array whose elements have destructors cannot be a resource: put it into a struct
#include <procspace/resource/define.hpp>

// One destructor call ends one object. An array of plain values needs none.
struct Buffer {
    ~Buffer() {}
};
using Limits = unsigned long[16];
PROCSPACE_RESOURCE(Limits, limits)
#ifndef PROCSPACE_CONTROL
using Buffers = Buffer[4];
PROCSPACE_RESOURCE(Buffers, buffers)
#endif
