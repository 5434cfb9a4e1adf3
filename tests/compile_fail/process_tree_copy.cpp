// refused: deleted
#include <procspace/process/tree.hpp>

void take(procspace::ProcessTree& tree) {
#ifndef PROCSPACE_CONTROL
    procspace::ProcessTree copy(tree);
#endif
    static_cast<void>(tree.init());
}
