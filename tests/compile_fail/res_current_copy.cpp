// refused: deleted
#include <procspace/resource/define.hpp>

PROCSPACE_RESOURCE(int, number)

// It lives where it was asked for: a copy could be carried out of the scope.
int read() {
    const auto value = number.current();
#ifndef PROCSPACE_CONTROL
    const auto copy = value;
#endif
    return *value;
}
