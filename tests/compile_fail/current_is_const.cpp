// refused: assignment of read-only|cannot assign to
#include <procspace/resource/define.hpp>

PROCSPACE_RESOURCE(int, number)
PROCSPACE_RESOURCE(std::atomic<int>, counter)

void change() {
    *counter.current() = 1;
#ifndef PROCSPACE_CONTROL
    *number.current() = 1;
#endif
}
