/// What the kernel has for names: the inode numbers of a task's namespaces, and the fingerprint of its memory image.
#pragma once

#include "call.hpp"
#include "event.hpp"

#include <sys/types.h>

namespace shadow {

/// Zeros when it is gone.
Image image_of(pid_t pid);

/// All of them.
NamespaceNames all_namespaces(pid_t tid);
/// Those that a fork or unshare with these flags has just made for this task, and the pid namespace it lives in.
NamespaceNames namespaces_made(pid_t tid, std::uint64_t flags);
/// Those that a setns about to be made leads to.
NamespaceNames namespaces_to_enter(pid_t tid, const Call& call);

} // namespace shadow
