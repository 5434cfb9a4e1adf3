/// The resources of a task that Linux lets it share, copy or renew one by one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <linux/sched.h>

namespace shadow {

enum class ResourceKind : std::size_t {
    fs,
    files,
    sighand,
    vm,
    uts,
    ipc,
    mnt,
    net,
    user,
    cgroup,
    pid,
    pid_for_children,
    time,
    time_for_children,
};
inline constexpr std::size_t resource_kinds = 14;

struct ResourceTraits {
    const char* name; ///< for the kinds behind kcmp a word for people, for the others the file in /proc/TID/ns
    bool is_namespace;
    /// The clone flag that concerns it: it asks to share what is no namespace, and to renew what is one.
    std::uint64_t flag;
};

inline constexpr std::array<ResourceTraits, resource_kinds> resource_traits{{
    {"fs", false, CLONE_FS},
    {"files", false, CLONE_FILES},
    {"sighand", false, CLONE_SIGHAND},
    {"vm", false, CLONE_VM},
    {"uts", true, CLONE_NEWUTS},
    {"ipc", true, CLONE_NEWIPC},
    {"mnt", true, CLONE_NEWNS},
    {"net", true, CLONE_NEWNET},
    {"user", true, CLONE_NEWUSER},
    {"cgroup", true, CLONE_NEWCGROUP},
    {"pid", true, 0}, // fixed at birth
    {"pid_for_children", true, CLONE_NEWPID},
    {"time", true, 0}, // follows time_for_children at the next fork or exec
    {"time_for_children", true, CLONE_NEWTIME},
}};

constexpr const ResourceTraits& traits(ResourceKind kind) {
    return resource_traits[static_cast<std::size_t>(kind)];
}

template <class F>
void for_each_resource(F&& f) {
    for (std::size_t i = 0; i < resource_kinds; ++i)
        f(static_cast<ResourceKind>(i));
}

} // namespace shadow
