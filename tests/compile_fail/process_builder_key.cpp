// refused: private|non-aggregate|no matching
// Objects of a tree are made by builders only.
#include <procspace/process/tree.hpp>

#include <memory>

std::shared_ptr<procspace::Process> make(procspace::ProcessTree& tree) {
#ifndef PROCSPACE_CONTROL
    procspace::BuilderKey key;
#endif
    return tree.init();
}
