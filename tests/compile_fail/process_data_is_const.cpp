// refused: (discards qualifiers|invalid conversion|cannot initialize).*const
#include <procspace/process/tree.hpp>

int* data_of(const procspace::Process& process) {
#ifndef PROCSPACE_CONTROL
    return process.data<int>();
#endif
    return const_cast<procspace::Process&>(process).data<int>();
}
