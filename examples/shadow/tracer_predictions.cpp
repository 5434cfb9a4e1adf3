/// Whether the answers of calls are what the library said, and when that can be told at all.
#include "proc.hpp"
#include "tracer.hpp"

#include <algorithm>
#include <chrono>
#include <linux/sched.h>
#include <thread>

namespace shadow {

/// Nobody is on the way out, dead and not yet consumed, or made so that we can't see them.
bool Tracer::all_deaths_are_seen() const {
    return !some_unseen_ && frozen_ == 0 && leaving_.empty() &&
           std::none_of(tasks_.begin(), tasks_.end(), [&](const auto& entry) {
               const Tracee& task = entry.second;
               return (task.dying && task.phase == Phase::sleeping) ||
                      (task.phase == Phase::dead && !has_living_siblings(task));
           });
}

/// Whether the zombies of a process, `but` aside, are still there: one of its other threads may have taken one, and be
/// on its way to tell.
bool Tracer::knows_zombies_of(const Tracee& parent, pid_t but) const {
    return std::all_of(zombies_.begin(), zombies_.end(), [&](const auto& zombie) {
        const auto& [pid, owner] = zombie;
        return pid == but || (owner != parent.pid && owner != already_taken) || proc::stat(pid);
    });
}

void Tracer::judge(const Tracee& task, const Call& call, std::int64_t result) {
    if (call.kind == Call::Kind::fork && (call.flags & CLONE_UNTRACED) != 0)
        some_unseen_ = true;
    pid_t number = 0;
    if (result >= 0 && (call.kind == Call::Kind::get_foreground || call.kind == Call::Kind::get_terminal_session)) {
        if (!ptrace::read_memory(task.tid, call.address, &number, sizeof number))
            return; // another thread has taken the place away where the answer is
        result = number;
    }
    const bool certain =
        task.asked_at == events_ && all_deaths_are_seen() && !(call.about_terminal() && somebody_opens());
    witness_.answered(task.question, result, certain);
}

void Tracer::judge_wait(const Tracee& task, const Waited& waited, std::int64_t result) {
    const auto who = waited.number != 0 ? numbers_.seen_by(task.tid, waited.number) : 0;
    if (who && (waited.kind == Waited::Kind::stopped || waited.kind == Waited::Kind::continued))
        catch_up_with(*who, waited.kind == Waited::Kind::continued);
    const bool guessed = who && guessed_.erase(*who) != 0;
    const bool certain = who && !guessed && all_deaths_are_seen() && knows_zombies_of(task, *who);
    witness_.waited(task.question, {waited, who.value_or(0), result, task.asked_at == events_}, certain);
}

/// The parent of a job that stops or goes on may tell of it before the job itself does.
void Tracer::catch_up_with(pid_t pid, bool until_it_goes_on) {
    constexpr int patience = 1000;
    for (int tries = 0; tries < patience && leaving_.empty(); ++tries) {
        std::vector<pid_t> tasks;
        for (const auto& [tid, task] : tasks_)
            if (task.pid == pid)
                tasks.push_back(tid);
        bool stopped = false;
        for (const pid_t tid : tasks) {
            if (const auto report = ptrace::next_report(ptrace::Wait::poll, tid).report; report && !report->death)
                handle(*report);
            const Tracee* const task = find(tid);
            stopped = stopped || (task != nullptr && task->stopped);
        }
        if (!until_it_goes_on || !stopped)
            return;
        std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
}

} // namespace shadow
