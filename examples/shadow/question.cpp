#include "question.hpp"

#include "proc.hpp"

#include <limits>
#include <sys/wait.h>

namespace shadow {
namespace {

/// Below -1 is a group; 0, -1 and what can be nobody's number mean the same everywhere.
std::optional<pid_t> translated(pid_t tid, pid_t number, const PidNumbers& numbers) {
    if (number >= -1 || number == std::numeric_limits<pid_t>::min())
        return number <= 0 ? number : numbers.seen_by(tid, number);
    const auto group = numbers.seen_by(tid, -number);
    return group ? std::optional(-*group) : std::nullopt;
}

} // namespace

Question question_of(pid_t tid, pid_t pid, const Call& call, const PidNumbers& numbers) {
    Question out;
    out.tid = tid;
    out.pid = pid;
    out.call = call;
    out.numbers = &numbers;
    if (call.kind == Call::Kind::waitid && call.which == P_PIDFD) {
        out.first = proc::pidfd_target(tid, call.pid); // in our numbers already
        out.call.which = P_PID;
    } else {
        out.first = translated(tid, call.pid, numbers);
    }
    if (call.about_terminal()) {
        out.terminal = terminal_use(pid, tid, call);
        if (call.kind == Call::Kind::set_foreground && out.terminal && out.terminal->argument)
            out.first =
                *out.terminal->argument > 0 ? numbers.seen_by(tid, *out.terminal->argument) : out.terminal->argument;
    }
    if (call.kind == Call::Kind::hang_up)
        if (const auto stat = proc::stat(pid); stat && stat->terminal != 0) {
            out.terminal.emplace();
            out.terminal->file.device = {stat->terminal};
        }
    out.second = translated(tid, call.kind == Call::Kind::tgkill ? call.tid : call.pgid, numbers);
    return out;
}

} // namespace shadow
