// refused: assignment of read-only|cannot assign to
#include <procspace/resource/define.hpp>

PROCSPACE_RESOURCE(int, number)

void change(procspace::ResArc<int>& pin) {
    *pin.get_mut() = 1;
#ifndef PROCSPACE_CONTROL
    *pin = 1;
#endif
}
