#include "resources.hpp"

#include <array>

namespace shadow {

PROCSPACE_RESOURCE(FsContext, fs)
PROCSPACE_RESOURCE(FileTable, files)
PROCSPACE_RESOURCE(SignalHandlers, sighand)
PROCSPACE_RESOURCE(AddressSpace, vm)
PROCSPACE_RESOURCE(KernelNamespace, uts)
PROCSPACE_RESOURCE(KernelNamespace, ipc)
PROCSPACE_RESOURCE(KernelNamespace, mnt)
PROCSPACE_RESOURCE(KernelNamespace, net)
PROCSPACE_RESOURCE(KernelNamespace, user)
PROCSPACE_RESOURCE(KernelNamespace, cgroup)
PROCSPACE_RESOURCE(KernelNamespace, pid_home)
PROCSPACE_RESOURCE(PidForChildren, pid_for_children)
PROCSPACE_RESOURCE(KernelNamespace, time_home)
PROCSPACE_RESOURCE(TimeForChildren, time_for_children)

const procspace::Resource& resource(ResourceKind kind) {
    // In the order of ResourceKind.
    static constexpr std::array<const procspace::Resource*, resource_kinds> all{
        &fs.resource(),        &files.resource(),
        &sighand.resource(),   &vm.resource(),
        &uts.resource(),       &ipc.resource(),
        &mnt.resource(),       &net.resource(),
        &user.resource(),      &cgroup.resource(),
        &pid_home.resource(),  &pid_for_children.resource(),
        &time_home.resource(), &time_for_children.resource()};
    return *all[static_cast<std::size_t>(kind)];
}

std::uint64_t identity(ResourceKind kind, const TaskNamespace& ns) {
    if (kind == ResourceKind::pid_for_children && !pid_for_children.get(ns).home)
        return 0;
    return reinterpret_cast<std::uintptr_t>(ns.get(resource(kind)).body());
}

bool shares(ResourceKind kind, const TaskNamespace& a, const TaskNamespace& b) {
    return a.get(resource(kind)).same_as(b.get(resource(kind)));
}

void share(ResourceKind kind, TaskNamespace& to, const TaskNamespace& from) {
    to.get_mut(resource(kind)) = from.get(resource(kind));
}

void make_private(ResourceKind kind, TaskNamespace& ns) {
    switch (kind) {
    case ResourceKind::sighand: {
        const SignalHandlers before = sighand.get(ns);
        sighand.reset(ns);
        *sighand.get_mut(ns) = before;
        break;
    }
    case ResourceKind::vm: {
        const AddressSpace before = vm.get(ns);
        vm.reset(ns);
        *vm.get_mut(ns) = before;
        break;
    }
    case ResourceKind::time_for_children:
        time_for_children.reset(ns);
        time_for_children.get(ns).clock = time_home.create<ShadowTraits>();
        break;
    default:
        ns.get_mut(resource(kind)) = AnyArc::create(resource(kind)).value;
    }
}

namespace {

/// The kernel's namespace behind a slot: what is in store for children is one step further.
KernelNamespace* kernel_namespace(ResourceKind kind, const TaskNamespace& ns) {
    switch (kind) {
    case ResourceKind::pid_for_children: {
        const auto& home = pid_for_children.get(ns).home;
        return home ? home.get() : nullptr;
    }
    case ResourceKind::time_for_children:
        return time_for_children.get(ns).clock.get();
    default:
        return traits(kind).is_namespace ? static_cast<KernelNamespace*>(ns.get(resource(kind)).body()) : nullptr;
    }
}

} // namespace

std::uint64_t name(ResourceKind kind, const TaskNamespace& ns) {
    const KernelNamespace* found = kernel_namespace(kind, ns);
    return found == nullptr ? 0 : found->inode;
}

void set_name(ResourceKind kind, const TaskNamespace& ns, std::uint64_t inode) {
    if (KernelNamespace* found = kernel_namespace(kind, ns))
        found->inode = inode;
}

} // namespace shadow
