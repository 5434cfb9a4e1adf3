/// What calls about terminals have changed.
#include "proc.hpp"
#include "terminals.hpp"
#include "tracer.hpp"

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
    const auto stat = proc::stat(task.pid);
    if (!stat)
        return;
    const bool has_one = stat->terminal != 0;
    if (kind == Call::Kind::take_terminal && has_one)
        tell(TerminalTaken{task.pid, {stat->terminal}});
    else if (kind == Call::Kind::set_foreground && has_one)
        tell(ForegroundSet{task.pid, stat->foreground});
    else if (kind == Call::Kind::leave_terminal && !has_one)
        tell(TerminalLeft{task.pid});
    else if (kind == Call::Kind::hang_up && !has_one && task.question.terminal)
        tell(HungUp{task.question.terminal->file.device});
}

/// Opens are not held: they may take as long as they like, and are many.
void Tracer::opened(const Tracee& task, const Call& call, std::int64_t result) {
    const auto opened = opened_terminal(task.pid, task.tid, call, result);
    const auto stat = opened || proc::hidden(task.tid) ? proc::stat(task.pid) : std::nullopt;
    if (!stat)
        return;
    if (opened)
        witness_.opened(task.pid, *opened, stat->terminal != 0, !has_living_siblings(task));
    if (stat->terminal != 0)
        tell(TerminalTaken{task.pid, {stat->terminal}});
}

} // namespace shadow
