/// How the tracer finds out that the tree stands still, and what it does when the mirror seems to be wrong.
#include "proc.hpp"
#include "tracer.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

namespace shadow {

bool Tracer::standing_still() {
    return current_ == 0 && settled() && leaving_.empty();
}

/// SIGKILL has taken it out of the stop in which we held it. It is on its way to another stop, or there.
bool Tracer::has_been_woken(const Tracee& held) const {
    return !ptrace::answers(held.tid) || ptrace::next_report(ptrace::Wait::poll, held.tid).report;
}

/// A death, a kill and the end of a process have woken others before we could look. One who waits for a zombie that
/// has become reapable is either back asleep (the zombie is none of its business) or on its way to the end of the call,
/// which will be reported. One whom SIGKILL has taken out of a stop has no longer a place in the queue: its last stop
/// is to come, or, if it was there, its death.
bool Tracer::settled() {
    if (!settle_due_)
        return true;
    for (auto& [tid, task] : tasks_) {
        if (task.phase == Phase::held && has_been_woken(task)) {
            std::erase(queue_, tid);
            task.phase = Phase::running;
            if (task.dying)
                leaves(task);
        }
        if (task.phase != Phase::sleeping || !task.call.waits())
            continue;
        const bool concerned = std::any_of(zombies_.begin(), zombies_.end(), [&, pid = task.pid](const auto& zombie) {
            return zombie.second == pid || zombie.second == already_taken;
        });
        if (concerned && !proc::asleep(task.pid, tid))
            return false;
    }
    settle_due_ = false;
    return true;
}

/// Looks at the one call under way: a wait that has nothing to take falls asleep, and must not keep the others.
void Tracer::look_at_current() {
    Tracee* task = find(current_);
    if (task != nullptr && task->call.waits() && proc::asleep(task->pid, task->tid)) {
        task->phase = Phase::sleeping;
        current_ = 0;
    }
}

void Tracer::look_at_the_leaving() {
    // Some hundredths of a second: others sleep on their way out too, but shortly (to close a connection, say).
    constexpr unsigned patience = 2000;
    const std::set<pid_t> leaving = leaving_;
    for (const pid_t tid : leaving) {
        Tracee* task = find(tid);
        const auto stat = task != nullptr ? proc::stat(task->pid, tid) : std::nullopt;
        if (!stat)
            continue;
        if (stat->ended() && tid == task->pid && has_living_siblings(*task)) {
            // A leader that ends before its threads stays as a zombie, and ptrace tells nobody until they are gone.
            leaving_.erase(tid);
            ended(*task, 0);
        } else if (stat->state == 'S' && proc::asleep(task->pid, tid) &&
                   (numbers_.is_namespace_init(task->pid) || ++task->naps >= patience)) {
            // The init of a pid namespace has killed all others in it, and waits until they are gone: their deaths
            // must go on meanwhile.
            leaving_.erase(tid);
            task->phase = Phase::sleeping;
            settle_due_ = true;
            sweep_namespace(task->pid);
            tell(Leaving{tid});
        }
    }
}

/// Compares. A difference counts only when it lasts: a task may be in the middle of a death that SIGKILL brought past
/// all our stops, and that waitid has not reported yet.
void Tracer::compare() {
    using namespace std::chrono_literals;
    constexpr int patience = 20;
    constexpr int most_patience = 5000;
    const auto agree = [&] {
        tell_of_lost_terminals();
        return witness_.agrees(processes());
    };
    for (int tries = 0; !agree(); ++tries) {
        if (tries >= most_patience || (tries >= patience && !someone_woke_up())) {
            witness_.disagrees();
            break;
        }
        const bool news = find_news();
        if (news || !continued_.empty()) {
            tell_who_goes_on();
            return; // and the comparison is still due
        }
        std::this_thread::sleep_for(1ms);
    }
    compare_due_ = false;
}

std::vector<pid_t> Tracer::processes() const {
    std::vector<pid_t> out;
    for (const auto& [tid, task] : tasks_)
        out.push_back(task.pid);
    for (const auto& [pid, parent] : zombies_)
        out.push_back(pid);
    return out;
}

/// Handles what has been reported meanwhile by anyone but the zombie that is being looked at, and what is not reported.
/// True if it was an event, or will be one.
bool Tracer::find_news() {
    const unsigned long before = events_;
    bool someone_leaves = false;
    std::vector<pid_t> everyone;
    for (const auto& [tid, task] : tasks_)
        if (tid != frozen_)
            everyone.push_back(tid);
    for (const pid_t tid : everyone) {
        if (const auto report = ptrace::next_report(ptrace::Wait::poll, tid).report) {
            // Looking at a second zombie would lose the first.
            if (report->death && frozen_ != 0)
                consume_death(frozen_);
            handle(*report);
            continue;
        }
        Tracee* task = find(tid);
        const auto stat = task != nullptr && task->phase != Phase::dead ? proc::stat(task->pid, tid) : std::nullopt;
        if (!stat)
            continue;
        if (!stat->ended()) {
            // SIGKILL has taken it out of its last stop, before we heard of that. The first process of a pid namespace
            // then waits for the deaths that are not consumed yet.
            if (stat->exiting() && (!task->dying || task->phase == Phase::held)) {
                leaves(*task);
                someone_leaves = true;
            }
        } else if (tid == task->pid) {
            // A leader's, while a thread of its is not yet consumed: nobody is told.
            std::erase(queue_, tid);
            leaving_.erase(tid);
            ended(*task, 0);
        }
    }
    return events_ != before || someone_leaves;
}

/// Whether a task is on its way to a stop that it has not reached: SIGKILL or SIGCONT took it out of another, or it
/// slept in a wait and has taken its zombie.
bool Tracer::someone_woke_up() const {
    return std::any_of(tasks_.begin(), tasks_.end(), [](const auto& entry) {
        const Tracee& task = entry.second;
        const bool opens = task.call.kind == Call::Kind::open; // perhaps it has a terminal already
        if ((task.phase == Phase::running && !task.stopped && !opens) || task.phase == Phase::dead)
            return false;
        const auto stat = proc::stat(task.pid, task.tid);
        if (!stat || stat->ended())
            return false;
        const bool at_rest = task.phase == Phase::held || task.phase == Phase::running
                                 ? stat->state == 't' || stat->state == 'T'
                                 : proc::asleep(task.pid, task.tid);
        return !at_rest;
    });
}

} // namespace shadow
