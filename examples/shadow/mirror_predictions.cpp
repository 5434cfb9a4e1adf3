/// What the library says that a call will return: its POSIX rules, asked on the mirror.
///
/// Nothing is said where it depends on what the mirror does not know: processes outside of the command's tree, who may
/// be in the session and the groups that shadow was started in, or have the number that a call names; the rights that a
/// task has in a user namespace that is not the other's.
#include "mirror.hpp"

#include "library_number.hpp"
#include "proc.hpp"

#include <procspace/posix/job_control.hpp>
#include <procspace/posix/kill.hpp>
#include <procspace/posix/orphan.hpp>

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace shadow {
namespace {

namespace posix = procspace::posix;
using Expected = std::optional<std::int64_t>;

/// Whether the kernel lets one send signals to the other; nothing where that is not for us to know.
std::optional<bool> may_signal(pid_t sender, pid_t target) {
    const auto from = proc::credentials(sender);
    const auto to = proc::credentials(target);
    if (!from || !to)
        return std::nullopt;
    if (from->effective == to->real || from->effective == to->saved || from->real == to->real ||
        from->real == to->saved)
        return true;
    if (!from->may_kill)
        return false;
    return from->user_namespace != 0 && from->user_namespace == to->user_namespace ? std::optional(true) : std::nullopt;
}

} // namespace

bool Mirror::is_outside(const Process& process) const {
    return process.data<MirrorProcess>()->surroundings && &process != shadow_.get();
}

/// Whether a number may be that of somebody whom the mirror does not follow.
bool Mirror::may_be_strange(pid_t pid) const {
    if (pid <= 0)
        return false;
    if (const Handle found = process(pid))
        return is_outside(*found);
    return thread(pid) == nullptr && proc::exists(pid);
}

/// Whether some process outside may be a member of the group, or has made its session.
bool Mirror::may_have_strangers(pid_t pgid) const {
    if (const auto group = tree_.find_group(number(pgid))) {
        const auto members = group->processes();
        return !members.empty() && members.front()->sid() == shadow_->sid();
    }
    const auto everybody = proc::processes();
    return std::any_of(everybody.begin(), everybody.end(), [&](pid_t pid) {
        const auto stat = proc::stat(pid);
        return stat && stat->pgid == pgid;
    });
}

/// Whether the group is there as surely as one of our own is in it, or shadow.
bool Mirror::is_our_group(pid_t pgid) const {
    const auto group = tree_.find_group(number(pgid));
    if (group == nullptr)
        return false;
    const auto members = group->processes();
    return std::any_of(members.begin(), members.end(), [&](const Handle& member) { return !is_outside(*member); });
}

/// Whether all members are followed.
bool Mirror::is_ours(const Group& group) const {
    const auto members = group.processes();
    return std::none_of(members.begin(), members.end(),
                        [](const Handle& member) { return member->data<MirrorProcess>()->surroundings; });
}

std::optional<std::int64_t> Mirror::predict_setpgid(Process& caller, const Question& question) {
    if (!question.first || !question.second || may_be_strange(*question.first))
        return std::nullopt;
    const pid_t target = *question.first != 0 ? *question.first : question.pid;
    // In shadow's own session there may be groups that nobody of ours is in.
    if (*question.second > 0 && *question.second != target && caller.sid() == shadow_->sid() &&
        !is_our_group(*question.second))
        return std::nullopt;
    return failure(posix::setpgid(caller, *question.first, *question.second).error);
}

std::optional<std::int64_t> Mirror::predict_kill(Process& caller, const Question& question) const {
    const bool one_thread = question.call.kind == Call::Kind::tgkill;
    if (!question.first || !question.second || may_be_strange(*question.first) || may_be_strange(*question.second) ||
        (!one_thread && *question.first == -1))
        return std::nullopt;
    bool uncertain = false;
    const auto permitted = [&](const Handle& target) {
        const pid_t whom = one_thread ? *question.second : static_cast<pid_t>(target->pid());
        const auto allowed = is_outside(*target) ? std::nullopt : may_signal(question.tid, whom);
        uncertain = uncertain || !allowed;
        return allowed.value_or(false);
    };
    const auto unheard = [](const auto&) {}; // delivery is the kernel's affair
    if (one_thread) {
        const auto answer =
            posix::tgkill(caller, *question.first, *question.second, question.call.signal, permitted, unheard);
        return uncertain ? Expected() : failure(answer.error);
    }
    const auto answer = posix::kill(caller, *question.first, question.call.signal, permitted, unheard);
    const bool group = *question.first <= 0 && *question.first != std::numeric_limits<pid_t>::min();
    if (!answer && (uncertain || (group && may_have_strangers(*question.first == 0 ? kernel_number(caller.pgid())
                                                                                   : -*question.first))))
        return std::nullopt;
    return failure(answer.error);
}

/// A number as the caller is told it.
std::optional<std::int64_t> Mirror::told(const Question& question, const procspace::Result<procspace::Pid>& answer) {
    if (!answer)
        return failure(answer.error);
    return question.numbers->told_to(question.tid, kernel_number(answer.value));
}

std::optional<std::int64_t> Mirror::predict(const Question& question) {
    Thread* const task = thread(question.tid);
    if (task == nullptr)
        return std::nullopt;
    Process& caller = *task->process();
    switch (question.call.kind) {
    case Call::Kind::setsid:
        return told(question, posix::setsid(caller));
    case Call::Kind::setpgid:
        return predict_setpgid(caller, question);
    case Call::Kind::getsid:
    case Call::Kind::getpgid:
        if (!question.first || may_be_strange(*question.first))
            return std::nullopt;
        return told(question, question.call.kind == Call::Kind::getsid ? posix::getsid(caller, *question.first)
                                                                       : posix::getpgid(caller, *question.first));
    case Call::Kind::getppid:
        return told(question, posix::getppid(caller));
    case Call::Kind::subreaper:
        return 0; // it cannot fail: what it does is told by an event
    case Call::Kind::death_signal:
        return failure(posix::set_parent_death_signal(*task, question.call.signal).error);
    case Call::Kind::kill:
    case Call::Kind::tgkill:
        return predict_kill(caller, question);
    default:
        return question.call.about_terminal() ? predict_terminal(caller, question) : std::nullopt;
    }
}

/// A number that nobody had when the library was asked may have become a stranger's since.
/// Or the other end of the terminal may have been closed.
bool Mirror::may_be_excused(const Question& question) const {
    if (question.call.about_terminal()) {
        const auto now = terminal_file(question.pid, question.tid, question.call.fd);
        return !now || now->hung_up;
    }
    for (const auto& number : {question.first, question.second})
        if (number && *number != 0 && *number != std::numeric_limits<pid_t>::min() && may_be_strange(std::abs(*number)))
            return true;
    return false;
}

} // namespace shadow
