// refused: nodiscard|\[-Werror=unused-result\]
#include <procspace/resource/define.hpp>

PROCSPACE_RESOURCE(int, number)

bool reset(procspace::Namespace& ns) {
#ifndef PROCSPACE_CONTROL
    number.try_reset(ns);
#endif
    return static_cast<bool>(number.try_reset(ns));
}
