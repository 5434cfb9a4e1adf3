// refused: no known conversion|could not convert|cannot convert
// Processes and groups of different traits are different types.
#include <procspace/process/tree.hpp>

struct Other : procspace::DefaultTraits {
    using Lock = procspace::NullLock;
};

bool move(procspace::Process& process, const std::shared_ptr<procspace::ProcessGroup>& same,
          const std::shared_ptr<procspace::BasicProcessGroup<Other>>& other) {
#ifndef PROCSPACE_CONTROL
    return process.move_to_group(other);
#endif
    return other != nullptr && process.move_to_group(same);
}
