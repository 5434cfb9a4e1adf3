/// What calls about terminals have changed.
#include "proc.hpp"
#include "terminals.hpp"
#include "tracer.hpp"

#include <algorithm>

namespace shadow {

void Tracer::terminal_changed(const Tracee& task, Call::Kind kind) {
    const Question& question = task.question;
    if (!question.terminal) // hidden from us
        return find_terminal_changed(task, kind);
    switch (kind) {
    case Call::Kind::take_terminal:
        return tell(TerminalTaken{task.pid, question.terminal->file.device});
    case Call::Kind::leave_terminal:
        return tell(TerminalLeft{task.pid});
    case Call::Kind::set_foreground:
        if (question.first)
            return tell(ForegroundSet{task.pid, *question.first});
        return find_terminal_changed(task, kind);
    default:
        return tell(HungUp{question.terminal->file.device});
    }
}

/// The caller was killed and did not learn whether it took effect, or hides its descriptors from us.
void Tracer::find_terminal_changed(const Tracee& task, Call::Kind kind) {
    const Question& question = task.question;
    const auto stat = proc::stat(task.pid);
    if (!stat || question.tid == 0) // not let go on yet
        return;
    const bool has_one = stat->terminal != 0;
    if (kind == Call::Kind::take_terminal && has_one && stat->sid == task.pid)
        tell(TerminalTaken{task.pid, {stat->terminal}});
    else if (kind == Call::Kind::set_foreground && has_one &&
             (!question.terminal || question.first == stat->foreground))
        tell(ForegroundSet{task.pid, stat->foreground});
    else if (kind == Call::Kind::leave_terminal && !has_one)
        tell(TerminalLeft{task.pid});
    else if (kind == Call::Kind::hang_up && !has_one && question.terminal)
        tell(HungUp{question.terminal->file.device});
}

/// Whether a terminal may have been taken by an open that has not told yet.
bool Tracer::somebody_opens() const {
    return std::any_of(tasks_.begin(), tasks_.end(),
                       [](const auto& entry) { return entry.second.call.kind == Call::Kind::open; });
}

void Tracer::tell_of_lost_terminals() {
    for (const LostTerminal& lost : witness_.lost_terminals()) {
        tell(HungUp{lost.device});
        if (lost.next != Device())
            tell(TerminalTaken{lost.leader, lost.next});
    }
}

/// Opens are not held: they may take as long as they like, and are many.
void Tracer::opened(const Tracee& task, const Call& call, std::int64_t result) {
    const auto opened = opened_terminal(task.pid, task.tid, call, result);
    if (!opened && !proc::hidden(task.tid))
        return;
    const Device taken = taken_by_open(task);
    const Tracee* const current = find(current_);
    const bool certain = task.asked_at == events_ && leaving_.empty() && !has_living_siblings(task) &&
                         (current == nullptr || !current->call.about_terminal()) && !somebody_opens();
    if (opened)
        witness_.opened(task.pid, *opened, taken != Device(), certain);
    if (taken != Device())
        tell(TerminalTaken{task.pid, taken});
}

/// The terminal that a session leader has and the library does not know of.
Device Tracer::taken_by_open(const Tracee& task) const {
    const auto stat = proc::stat(task.pid);
    return stat && stat->terminal != witness_.terminal_of(task.pid).number ? Device{stat->terminal} : Device();
}

} // namespace shadow
