/// Whether the library would have given the answer that a wait got.
///
/// A wait sleeps until it has something to tell, so it can be asked only once it returns: the mirror then still has the
/// zombie that the call has taken. It is asked with WNOWAIT what there was to tell, about the child that was told and
/// about all whom the call meant.
///
/// One that slept woke up some time ago, and other things may have happened since: then all that counts is whether the
/// child that it tells of was among those that it could tell of.
///
/// Deaths are taken in one by one and are certain. Stops and continuations are not: a stopped job goes on the moment
/// that somebody sends SIGCONT, and its parent may look before, in between or afterwards. What the kernel tells of them
/// must fit the mirror, but where it tells nothing, or of somebody else's, the library has no certain answer.
#include "mirror.hpp"

#include "library_number.hpp"
#include "text.hpp"

#include <procspace/posix/wait.hpp>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>

namespace shadow {
namespace {

namespace posix = procspace::posix;
using procspace::Errno;
using procspace::WaitFlag;
using procspace::WaitId;
using Report = procspace::Result<procspace::WaitReport>;

constexpr std::uint32_t changes = WaitFlag::stopped | WaitFlag::continued;
constexpr std::uint32_t clones = WaitFlag::all | WaitFlag::clone | WaitFlag::no_thread;

std::string in_words(procspace::Pid pid, procspace::WaitStatus status) {
    if (pid == 0)
        return "nothing yet";
    if (status.is_continued())
        return join(pid, " goes on");
    return join(pid, status.is_stopped() ? join(" stopped by ", signal_name(status.code()))
                                         : join(": ", describe_status(status.encoded)));
}

std::string in_words(const Report& report) {
    return report ? in_words(report.value.pid, report.value.status) : describe_result(failure(report.error));
}

} // namespace

Verdict Mirror::judge_wait(const Question& question, const WaitAnswer& answer) {
    const Waited& waited = answer.told;
    const pid_t who = answer.who;
    const std::int64_t result = answer.result;
    Thread* const caller = thread(question.tid);
    const bool said = result >= 0 || result == -ECHILD || result == -EINVAL || result == -ESRCH;
    if (caller == nullptr || !said || !question.first || (who == 0 && waited.kind != Waited::Kind::nothing))
        return {};
    const auto flags = static_cast<std::uint32_t>(question.call.flags);
    const auto look = [&](int which, pid_t id, std::uint32_t options) {
        return posix::waitid(*caller, which, id, options | WaitFlag::no_wait | WaitFlag::no_hang);
    };
    std::uint32_t wanted = flags;
    const Report meant = [&]() -> Report {
        int which = question.call.which;
        pid_t id = *question.first;
        if (question.call.kind == Call::Kind::wait) {
            // Does it accept the call? Asked about nobody, it takes nothing.
            const bool impossible = id == std::numeric_limits<pid_t>::min();
            const Report checked = posix::wait4(*caller, impossible ? id : static_cast<pid_t>(nobodys_number), flags);
            if (checked.error != Errno::no_child)
                return checked;
            wanted |= WaitFlag::exited;
            which = id > 0 ? WaitId::pid : id == -1 ? WaitId::all : WaitId::pgid;
            id = std::max(id, -id);
        }
        return look(which, which == WaitId::pgid && id == 0 ? question.own_group : id, wanted);
    }();
    const auto verdict = [&](bool right, const Report& library) {
        return Verdict{right ? Verdict::Kind::right : Verdict::Kind::wrong, in_words(library),
                       result < 0 ? describe_result(result)
                                  : in_words(static_cast<procspace::Pid>(who), {waited.status})};
    };
    const auto is_change = [](const Report& report) {
        return report.value.status.is_stopped() || report.value.status.is_continued();
    };

    if (waited.kind == Waited::Kind::nothing) {
        const bool right = result < 0 || !meant ? failure(meant.error) == result : meant.value.pid == 0;
        const bool certain = answer.at_once && !(meant && meant.value.pid != 0 && is_change(meant));
        return right || certain ? verdict(right, meant) : Verdict();
    }
    const Report told = look(WaitId::pid, who, wanted);
    if (!meant || !told)
        return verdict(false, meant ? told : meant);
    const bool same = told.value.pid != 0 && told.value.status.encoded == waited.status;
    if (waited.kind == Waited::Kind::stopped || waited.kind == Waited::Kind::continued) {
        if (!same)
            return {};
        const auto change = waited.kind == Waited::Kind::stopped ? WaitFlag::stopped : WaitFlag::continued;
        if ((flags & WaitFlag::no_wait) == 0)
            static_cast<void>(posix::waitid(*caller, WaitId::pid, who, change | (flags & clones)));
        return verdict(true, told);
    }
    const Handle child = process(who);
    const bool any_status =
        waited.kind == Waited::Kind::unknown || (child != nullptr && child->data<MirrorProcess>()->status_unknown);
    if (told.value.pid == 0 || !(same || any_status))
        return verdict(false, told);
    // Of several it is the first, where the order is known. Unless others were not there yet when the call woke up and
    // chose, or what has happened to them is not certain.
    const bool fits = meant.value.pid == told.value.pid || !answer.at_once || (flags & changes) != 0 ||
                      caller->process()->data<MirrorProcess>()->unordered_children;
    return verdict(fits, fits ? told : meant);
}

} // namespace shadow
