#include "kernel_view.hpp"

#include "proc.hpp"
#include "ptrace.hpp"

namespace shadow {
namespace {

/// A task that we trace reads as `t` whether it is at a stop of ours or stopped as a job. In the latter we listen, and
/// the kernel then refuses every other request.
bool stopped_as_job(const proc::Stat& stat) {
    return stat.state == 'T' || (stat.state == 't' && !ptrace::answers(stat.pid));
}

TaskView task_view(const proc::Stat& stat, const std::set<pid_t>& chosen) {
    TaskView view;
    view.tid = stat.pid;
    view.known = chosen.contains(stat.pid) && !proc::hidden(stat.pid);
    if (!view.known)
        return view;
    view.stopped = stopped_as_job(stat);
    view.image = {stat.start_code, stat.start_stack};
    for_each_resource([&](ResourceKind kind) {
        if (!traits(kind).is_namespace)
            return;
        const auto at = static_cast<std::size_t>(kind);
        view.names[at] = proc::namespace_inode(stat.pid, traits(kind).name).value_or(0);
        view.resources[at] = view.names[at];
    });
    return view;
}

} // namespace

std::optional<ProcessView> kernel_view(pid_t pid, const std::set<pid_t>& chosen) {
    const auto leader = proc::stat(pid);
    if (!leader)
        return std::nullopt;
    ProcessView view;
    view.pid = pid;
    view.ppid = leader->ppid;
    view.pgid = leader->pgid;
    view.sid = leader->sid;
    view.terminal = {leader->terminal};
    view.foreground = leader->foreground;
    if (!leader->ended() && leader->threads == 1) {
        view.tasks.push_back(task_view(*leader, chosen));
        return view;
    }
    for (const pid_t tid : proc::tasks(pid)) {
        const auto stat = proc::stat(pid, tid);
        if (stat && !stat->ended() && !stat->kernel_worker())
            view.tasks.push_back(task_view(*stat, chosen));
    }
    // A leader that has ended while its threads live is a zombie that nobody can reap: the process lives.
    view.zombie = view.tasks.empty() && leader->ended();
    return view;
}

} // namespace shadow
