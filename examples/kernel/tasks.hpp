#pragma once
// What a task of this kernel is: the two halves of the library together. The tree knows whose child it is, its
// namespace what it shares with whom.

#include "kernel.hpp"

#include <procspace/procspace.hpp>

namespace kernel {

namespace posix = procspace::posix;
using Tree = procspace::BasicProcessTree<Traits>;
using Process = procspace::BasicProcess<Traits>;
using ProcessHandle = std::shared_ptr<Process>;
using ThreadHandle = std::shared_ptr<Thread>;

/// The data of each thread.
struct Task {
    Namespace ns{procspace::NoValue{}};
};

/// The flags of clone that make a thread.
inline constexpr std::uint64_t as_thread =
    procspace::CloneFlag::vm | procspace::CloneFlag::sighand | procspace::CloneFlag::thread;

/// Makes the first process of a tree, with one thread. **Errors**: as those of both halves.
[[nodiscard]] procspace::Result<ThreadHandle> boot(Tree& tree) noexcept;

/// Makes a process with one thread, or a thread, whose namespace is forked from the caller's. **Errors**: as above.
[[nodiscard]] procspace::Result<ThreadHandle> clone(Thread& caller, std::uint64_t flags = 0) noexcept;

/// Lets `thread` run on this processor from now on; null for none. **Pre**: the caller keeps it meanwhile.
void run(const Thread* thread) noexcept;

} // namespace kernel
