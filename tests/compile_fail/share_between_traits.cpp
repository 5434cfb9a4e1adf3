// refused: deduced conflicting types for parameter
#include <procspace/resource/define.hpp>

struct Mine : procspace::DefaultTraits {};

PROCSPACE_RESOURCE(int, number)

// Each would give the other's blocks back to its own memory.
void share(procspace::BasicNamespace<Mine>& dst, const procspace::BasicNamespace<Mine>& src,
           procspace::Namespace& other) {
    number.share_from(dst, src);
#ifndef PROCSPACE_CONTROL
    number.share_from(dst, other);
#endif
    number.share_from(other, other);
}
