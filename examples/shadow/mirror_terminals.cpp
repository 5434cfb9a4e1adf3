/// Controlling terminals, of the sessions that were made in the command's tree.
///
/// All members of such a session are followed, and so all that happens to its terminal is, but for one thing: the other
/// end may be closed at any moment (see Follower::lost_terminals). The session that shadow was started in has
/// other members, who may do with its terminal what they like: of that one nothing is said.
#include "mirror.hpp"

#include "library_number.hpp"
#include "proc.hpp"
#include "text.hpp"

#include <algorithm>
#include <limits>

namespace shadow {

bool Mirror::is_in_own_session(const Process& process) const {
    return process.sid() == shadow_->sid();
}

/// Not where strangers have a say, nor while the leader is on its way out, which somewhere there takes it from all.
bool Mirror::knows_terminal_of(const Process& process) const {
    const Handle leader = tree_.find_process(process.sid());
    const auto threads = leader != nullptr ? leader->threads() : std::vector<std::shared_ptr<Thread>>();
    return !is_in_own_session(process) && std::none_of(threads.begin(), threads.end(), [](const auto& task) {
        return task->template data<MirrorTask>()->leaving;
    });
}

Mirror::Terminal& Mirror::terminal(Device device) {
    return terminals_.try_emplace(device, tree_).first->second;
}

Device Mirror::device_of(const Process& process) const {
    const auto* const found = Terminal::of(process);
    for (const auto& [device, terminal] : terminals_)
        if (&terminal == found)
            return device;
    return {};
}

/// Whether somebody who is not followed has it as controlling terminal.
bool Mirror::is_taken_outside(Device device) const {
    const auto everybody = proc::processes();
    return std::any_of(everybody.begin(), everybody.end(), [&](pid_t pid) {
        const auto stat = proc::stat(pid);
        const Handle known = stat && stat->terminal == device.number ? process(pid) : nullptr;
        return stat && stat->terminal == device.number && (known == nullptr || is_in_own_session(*known));
    });
}

std::vector<Mirror::HeldTerminal> Mirror::held_terminals() const {
    std::vector<HeldTerminal> out;
    for (const auto& [pid, birth] : terminal_births_)
        if (const Handle leader = process(pid); leader != nullptr && !leader->is_zombie())
            if (const Device device = device_of(*leader); device != Device())
                out.push_back({device, pid, birth});
    return out;
}

Mirror::Outcome Mirror::on(const TerminalTaken& event) {
    const Handle leader = process(event.pid);
    if (leader == nullptr)
        return {unknown("process", event.pid), {}};
    if (auto* const other = Terminal::of(*leader); other != nullptr && other != &terminal(event.device))
        static_cast<void>(other->release(*leader)); // stolen, by somebody who has not told yet
    terminal_births_[event.pid] = node_birth(event.pid, event.device);
    if (!terminal(event.device).set_controlling(*leader, 1, procspace::Privilege::system_administration))
        return {join("the library refuses the terminal ", event.device.name(), " for ", event.pid), {}};
    return {};
}

Mirror::Outcome Mirror::on(const TerminalLeft& event) {
    const Handle member = process(event.pid);
    if (member == nullptr)
        return {unknown("process", event.pid), {}};
    if (auto* const its = Terminal::of(*member))
        static_cast<void>(its->release(*member));
    return {};
}

Mirror::Outcome Mirror::on(const ForegroundSet& event) {
    const Handle member = process(event.pid);
    if (member == nullptr)
        return {unknown("process", event.pid), {}};
    if (is_in_own_session(*member))
        return {};
    auto* const its = Terminal::of(*member);
    if (its == nullptr || !its->set_foreground(*member, event.pgid, procspace::TerminalSignal::blocked_or_ignored))
        return {join("the library refuses ", event.pgid, " as the group in the foreground"), {}};
    return {};
}

Mirror::Outcome Mirror::on(const HungUp& event) {
    terminal(event.device).hang_up();
    return {};
}

std::optional<std::int64_t> Mirror::predict_terminal(Process& caller, const Question& question) {
    if (!question.terminal || question.terminal->file.hung_up || question.terminal->file.device == Device())
        return std::nullopt;
    const TerminalUse& use = *question.terminal;
    const Device device = use.file.device;
    if (question.call.kind == Call::Kind::take_terminal) {
        // Who may only write to it may not take it, which is no rule of the library's.
        if (!use.file.readable || (caller.sid() == caller.pid() && is_taken_outside(device)))
            return std::nullopt;
        return failure(terminal(device)
                           .set_controlling(caller, use.argument.value_or(0),
                                            use.may_steal ? procspace::Privilege::system_administration
                                                          : procspace::Privilege::none)
                           .error);
    }
    if (is_in_own_session(caller) || use.file.master)
        return std::nullopt; // through the other end one may ask about a terminal that is not one's own
    Terminal& its = terminal(device);
    switch (question.call.kind) {
    case Call::Kind::leave_terminal:
        return failure(its.release(caller).error);
    case Call::Kind::get_foreground:
        return told(question, its.foreground_group(caller));
    case Call::Kind::get_terminal_session:
        return told(question, its.session_id(caller));
    default:
        break;
    }
    if (!use.argument || !question.first)
        return std::nullopt;
    const pid_t pgid = *question.first;
    if (pgid > 0 && tree_.find_group(number(pgid)) == nullptr && (may_be_strange(pgid) || may_have_strangers(pgid)))
        return std::nullopt;
    const auto answer = its.set_foreground(caller, pgid,
                                           use.ttou_is_held_off ? procspace::TerminalSignal::blocked_or_ignored
                                                                : procspace::TerminalSignal::taken);
    constexpr std::int64_t restart = -512; // ERESTARTSYS: the group got SIGTTOU, and the call is repeated after that
    return answer && !answer.value.empty() ? restart : failure(answer.error);
}

/// Whether an open will make it the terminal of the opener.
std::optional<bool> Mirror::predict_open(pid_t pid, const Opened& opened) {
    const Handle caller = process(pid);
    const Device device = opened.file.device;
    if (caller == nullptr || opened.file.hung_up || !device.is_pseudo() || is_in_own_session(*caller) ||
        is_taken_outside(device))
        return std::nullopt;
    return opened.may_be_taken && terminal(device).open(*caller);
}

bool Mirror::may_get_terminal(pid_t pid) const {
    const Handle caller = process(pid);
    return caller != nullptr && caller->sid() == caller->pid() && !is_in_own_session(*caller);
}

Device Mirror::terminal_of(pid_t pid) const {
    const Handle holder = process(pid);
    return holder != nullptr ? device_of(*holder) : Device();
}

} // namespace shadow
