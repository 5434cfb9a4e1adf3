// refused: does not count the owners of a shared_ptr atomically
#include <memory>
#ifndef PROCSPACE_CONTROL
#undef __GTHREADS // as a toolchain without threads has it
#endif
#include <procspace/process/tree.hpp>

using Tree = procspace::ProcessTree;

Tree* make() {
    return new Tree;
}
