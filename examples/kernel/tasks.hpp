#pragma once
// What a process of this kernel is: the two halves of the library together. The tree knows whose child it is, its
// namespace what it shares with whom.

#include "kernel.hpp"

#include <procspace/process/tree.hpp>
#include <procspace/process/wait.hpp>

namespace kernel {

using Tree = procspace::BasicProcessTree<Traits>;
using Process = procspace::BasicProcess<Traits>;
using ProcessHandle = std::shared_ptr<Process>;

/// The data of each process.
struct Task {
    Namespace ns;
};

/// The tree of the system; init is there from the start.
[[nodiscard]] Tree& system_tree() noexcept;

/// Makes a child with a namespace that is forked from its parent's. **Errors**: as those of both halves.
[[nodiscard]] procspace::Result<ProcessHandle> spawn(Process& parent, std::uint64_t flags = 0) noexcept;

/// Lets `task` run on this processor from now on; null for none. **Pre**: the caller keeps it meanwhile.
void switch_to(Process* task) noexcept;

} // namespace kernel
