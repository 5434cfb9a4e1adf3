#include "namespaces.hpp"

#include "proc.hpp"

#include <cstdlib>
#include <string_view>

namespace shadow {
namespace {

void add(NamespaceNames& names, ResourceKind kind, pid_t tid) {
    // A pid namespace without a first process has no name yet.
    if (const auto inode = proc::namespace_inode(tid, traits(kind).name))
        names.emplace_back(kind, *inode);
}

} // namespace

Image image_of(pid_t pid) {
    const auto stat = proc::stat(pid);
    return stat ? Image{stat->start_code, stat->start_stack} : Image{};
}

NamespaceNames all_namespaces(pid_t tid) {
    NamespaceNames names;
    for_each_resource([&](ResourceKind kind) {
        if (traits(kind).is_namespace)
            add(names, kind, tid);
    });
    return names;
}

NamespaceNames namespaces_made(pid_t tid, std::uint64_t flags) {
    NamespaceNames names;
    for_each_resource([&](ResourceKind kind) {
        if (kind == ResourceKind::pid || (traits(kind).is_namespace && (flags & traits(kind).flag) != 0))
            add(names, kind, tid);
    });
    return names;
}

NamespaceNames namespaces_to_enter(pid_t tid, const Call& call) {
    NamespaceNames names;
    const auto target = proc::descriptor(tid, call.fd);
    if (!target)
        return names; // the call will fail with EBADF
    if (const auto process = proc::pidfd_target(tid, call.fd)) {
        for_each_resource([&](ResourceKind kind) {
            if (!traits(kind).is_namespace || (call.flags & traits(kind).flag) == 0)
                return;
            // One enters the namespaces that the process lives in, not those it has prepared for its children.
            const char* source = kind == ResourceKind::pid_for_children    ? "pid"
                                 : kind == ResourceKind::time_for_children ? "time"
                                                                           : traits(kind).name;
            if (const auto inode = proc::namespace_inode(*process, source))
                names.emplace_back(kind, *inode);
        });
    } else if (const auto bracket = target->find(":["); bracket != std::string::npos) {
        const std::string_view type = std::string_view(*target).substr(0, bracket);
        const std::uint64_t inode = std::strtoull(target->c_str() + bracket + 2, nullptr, 10);
        for_each_resource([&](ResourceKind kind) {
            if (type == traits(kind).name && kind != ResourceKind::pid && kind != ResourceKind::time)
                names.emplace_back(kind, inode);
        });
        if (type == "pid")
            names.emplace_back(ResourceKind::pid_for_children, inode);
        if (type == "time")
            names.emplace_back(ResourceKind::time_for_children, inode);
    }
    // A time namespace, unlike a pid namespace, is entered at once.
    for (std::size_t i = 0, n = names.size(); i < n; ++i)
        if (names[i].first == ResourceKind::time_for_children)
            names.emplace_back(ResourceKind::time, names[i].second);
    return names;
}

} // namespace shadow
