// refused: assignment of read-only|cannot assign to
#include <procspace/resource/define.hpp>

PROCSPACE_RESOURCE(int, number)
PROCSPACE_RESOURCE(std::atomic<int>, counter)

void change(procspace::Namespace& ns) {
    counter.get(ns) = 1; // synchronises itself
    *number.get_mut(ns) = 1;
#ifndef PROCSPACE_CONTROL
    number.get(ns) = 1;
#endif
}
