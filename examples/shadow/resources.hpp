/// What Linux lets a task share, as resources of the library: one procspace namespace per task holds all of them.
#pragma once

#include "event.hpp"
#include "resource_kind.hpp"

#include <procspace/procspace.hpp>

#include <cstdint>

namespace shadow {

/// One thread does everything: the library needs no lock here.
struct ShadowTraits : procspace::DefaultTraits {
    using Lock = procspace::NullLock;
};
using TaskNamespace = procspace::BasicNamespace<ShadowTraits>;
using AnyArc = procspace::BasicAnyResArc<ShadowTraits>;

/// Of the first two only the identity matters: who shares them with whom.
struct FsContext {};
struct FileTable {};
struct SignalHandlers {
    bool child_ignored = false; ///< SIGCHLD is SIG_IGN
    bool no_zombies = false;    ///< SA_NOCLDWAIT
};
struct AddressSpace {
    Image image;
};
struct KernelNamespace {
    std::uint64_t inode = 0; ///< the kernel's name for it; 0 while nobody has told
    pid_t init = 0;          ///< the first process, if it is a pid namespace other than shadow's
};
struct PidForChildren;
struct TimeForChildren;

} // namespace shadow

// A single thread writes these through shared references, so they need no synchronisation.
template <>
inline constexpr bool procspace::internally_synchronised<shadow::SignalHandlers> = true;
template <>
inline constexpr bool procspace::internally_synchronised<shadow::KernelNamespace> = true;
template <>
inline constexpr bool procspace::internally_synchronised<shadow::PidForChildren> = true;
template <>
inline constexpr bool procspace::internally_synchronised<shadow::TimeForChildren> = true;

namespace shadow {

/// Where the children of a task will live. There is no pid namespace to speak of before its first process is born.
struct PidForChildren {
    procspace::ResArc<KernelNamespace, ShadowTraits> home{procspace::NoValue{}};
};
struct TimeForChildren {
    procspace::ResArc<KernelNamespace, ShadowTraits> clock{procspace::NoValue{}};
};

PROCSPACE_DECLARE_RESOURCE(FsContext, fs)
PROCSPACE_DECLARE_RESOURCE(FileTable, files)
PROCSPACE_DECLARE_RESOURCE(SignalHandlers, sighand)
PROCSPACE_DECLARE_RESOURCE(AddressSpace, vm)
PROCSPACE_DECLARE_RESOURCE(KernelNamespace, uts)
PROCSPACE_DECLARE_RESOURCE(KernelNamespace, ipc)
PROCSPACE_DECLARE_RESOURCE(KernelNamespace, mnt)
PROCSPACE_DECLARE_RESOURCE(KernelNamespace, net)
PROCSPACE_DECLARE_RESOURCE(KernelNamespace, user)
PROCSPACE_DECLARE_RESOURCE(KernelNamespace, cgroup)
PROCSPACE_DECLARE_RESOURCE(KernelNamespace, pid_home)
PROCSPACE_DECLARE_RESOURCE(PidForChildren, pid_for_children)
PROCSPACE_DECLARE_RESOURCE(KernelNamespace, time_home)
PROCSPACE_DECLARE_RESOURCE(TimeForChildren, time_for_children)

/// The library's descriptor of a kind.
const procspace::Resource& resource(ResourceKind kind);

/// The value's address in `ns`: equal exactly for those who share it. 0 for a pid namespace that has no process yet.
std::uint64_t identity(ResourceKind kind, const TaskNamespace& ns);
bool shares(ResourceKind kind, const TaskNamespace& a, const TaskNamespace& b);

void share(ResourceKind kind, TaskNamespace& to, const TaskNamespace& from);
/// Gives `ns` a value of its own: a copy of what it had where the kernel copies, else a new one.
void make_private(ResourceKind kind, TaskNamespace& ns);
/// The inode number that the kernel uses for a namespace; 0 for what is none, or has none yet.
std::uint64_t name(ResourceKind kind, const TaskNamespace& ns);
void set_name(ResourceKind kind, const TaskNamespace& ns, std::uint64_t inode);

} // namespace shadow
