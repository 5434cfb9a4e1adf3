#include "follower.hpp"

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
        return exit != nullptr && mirror_.is_last_thread(exit->pid, exit->tid) && mirror_.has_children(exit->pid);
    case Break::setsid:
        return std::holds_alternative<SessionMade>(event);
    // Some change nothing (a shell and its child both set the child's group): leaving those out would break nothing.
    case Break::setpgid:
        return std::holds_alternative<GroupSet>(event) && mirror_.has_effect(event);
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
    history_.record(totals_.events, event, last, outcome.adopted);
    if (!outcome.complaint.empty())
        report({last_event_, outcome.complaint, "has done it"});
}

bool Follower::agrees(const std::vector<pid_t>& seen) {
    const std::vector<Difference> all = comparer_.compare(mirror_.view(), seen);
    std::set<std::string> present;
    fresh_.clear();
    for (const Difference& difference : all) {
        present.insert(difference.subject);
        if (!reported_.contains(difference.subject))
            fresh_.push_back(difference);
    }
    if (!fresh_.empty())
        return false;
    reported_ = std::move(present);
    ++totals_.comparisons;
    return true;
}

void Follower::disagrees() {
    ++totals_.comparisons;
    for (const Difference& difference : std::exchange(fresh_, {})) {
        reported_.insert(difference.subject);
        report(difference);
    }
}

void Follower::report(const Difference& difference) {
    ++totals_.differences;
    const std::string line = join("after event ", totals_.events, " (", last_event_, "): ", difference.subject,
                                  ": the library says: ", difference.library, "; the kernel says: ", difference.kernel);
    out_ << colours_.bad << "difference " << totals_.differences << colours_.plain << ' ' << line << std::endl;
    reported_lines_.push_back(line);
}

} // namespace shadow
