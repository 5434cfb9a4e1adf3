/// What the mirror can tell without changing.
#include "mirror.hpp"

#include "library_number.hpp"
#include "text.hpp"

#include <algorithm>
#include <csignal>

namespace shadow {
std::string Mirror::unknown(const char* what, pid_t number) {
    return join("the library knows no ", what, " ", number);
}

bool Mirror::has_effect(const Event& event) const {
    if (const auto* regroup = std::get_if<GroupSet>(&event)) {
        const auto state = info(regroup->pid);
        return state && kernel_number(state->pgid) != regroup->pgid;
    }
    if (const auto* unshare = std::get_if<Unshared>(&event)) {
        const TaskNamespace* ns = resources_of(unshare->tid);
        if (ns == nullptr)
            return false;
        bool effect = false;
        for_each_resource([&](ResourceKind kind) {
            if ((unshare->flags & traits(kind).flag) == 0)
                return;
            const bool shared = std::any_of(threads_.begin(), threads_.end(), [&](const auto& other) {
                return other.first != unshare->tid && shares(kind, *ns, other.second->template data<MirrorTask>()->ns);
            });
            effect = effect || traits(kind).is_namespace ||
                     (shared && (kind == ResourceKind::fs || kind == ResourceKind::files));
        });
        return effect;
    }
    return true;
}

std::vector<pid_t> Mirror::children(pid_t pid) const {
    std::vector<pid_t> out;
    if (const Handle parent = process(pid))
        parent->for_each_child(
            [&](const procspace::ProcessInfo& child) { out.push_back(static_cast<pid_t>(child.pid)); });
    return out;
}

bool Mirror::is_last_thread(pid_t pid, pid_t tid) const {
    const Handle owner = process(pid);
    if (owner == nullptr || owner->is_zombie())
        return false;
    bool other = false;
    owner->for_each_thread([&](procspace::Pid each) { other = other || each != number(tid); });
    return !other;
}

/// The first process of the dying one's pid namespace, if that has the orphans: when no subreaper in the namespace is
/// above them. It need not be an ancestor (nsenter, or unshare --pid without --fork). Null where the library chooses by
/// itself.
Mirror::Handle Mirror::reaper_in_namespace(const Process& dying) const {
    const pid_t home = dying.data<MirrorProcess>()->home_init;
    if (home == 0 || home == static_cast<pid_t>(dying.pid()))
        return nullptr;
    for (Handle above = dying.parent(); above != nullptr; above = above->parent()) {
        if (above->data<MirrorProcess>()->home_init != home)
            return process(home);
        if (above->is_child_subreaper())
            return nullptr;
    }
    return nullptr;
}

bool Mirror::vanishes(pid_t pid) const {
    const Handle corpse = process(pid);
    if (corpse == nullptr || corpse->details().exit_signal != SIGCHLD)
        return false; // the rule is one about SIGCHLD: a parent that asked for another signal gets a zombie
    const auto parent = corpse->parent();
    const auto living = parent != nullptr ? parent->threads() : std::vector<std::shared_ptr<Thread>>{};
    if (living.empty())
        return false; // shadow, which reaps
    const auto& rule = sighand.get(living.front()->data<MirrorTask>()->ns);
    return rule.child_ignored || rule.no_zombies;
}

std::optional<procspace::ProcessInfo> Mirror::info(pid_t pid) const {
    const Handle found = process(pid);
    if (found == nullptr || found->data<MirrorProcess>()->surroundings)
        return std::nullopt;
    return found->info();
}

TreeView Mirror::view() const {
    TreeView out;
    const auto visit = [&](const auto& self, const Process& parent) -> void {
        parent.for_each_child([&](const procspace::ProcessInfo& child) {
            const Handle node = tree_.find_process(child.pid);
            if (node == nullptr)
                return;
            if (!node->template data<MirrorProcess>()->surroundings) {
                ProcessView process;
                process.pid = static_cast<pid_t>(child.pid);
                process.ppid = kernel_number(child.ppid);
                process.pgid = kernel_number(child.pgid);
                process.sid = kernel_number(child.sid);
                process.zombie = child.state == procspace::ProcessState::zombie;
                process.terminal_known = knows_terminal_of(*node);
                if (const auto* const its = Terminal::of(*node)) {
                    process.terminal = device_of(*node);
                    process.foreground = kernel_number(its->foreground_group(*node).value);
                }
                node->for_each_thread([&](procspace::Pid tid) {
                    const Thread* task = thread(static_cast<pid_t>(tid));
                    if (task == nullptr)
                        return;
                    const MirrorTask& data = *task->template data<MirrorTask>();
                    TaskView& view = process.tasks.emplace_back();
                    view.tid = static_cast<pid_t>(tid);
                    view.stopped = data.stopped;
                    view.leaving = data.leaving;
                    view.image = vm.get(data.ns).image;
                    for_each_resource([&](ResourceKind kind) {
                        view.resources[static_cast<std::size_t>(kind)] = identity(kind, data.ns);
                        view.names[static_cast<std::size_t>(kind)] = name(kind, data.ns);
                    });
                });
                out.push_back(std::move(process));
            }
            self(self, *node);
        });
    };
    visit(visit, *tree_.init());
    std::sort(out.begin(), out.end(), [](const ProcessView& a, const ProcessView& b) { return a.pid < b.pid; });
    return out;
}

} // namespace shadow
