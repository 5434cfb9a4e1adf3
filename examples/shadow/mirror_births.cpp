/// How the mirror has processes and threads born: whose child, in which group, with what shared and what copied.
#include "mirror.hpp"

#include "library_number.hpp"
#include "text.hpp"

#include <linux/sched.h>

namespace shadow {

Mirror::Handle Mirror::fork(const Handle& caller, const Forked& event) {
    procspace::ForkOptions options;
    options.exit_signal = event.exit_signal <= procspace::Signal::highest ? event.exit_signal : procspace::Signal::none;
    options.sibling = (event.flags & CLONE_PARENT) != 0;
    options.thread = number(event.by);
    return caller->fork(number(event.child)).options(options).try_build().value;
}

Mirror::Outcome Mirror::on(const Forked& event) {
    const bool by_shadow = event.by == static_cast<pid_t>(shadow_->pid());
    Thread* caller = thread(event.by);
    if (caller == nullptr && !by_shadow)
        return {unknown("thread", event.by), {}};
    const Handle maker = by_shadow ? shadow_ : caller->process();
    TaskNamespace* const from = by_shadow ? nullptr : &caller->data<MirrorTask>()->ns;
    Handle owner = maker;
    if ((event.flags & CLONE_THREAD) == 0) {
        owner = fork(maker, event);
        if (owner == nullptr)
            return {join("the library refuses a process ", event.child), {}};
    }
    if ((event.flags & CLONE_THREAD) != 0)
        owner->data<MirrorProcess>()->unordered_children = true;
    TaskNamespace ns = inherit(from, event);
    settle_home(*owner, ns, event);
    auto task =
        owner->new_thread(number(event.child))
            .data(MirrorTask{.ns = std::move(ns), .stopped = false, .leaving = false, .stopped_beside_a_death = false})
            .try_build();
    if (!task)
        return {join("the library refuses a thread ", event.child, " of ", owner->pid()), {}};
    threads_[event.child] = task.value;
    return {};
}

/// What a new task shares with its maker, what it copies, and what is made for it.
TaskNamespace Mirror::inherit(const TaskNamespace* parent, const Forked& event) {
    TaskNamespace ns;
    if (parent == nullptr) { // the command itself: what it has is what there is
        pid_for_children.get(ns).home = pid_home.arc(ns);
        time_for_children.get(ns).clock = time_home.arc(ns);
        vm.get_mut(ns)->image = event.image;
        return ns;
    }
    for_each_resource([&](ResourceKind kind) {
        share(kind, ns, *parent);
        const bool flagged = (event.flags & traits(kind).flag) != 0;
        if (flagged == traits(kind).is_namespace && traits(kind).flag != 0)
            make_private(kind, ns);
    });
    if ((event.flags & CLONE_CLEAR_SIGHAND) != 0)
        sighand.get(ns).no_zombies = false;
    if ((event.flags & CLONE_VM) == 0) // a shared memory image holds a shared clock page
        time_home.replace(ns, time_for_children.get(ns).clock);
    return ns;
}

/// The pid namespace that a new task lives in is the one that its maker had in store for its children.
void Mirror::settle_home(Process& child, TaskNamespace& ns, const Forked& event) {
    auto& store = pid_for_children.get(ns);
    if (!store.home) {
        store.home = pid_home.create<ShadowTraits>();
        // The first process in there: it reaps the orphans, and ends the others when it ends.
        child.data<MirrorProcess>()->namespace_init = true;
        child.set_child_subreaper(true);
        store.home->init = static_cast<pid_t>(child.pid());
    }
    pid_home.replace(ns, store.home);
    child.data<MirrorProcess>()->home_init = store.home->init;
    for (const auto& [kind, inode] : event.names) {
        set_name(kind, ns, inode);
        remember(kind, ns, inode);
        if (kind == ResourceKind::pid)
            remember(ResourceKind::pid_for_children, ns, inode);
    }
}

void Mirror::remember(ResourceKind kind, const TaskNamespace& ns, std::uint64_t inode) {
    known_.insert_or_assign({kind, inode}, ns.get(resource(kind)));
}

} // namespace shadow
