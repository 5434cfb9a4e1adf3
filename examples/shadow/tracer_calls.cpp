/// What the calls that change the tree have done, once they have returned.
#include "kcmp.hpp"
#include "namespaces.hpp"
#include "proc.hpp"
#include "tracer.hpp"

#include <linux/sched.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace shadow {

void Tracer::call_returned(Tracee& task, std::int64_t result) {
    const Call call = std::exchange(task.call, {});
    const NamespaceNames targets = std::exchange(task.targets, {});
    task.phase = Phase::running;
    if (current_ == task.tid)
        current_ = 0;
    const Waited waited = call.waits() ? waited_for(task.tid, call, result) : Waited();
    if (call.kind == Call::Kind::open)
        return opened(task, call, result);
    if (call.waits())
        judge_wait(task, waited, result);
    else
        judge(task, call, result);
    if (result < 0)
        return; // refused, or interrupted and about to be made again: nothing has changed
    switch (call.kind) {
    case Call::Kind::none:
    case Call::Kind::fork: // told when the child appeared
    case Call::Kind::exec: // told by PTRACE_EVENT_EXEC
    case Call::Kind::exit_group:
    case Call::Kind::deadly_signal:
    case Call::Kind::getsid:
    case Call::Kind::getpgid:
    case Call::Kind::getppid:
    case Call::Kind::death_signal:
    case Call::Kind::get_foreground:
    case Call::Kind::get_terminal_session:
        return;
    case Call::Kind::take_terminal:
    case Call::Kind::leave_terminal:
    case Call::Kind::set_foreground:
    case Call::Kind::hang_up:
        return terminal_changed(task, call.kind);
    case Call::Kind::open: // seen to above
        return;
    case Call::Kind::kill:
    case Call::Kind::tgkill:
    case Call::Kind::other_kill:
        settle_due_ = settle_due_ || call.kills();
        return;
    case Call::Kind::setsid:
        return tell(SessionMade{task.pid});
    case Call::Kind::setpgid: {
        const pid_t pid = call.pid == 0 ? task.pid : numbers_.seen_by(task.tid, call.pid).value_or(0);
        pid_t pgid = call.pgid == 0 ? pid : numbers_.seen_by(task.tid, call.pgid).value_or(0);
        // A group may outlive the process that gave it its number, and then only the kernel can translate it.
        if (pgid == 0)
            if (const auto stat = proc::stat(pid))
                pgid = stat->pgid;
        return tell(GroupSet{pid, pgid});
    }
    case Call::Kind::unshare:
        return tell(Unshared{task.tid, call.flags, namespaces_made(task.tid, call.flags)});
    case Call::Kind::setns:
        return tell(Entered{task.tid, targets});
    case Call::Kind::subreaper:
        return tell(SubreaperSet{task.pid, call.on});
    case Call::Kind::sigchld_action:
        if (const auto rule = child_rule(task.tid, call))
            tell(ChildRuleSet{task.tid, rule->ignored, rule->no_zombies});
        return;
    case Call::Kind::wait:
    case Call::Kind::waitid:
        break;
    }
    if ((call.flags & WNOWAIT) != 0)
        return;
    if (waited.kind == Waited::Kind::ended) {
        if (const auto pid = numbers_.seen_by(task.tid, waited.number); pid && zombies_.contains(*pid))
            reaped(*pid, task.pid);
    } else if (waited.kind == Waited::Kind::unknown) {
        // The program did not want to know what became of the child. Then it was reaped exactly if it is not there any
        // more.
        find_taken_child(task, waited.number == 0 ? 0 : numbers_.seen_by(task.tid, waited.number).value_or(0));
    }
}

