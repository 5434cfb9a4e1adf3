// refused: nodiscard|\[-Werror=unused-result\]
#include <procspace/process/tree.hpp>

bool fork_fails(procspace::Process& process) {
#ifndef PROCSPACE_CONTROL
    process.fork(2).try_build();
#endif
    return !process.fork(2).try_build();
}
