#include "follower.hpp"

#include <csignal>
#include <linux/sched.h>
#include <utility>

namespace shadow {

Follower::Follower(const Options& options, std::ostream& out, const Colours& colours)
    : options_(options), out_(out), colours_(colours), broken_(options.broken) {}

bool Follower::is_to_be_dropped(const Event& event) const {
    const auto* fork = std::get_if<Forked>(&event);
    const auto* exit = std::get_if<Exited>(&event);
    switch (broken_) {
    case Break::none:
        return false;
    case Break::fork:
        return fork != nullptr && (fork->flags & CLONE_THREAD) == 0;
    case Break::thread:
        return fork != nullptr && (fork->flags & CLONE_THREAD) != 0;
    case Break::exec:
        return std::holds_alternative<Execed>(event);
    case Break::exit:
        return exit != nullptr;
    case Break::reap:
        return std::holds_alternative<Reaped>(event);
    case Break::reparent:
        return exit != nullptr && mirror_.is_last_thread(exit->pid, exit->tid) && !mirror_.children(exit->pid).empty();
    case Break::setsid:
        return std::holds_alternative<SessionMade>(event);
    // Some change nothing (a shell and its child both set the child's group): leaving those out would break nothing.
    case Break::setpgid:
        return std::holds_alternative<GroupSet>(event) && mirror_.has_effect(event);
    case Break::terminal:
        return std::holds_alternative<TerminalTaken>(event);
    case Break::unshare:
        return std::holds_alternative<Unshared>(event) && mirror_.has_effect(event);
    }
    return false;
}

void Follower::happened(const Event& event) {
    ++totals_.events;
    last_event_ = describe(event);
    if (options_.log)
        out_ << colours_.dim << "event " << totals_.events << ": " << colours_.plain << last_event_ << std::endl;
    const auto* exit = std::get_if<Exited>(&event);
    const bool last = exit != nullptr && mirror_.is_last_thread(exit->pid, exit->tid);
    if (last)
        for (const pid_t orphan : mirror_.children(exit->pid))
            concerned_.insert(orphan);
    note_concerned(event);
    Mirror::Outcome outcome;
    if (is_to_be_dropped(event)) {
        broken_ = Break::none;
        out_ << "shadow: the library is not told of event " << totals_.events << " (" << last_event_ << ")"
             << std::endl;
    } else {
        outcome = mirror_.apply(event);
    }
    if (options_.log)
        for (const auto& [child, parent] : outcome.adopted)
            out_ << "    reparent " << child << " to " << parent << std::endl;
    for (const int signal : {SIGHUP, SIGCONT})
        for (const pid_t pid : outcome.deserted)
            ::kill(pid, signal);
    look_for_hang_ups(outcome.hung_up);
    note_concerned(event);
    history_.record(totals_.events, event, last, outcome.adopted);
    if (!outcome.complaint.empty())
        report({0, last_event_, outcome.complaint, "has done it"});
}

/// Whom an event is about, and their parents; to be called before and after the mirror follows it.
void Follower::note_concerned(const Event& event) {
    for (const pid_t number : subjects(event)) {
        concerned_.insert(number);
        if (const auto process = mirror_.info(number))
            concerned_.insert(static_cast<pid_t>(process->ppid));
    }
}

void Follower::ended_with(pid_t pid, int status) {
    history_.ended_with(pid, status);
    mirror_.ended_with(pid, status);
}

bool Follower::wants_a_last_look(pid_t tid) {
    concerned_.insert(tid);
    return !comparer_.was_complete();
}

std::set<pid_t> Follower::to_compare() const {
    std::set<pid_t> out = concerned_;
    for (const auto& [subject, about] : reported_)
        out.insert(about);
    return out;
}

bool Follower::agrees(const std::vector<pid_t>& seen) {
    const std::vector<Difference> all = comparer_.compare(mirror_.view(), seen, to_compare());
    std::map<std::string, pid_t> present;
    fresh_.clear();
    for (const Difference& difference : all) {
        present[difference.subject] = difference.about;
        if (!reported_.contains(difference.subject))
            fresh_.push_back(difference);
    }
    if (!fresh_.empty())
        return false;
    reported_ = std::move(present);
    compared();
    return true;
}

void Follower::disagrees() {
    for (const Difference& difference : std::exchange(fresh_, {})) {
        reported_[difference.subject] = difference.about;
        report(difference);
    }
    compared();
}

void Follower::compared() {
    ++totals_.comparisons;
    concerned_.clear();
    comparer_.next_turn();
}

void Follower::report(const Difference& difference) {
    ++totals_.differences;
    const std::string line = join("after event ", totals_.events, " (", last_event_, "): ", difference.subject,
                                  ": the library says: ", difference.library, "; the kernel says: ", difference.kernel);
    out_ << colours_.bad << "difference " << totals_.differences << colours_.plain << ' ' << line << std::endl;
    reported_lines_.push_back(line);
}

} // namespace shadow
