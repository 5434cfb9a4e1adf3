/// How tasks end: the last stop, the zombie that is looked at, the death that is consumed, the reap.
#include "interrupts.hpp"
#include "proc.hpp"
#include "tracer.hpp"

#include <algorithm>
#include <csignal>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace shadow {

/// PTRACE_EVENT_EXIT: the task is about to die and still has everything.
void Tracer::on_last_stop(Tracee& task) {
    std::erase(queue_, task.tid);
    if (std::exchange(task.stopped, false))
        tell(Continued{task.tid}); // nothing but SIGKILL ends a stopped job
    find_lost_exec(task);
    find_core_written(task);
    if (task.call.kind != Call::Kind::none)
        call_lost(task);
    if (current_ == task.tid)
        current_ = 0;
    if (witness_.wants_a_last_look(task.tid))
        compare_due_ = true;
    task.dying = true;
    settle_due_ = true; // it may be the end of its siblings too, or what it has sent that of others
    if (siblings_must_go(task))
        return let_die(task);
    hold(task);
}

/// Lets a task go from its last stop.
void Tracer::let_die(Tracee& task) {
    leaves(task);
    ptrace::resume(task.tid);
}

/// It is past its last stop.
void Tracer::leaves(Tracee& task) {
    std::erase(queue_, task.tid);
    task.dying = true;
    task.phase = Phase::leaving;
    leaving_.insert(task.tid);
}

void Tracer::on_death(const ptrace::Report& report) {
    const pid_t tid = report.tid;
    if (tid == frozen_)
        return;
    Tracee* task = find(tid);
    if (task == nullptr) {
        // Not traced any more: a zombie that shadow has inherited from its dead parent.
        ptrace::consume(tid);
        if (zombies_.contains(tid))
            reaped(tid, ::getpid());
        return;
    }
    std::erase(queue_, tid);
    leaving_.erase(tid);
    if (task->call.kind != Call::Kind::none)
        call_lost(*task);
    if (current_ == tid)
        current_ = 0;
    if (task->phase != Phase::dead) {
        sweep_namespace(task->pid);
        ended(*task, report.status);
    }
    task->status = report.status;
    frozen_ = tid;
}

/// The dying init of a pid namespace reaps the zombies that it had left, by no call of its own.
void Tracer::sweep_namespace(pid_t init) {
    if (!numbers_.is_namespace_init(init))
        return;
    std::vector<pid_t> swept;
    for (const auto& [zombie, parent] : zombies_)
        if (parent == init && !proc::stat(zombie))
            swept.push_back(zombie);
    for (const pid_t zombie : swept)
        reaped(zombie, init);
}

void Tracer::ended(Tracee& task, int status) {
    task.phase = Phase::dead;
    const pid_t pid = task.pid;
    tell(Exited{pid, task.tid, status});
    if (!has_living_siblings(task)) // else its children stay with its process
        zombies_change_parent(pid);
    settle_due_ = true;
}

/// Zombies go to a new parent together with the living. One that wants none lets them vanish.
void Tracer::zombies_change_parent(pid_t dead_parent) {
    std::vector<pid_t> gone;
    for (auto& [zombie, parent] : zombies_) {
        if (parent != dead_parent)
            continue;
        const auto stat = proc::stat(zombie);
        parent = stat ? stat->ppid : already_taken;
        if (witness_.vanishes(zombie))
            gone.push_back(zombie);
    }
    // The kernel takes them away right after the dead parent has become visible as a zombie.
    for (const pid_t zombie : gone)
        reaped(zombie, 0);
}

/// Takes the death away: now the kernel tells the real parent, or, if that is shadow itself, has it reaped.
void Tracer::consume_death(pid_t tid) {
    frozen_ = 0;
    const auto stat = proc::stat(tid);
    const auto status = ptrace::consume(tid);
    const Tracee* task = find(tid);
    if (task == nullptr)
        return;
    const pid_t pid = task->pid;
    const bool leader = pid == tid;
    const int task_status = task->status;
    if (tid == command_) {
        command_status_ = status.value_or(task_status);
        interrupts::command_ended(command_status_);
    }
    tasks_.erase(tid);
    if (!leader) {
        numbers_.forget(tid);
        // The death of a leader who ended before is reported now, and before that no call may go.
        if (const Tracee* const first = find(pid); first != nullptr && first->phase == Phase::dead && is_alone(*first))
            leaving_.insert(pid);
        return;
    }
    witness_.ended_with(tid, status.value_or(task_status));
    const pid_t parent = stat ? stat->ppid : 0;
    zombies_[tid] = parent;
    settle_due_ = true;
    if (parent == ::getpid())
        reaped(tid, parent);
    else if (witness_.vanishes(tid))
        reaped(tid, 0);
}

void Tracer::reaped(pid_t pid, pid_t by) {
    zombies_.erase(pid);
    numbers_.forget(pid);
    tell(Reaped{pid, by});
}

void Tracer::kill_all() {
    for (auto& [tid, task] : tasks_)
        if (!task.dying && !std::exchange(task.killed, true)) {
            ::syscall(SYS_tgkill, task.pid, tid, SIGKILL);
            settle_due_ = true;
        }
    for (const auto& [tid, stop] : early_)
        ::kill(tid, SIGKILL);
}

bool Tracer::is_alone(const Tracee& task) const {
    return std::none_of(tasks_.begin(), tasks_.end(),
                        [&](const auto& entry) { return entry.second.pid == task.pid && entry.first != task.tid; });
}

bool Tracer::has_living_siblings(const Tracee& task) const {
    return std::any_of(tasks_.begin(), tasks_.end(), [&](const auto& entry) {
        return entry.second.pid == task.pid && entry.first != task.tid && entry.second.phase != Phase::dead;
    });
}

/// Whether a call is under way that ends when the others of this task's process have.
bool Tracer::siblings_must_go(const Tracee& task) const {
    const auto current = tasks_.find(current_);
    return current != tasks_.end() && current->second.pid == task.pid && current->second.call.waits_for_siblings();
}

} // namespace shadow