/// A task was killed in the middle of a call: whether it took effect, the kernel has to tell.
void Tracer::call_lost(Tracee& task) {
    if (task.call.kind == Call::Kind::fork)
        find_lost_child(task);
    const Call call = std::exchange(task.call, {});
    const pid_t pid = task.pid;
    switch (call.kind) {
    case Call::Kind::setsid:
        if (const auto stat = proc::stat(pid); stat && stat->sid == pid)
            tell(SessionMade{pid});
        return;
    case Call::Kind::setpgid: {
        const pid_t target = call.pid == 0 ? pid : numbers_.seen_by(task.tid, call.pid).value_or(0);
        // Whoever is no process of the command's was refused.
        const bool ours = find(target) != nullptr || zombies_.contains(target);
        if (const auto stat = proc::stat(target); ours && stat)
            tell(GroupSet{target, stat->pgid});
        return;
    }
    case Call::Kind::take_terminal:
    case Call::Kind::leave_terminal:
    case Call::Kind::set_foreground:
    case Call::Kind::hang_up:
        return find_terminal_changed(task, call.kind);
    case Call::Kind::open:
        if (const Device taken = taken_by_open(task); taken != Device())
            tell(TerminalTaken{pid, taken});
        return;
    case Call::Kind::wait:
    case Call::Kind::waitid:
        return find_taken_child(task, 0);
    default:
        return; // the rest concerned only the task that is dying
    }
}

/// Which zombie a wait has taken that told nothing but perhaps its number. `number` is 0 when not even that is known.
void Tracer::find_taken_child(const Tracee& parent, pid_t number) {
    const auto gone = [&](const auto& zombie, bool own) {
        const auto& [pid, owner] = zombie;
        const bool handed_over = owner == already_taken || leaving_.contains(owner) || number != 0;
        return (number == 0 || number == pid) && (own ? owner == parent.pid : handed_over) && !proc::stat(pid);
    };
    // Its own first; else one that was handed to it so lately that the death of the former parent is still to be seen.
    for (const bool own : {true, false})
        for (const auto& zombie : zombies_)
            if (gone(zombie, own)) {
                if (number == 0)
                    guessed_.insert(zombie.first);
                return reaped(zombie.first, parent.pid);
            }
}

/// SIGKILL from outside after an exec has replaced the program, and before it could tell.
void Tracer::find_lost_exec(Tracee& dying) {
    if (dying.call.kind == Call::Kind::exec) {
        if (dying.tid == dying.pid && image_of(dying.pid) != dying.image)
            execed(dying, dying.pid);
        return;
    }
    // One that was no leader has the leader's number by now.
    if (dying.tid != dying.pid)
        return;
    const Tracee* caller = find(current_);
    if (caller != nullptr && caller->pid == dying.pid && caller->call.kind == Call::Kind::exec &&
        !proc::stat(dying.pid, caller->tid))
        execed(dying, caller->tid);
}

/// Before a core is written, in full or in part, the kernel gives the writer a file table of its own.
void Tracer::find_core_written(const Tracee& dying) {
    if (has_living_siblings(dying) && dying.call.kind != Call::Kind::deadly_signal)
        return; // one of the others writes it
    constexpr int core_dumped = 0x80;
    bool own_table = (ptrace::event_message(dying.tid) & core_dumped) != 0;
    for (const auto& [tid, other] : tasks_) {
        if (other.pid != dying.pid || other.dying || tid == dying.tid)
            continue;
        own_table = kcmp::order(kcmp::Shared::files, dying.tid, tid) != 0;
        if (!own_table)
            break;
    }
    if (own_table)
        tell(Unshared{dying.tid, CLONE_FILES, {}});
}

/// SIGKILL from outside in the middle of a fork swallows the stop that tells of the child, which is traced all the
/// same. Its maker is at its last stop and still has its children.
void Tracer::find_lost_child(Tracee& maker) {
    std::vector<pid_t> candidates;
    if ((maker.call.flags & CLONE_THREAD) != 0) {
        candidates = proc::tasks(maker.pid);
    } else {
        const auto stat = proc::stat(maker.pid);
        const bool beside = (maker.call.flags & CLONE_PARENT) != 0 && stat;
        candidates = proc::children(beside ? stat->ppid : maker.pid);
    }
    for (const pid_t child : candidates)
        if (find(child) == nullptr && !zombies_.contains(child) && proc::tracer_of(child) == ::getpid())
            return on_born(maker, 0, child);
}

} // namespace shadow
