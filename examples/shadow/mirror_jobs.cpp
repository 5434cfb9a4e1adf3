/// Stopped jobs whom nobody is left to let go on.
///
/// When the end of a process leaves a process group orphaned (no member has a parent in another group of the session
/// any more) and a member is stopped, the kernel sends SIGHUP and SIGCONT to all members. Orphans whom init would
/// adopt, a process of another session, go to shadow here. Where shadow is of their session, the kernel takes them for
/// a job that is in good hands, and they would stay stopped for ever. The mirror knows better, and tells.
#include "mirror.hpp"

#include <algorithm>

namespace shadow {

/// Whether somebody outside of the group but in its session looks after a member; an adoption by shadow is none.
bool Mirror::is_looked_after(const Group& group) {
    for (const Handle& member : group.processes()) {
        const Handle parent = member->parent();
        if (!member->is_zombie() && parent != nullptr && !member->data<MirrorProcess>()->adopted &&
            parent->sid() == member->sid() && parent->pgid() != member->pgid())
            return true;
    }
    return false;
}

/// The groups that lose somebody who looks after them when this process ends: its own, and those of its children.
std::vector<std::shared_ptr<Mirror::Group>> Mirror::groups_that_lose(const Process& dying) {
    std::vector<std::shared_ptr<Group>> out;
    const auto add = [&](std::shared_ptr<Group> group) {
        if (std::find(out.begin(), out.end(), group) == out.end() && is_looked_after(*group))
            out.push_back(std::move(group));
    };
    add(dying.group());
    for (const Handle& child : dying.children())
        add(child->group());
    return out;
}

/// The living of those groups that are orphaned now, have a stopped member, and seem to be shadow's to the kernel.
std::vector<pid_t> Mirror::deserted(const std::vector<std::shared_ptr<Group>>& groups) const {
    std::vector<pid_t> out;
    for (const auto& group : groups) {
        // Those outside of the command's tree who are in shadow's own group may look after it.
        if (group->pgid() == shadow_->pgid() || is_looked_after(*group))
            continue;
        std::vector<pid_t> living;
        bool stopped = false;
        bool taken_for_shadows = false;
        for (const Handle& member : group->processes()) {
            if (member->is_zombie())
                continue;
            living.push_back(static_cast<pid_t>(member->pid()));
            taken_for_shadows = taken_for_shadows || member->sid() == shadow_->sid();
            for (const auto& task : member->threads())
                stopped = stopped || task->data<MirrorTask>()->stopped;
        }
        if (stopped && taken_for_shadows)
            out.insert(out.end(), living.begin(), living.end());
    }
    return out;
}

} // namespace shadow
