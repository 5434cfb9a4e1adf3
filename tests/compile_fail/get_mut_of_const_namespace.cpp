// refused: no matching (member )?function for call to
#include <procspace/resource/define.hpp>

PROCSPACE_RESOURCE(int, number)

int read(const procspace::Namespace& ns) {
#ifndef PROCSPACE_CONTROL
    return *number.get_mut(ns);
#endif
    return number.get(ns);
}
