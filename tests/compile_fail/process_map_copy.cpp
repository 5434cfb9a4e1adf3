// refused: deleted
#include <procspace/process/maps.hpp>

std::size_t size(const procspace::StrongMap<int, int>& map) {
#ifndef PROCSPACE_CONTROL
    procspace::StrongMap<int, int> copy(map);
#endif
    return map.size();
}
