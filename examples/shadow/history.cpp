#include "history.hpp"

#include "text.hpp"

#include <algorithm>
#include <linux/sched.h>

namespace shadow {

Life* History::living(pid_t pid) {
    const auto at = now_.find(pid);
    return at == now_.end() ? nullptr : &lives_[at->second];
}

void History::note(pid_t pid, std::string text) {
    if (Life* life = living(pid);
        life != nullptr && std::find(life->notes.begin(), life->notes.end(), text) == life->notes.end())
        life->notes.push_back(std::move(text));
}

void History::ended_with(pid_t pid, int status) {
    if (Life* life = living(pid))
        life->status = status;
}

void History::record(unsigned long number, const Event& event, bool last,
                     const std::vector<std::pair<pid_t, pid_t>>& adopted) {
    if (const auto* e = std::get_if<Forked>(&event)) {
        const auto maker = now_.find(e->by);
        if ((e->flags & CLONE_THREAD) != 0) {
            if (maker != now_.end()) {
                lives_[maker->second].threads.push_back(e->child);
                now_[e->child] = maker->second;
            }
            return;
        }
        Life life;
        life.pid = e->child;
        life.born = number;
        if (maker != now_.end()) {
            const Life& by = lives_[maker->second];
            life.command = by.command;
            // CLONE_PARENT: born to the maker's own parent.
            life.parent = (e->flags & CLONE_PARENT) != 0 ? by.parent : maker->second;
        }
        const std::size_t index = lives_.size();
        if (life.parent != Life::nobody)
            lives_[life.parent].children.push_back(index);
        lives_.push_back(std::move(life));
        now_[e->child] = index;
    } else if (const auto* exec = std::get_if<Execed>(&event)) {
        if (Life* life = living(exec->pid))
            life->command = exec->command;
    } else if (const auto* exit = std::get_if<Exited>(&event)) {
        Life* life = living(exit->pid);
        if (life != nullptr && last) {
            life->died = number;
            life->status = exit->status;
        }
        if (exit->tid != exit->pid)
            now_.erase(exit->tid);
        for (const auto& [child, parent] : adopted)
            note(child, join("adopted by ", parent));
    } else if (const auto* reap = std::get_if<Reaped>(&event)) {
        if (Life* life = living(reap->pid)) {
            life->reaped = number;
            life->reaped_by = reap->by;
        }
        now_.erase(reap->pid);
    } else if (const auto* session = std::get_if<SessionMade>(&event)) {
        note(session->pid, join("session ", session->pid));
    } else if (const auto* group = std::get_if<GroupSet>(&event)) {
        note(group->pid, join("group ", group->pgid));
    } else if (const auto* taken = std::get_if<TerminalTaken>(&event)) {
        note(taken->pid, join("terminal ", taken->device.name()));
    } else if (const auto* reaper = std::get_if<SubreaperSet>(&event)) {
        note(reaper->pid, reaper->on ? "subreaper" : "no subreaper");
    } else if (const auto* unshare = std::get_if<Unshared>(&event)) {
        note(unshare->tid, describe(event));
    } else if (const auto* enter = std::get_if<Entered>(&event)) {
        note(enter->tid, describe(event));
    }
}

} // namespace shadow
