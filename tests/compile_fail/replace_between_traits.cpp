// refused: no matching (member )?function for call to
#include <procspace/resource/define.hpp>

struct Mine : procspace::DefaultTraits {};

PROCSPACE_RESOURCE(int, number)

void replace(procspace::BasicNamespace<Mine>& ns) {
    number.replace(ns, number.create<Mine>());
#ifndef PROCSPACE_CONTROL
    number.replace(ns, number.create());
#endif
}
