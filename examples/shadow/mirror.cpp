#include "mirror.hpp"

#include "library_number.hpp"
#include "text.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <sys/utsname.h>
#include <unistd.h>

namespace shadow {
namespace {

/// Since Linux 6.2 an exec, like a fork, moves the caller into the time namespace made for its children.
bool kernel_moves_time_at_exec() {
    utsname system{};
    ::uname(&system);
    char* rest = nullptr;
    const long major = std::strtol(system.release, &rest, 10);
    const long minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
    return major > 6 || (major == 6 && minor >= 2);
}

} // namespace

/// The session and group of shadow may be led by processes that are dead, or outside of this pid namespace (then the
/// kernel shows them as 0). All that matters here is that they exist under these numbers: the leader of the session
/// becomes the root of the tree, whatever the real one's place is.
Mirror::Mirror() : exec_enters_time_ns_(kernel_moves_time_at_exec()) {
    const pid_t self = ::getpid();
    const pid_t sid = ::getsid(0);
    const pid_t pgid = ::getpgid(0);
    // Nested: to the kernel it is a parent like others, who can let stopped children go on.
    Handle root = tree_.new_init(number(sid)).init_options({.nested = true}).data(MirrorProcess::outside()).build();
    if (sid == self) {
        shadow_ = std::move(root);
    } else if (pgid == sid || pgid == self) {
        shadow_ = root->fork(number(self)).data(MirrorProcess::outside()).build();
        if (pgid == self)
            shadow_->create_group();
    } else {
        const Handle leader = root->fork(number(pgid)).data(MirrorProcess::outside()).build();
        leader->create_group();
        shadow_ = leader->fork(number(self)).data(MirrorProcess::outside()).build();
    }
    shadow_->set_child_subreaper(true);
}

Mirror::Outcome Mirror::apply(const Event& event) {
    return std::visit([this](const auto& e) { return on(e); }, event);
}

Mirror::Handle Mirror::process(pid_t pid) const {
    return tree_.find_process(number(pid));
}

Mirror::Thread* Mirror::thread(pid_t tid) const {
    const auto at = threads_.find(tid);
    return at == threads_.end() ? nullptr : at->second.get();
}

TaskNamespace* Mirror::resources_of(pid_t tid) const {
    Thread* task = thread(tid);
    return task == nullptr ? nullptr : &task->data<MirrorTask>()->ns;
}

Mirror::Outcome Mirror::on(const Execed& event) {
    Thread* caller = thread(event.former_tid);
    if (caller == nullptr || !caller->exec())
        return {unknown("living thread", event.former_tid), {}};
    const std::shared_ptr<Thread> survivor = threads_[event.former_tid];
    std::erase_if(threads_, [&](const auto& entry) { return entry.second->process() == survivor->process(); });
    threads_[event.pid] = survivor;

    TaskNamespace& ns = survivor->data<MirrorTask>()->ns;
    vm.reset(ns);
    vm.get_mut(ns)->image = event.image;
    if (files.get_mut(ns) == nullptr) // shared: a new program must not write into the table of an old one
        files.reset(ns);
    if (sighand.get_mut(ns) == nullptr)
        make_private(ResourceKind::sighand, ns);
    sighand.get(ns).no_zombies = false; // flags go with the handlers; "ignored" stays
    if (exec_enters_time_ns_)
        time_home.replace(ns, time_for_children.get(ns).clock);
    return {};
}

Mirror::Outcome Mirror::on(const Exited& event) {
    Thread* task = thread(event.tid);
    if (task == nullptr)
        return {unknown("thread", event.tid), {}};
    const Handle owner = task->process();
    const bool last = task->exit(event.status);
    threads_.erase(event.tid); // and with it the last hold on its resources
    if (!last)
        return {};
    const auto children = owner->children();
    const auto groups = groups_that_lose(*owner);
    Outcome outcome;
    auto effects = owner->exit(reaper_in_namespace(*owner));
    effects.deliver([&](const procspace::BasicEffect<TreeTraits>& effect) {
        if (effect.kind != procspace::EffectKind::signal || effect.signal != SIGCONT || effect.process == nullptr ||
            !effect.process->is_stopped() || !is_ours(*effect.process->group()))
            return;
        // One that stopped just now may have done so too late for the kernel to see a stopped job.
        const auto threads = effect.process->threads();
        if (std::none_of(threads.begin(), threads.end(),
                         [](const auto& each) { return each->template data<MirrorTask>()->stopped_beside_a_death; }))
            outcome.hung_up.push_back(static_cast<pid_t>(effect.process->pid()));
    });
    for (const Handle& child : children) {
        child->data<MirrorProcess>()->adopted = child->parent() == shadow_;
        if (owner->data<MirrorProcess>()->unordered_children && child->parent() != nullptr)
            child->parent()->data<MirrorProcess>()->unordered_children = true;
        outcome.adopted.emplace_back(static_cast<pid_t>(child->pid()), static_cast<pid_t>(child->ppid()));
    }
    outcome.deserted = deserted(groups);
    return outcome;
}

Mirror::Outcome Mirror::on(const Leaving& event) {
    Thread* task = thread(event.tid);
    if (task == nullptr)
        return {unknown("thread", event.tid), {}};
    task->data<MirrorTask>()->leaving = true;
    if (task->process()->data<MirrorProcess>()->namespace_init)
        sighand.get(task->data<MirrorTask>()->ns).child_ignored = true; // it kills all others and wants none back
    return {};
}

Mirror::Outcome Mirror::on(const Reaped& event) {
    const Handle corpse = process(event.pid);
    if (corpse == nullptr || !corpse->is_zombie())
        return {unknown("zombie", event.pid), {}};
    corpse->free();
    return {};
}

Mirror::Outcome Mirror::on(const SessionMade& event) {
    const Handle leader = process(event.pid);
    if (leader == nullptr)
        return {unknown("process", event.pid), {}};
    if (!leader->create_session() && kernel_number(leader->sid()) != event.pid)
        return {join("the library refuses a session ", event.pid), {}};
    return {};
}

/// A group of the session that shadow was started in may have no member among the processes that we follow.
std::shared_ptr<Mirror::Group> Mirror::group_in_session_of(const Process& member, pid_t pgid) {
    if (auto group = tree_.find_group(number(pgid)))
        return group;
    if (member.sid() != shadow_->sid())
        return nullptr;
    const auto leader = shadow_->fork(number(pgid)).data(MirrorProcess::outside()).try_build();
    return leader ? leader.value->create_group() : nullptr;
}

Mirror::Outcome Mirror::on(const GroupSet& event) {
    const Handle member = process(event.pid);
    if (member == nullptr)
        return {unknown("process", event.pid), {}};
    if (kernel_number(member->pgid()) == event.pgid)
        return {};
    // Held until the member has joined: a group that nobody holds and nobody is in does not exist.
    const auto group = event.pgid == event.pid ? nullptr : group_in_session_of(*member, event.pgid);
    if (!member->set_pgid(number(event.pgid)))
        return {join("the library refuses to move ", event.pid, " to group ", event.pgid), {}};
    return {};
}

Mirror::Outcome Mirror::on(const Unshared& event) {
    TaskNamespace* ns = resources_of(event.tid);
    if (ns == nullptr)
        return {unknown("thread", event.tid), {}};
    std::uint64_t flags = event.flags;
    if ((flags & (CLONE_NEWNS | CLONE_NEWUSER)) != 0)
        flags |= CLONE_FS; // a root directory belongs to one mount namespace, and to one user's rights
    // A call that asked for its own memory or handlers succeeded only because they were its own already.
    flags &= ~static_cast<std::uint64_t>(CLONE_VM | CLONE_SIGHAND);
    for_each_resource([&](ResourceKind kind) {
        if ((flags & traits(kind).flag) != 0)
            make_private(kind, *ns);
    });
    for (const auto& [kind, inode] : event.names) {
        if (kind == ResourceKind::pid || kind == ResourceKind::pid_for_children)
            continue; // it is named when its first process is born
        set_name(kind, *ns, inode);
        remember(kind, *ns, inode);
    }
    return {};
}

Mirror::Outcome Mirror::on(const Entered& event) {
    TaskNamespace* ns = resources_of(event.tid);
    if (ns == nullptr)
        return {unknown("thread", event.tid), {}};
    for (const auto& [kind, inode] : event.targets) {
        if (kind == ResourceKind::time) {
            time_home.replace(*ns, time_for_children.get(*ns).clock);
            continue;
        }
        const auto known = known_.find({kind, inode});
        if (known != known_.end()) {
            ns->get_mut(resource(kind)) = known->second;
            continue;
        }
        // One of the surroundings, seen for the first time.
        make_private(kind, *ns);
        if (kind == ResourceKind::pid_for_children)
            pid_for_children.get(*ns).home = pid_home.create<ShadowTraits>();
        set_name(kind, *ns, inode);
        remember(kind, *ns, inode);
    }
    return {};
}

Mirror::Outcome Mirror::on(const SubreaperSet& event) {
    const Handle reaper = process(event.pid);
    if (reaper == nullptr)
        return {unknown("process", event.pid), {}};
    // The first process of a pid namespace reaps its orphans whatever it says.
    reaper->set_child_subreaper(event.on || reaper->data<MirrorProcess>()->namespace_init);
    return {};
}

Mirror::Outcome Mirror::on(const ChildRuleSet& event) {
    TaskNamespace* ns = resources_of(event.tid);
    if (ns == nullptr)
        return {unknown("thread", event.tid), {}};
    sighand.get(*ns) = {.child_ignored = event.ignored, .no_zombies = event.no_zombies};
    return {};
}

/// A process is stopped when the last of its threads has.
Mirror::Outcome Mirror::on(const Stopped& event) {
    Thread* task = thread(event.tid);
    if (task == nullptr)
        return {unknown("thread", event.tid), {}};
    task->data<MirrorTask>()->stopped = true;
    task->data<MirrorTask>()->stopped_beside_a_death = event.beside_a_death;
    const auto threads = task->process()->threads();
    if (std::all_of(threads.begin(), threads.end(),
                    [](const auto& t) { return t->template data<MirrorTask>()->stopped; }))
        task->process()->stop(event.signal);
    return {};
}

Mirror::Outcome Mirror::on(const Continued& event) {
    Thread* task = thread(event.tid);
    if (task == nullptr)
        return {unknown("thread", event.tid), {}};
    task->data<MirrorTask>()->stopped = false;
    task->process()->resume();
    return {};
}

void Mirror::ended_with(pid_t pid, int status) {
    if (const Handle corpse = process(pid))
        corpse->data<MirrorProcess>()->status_unknown = corpse->exit_code() != status;
}

} // namespace shadow
