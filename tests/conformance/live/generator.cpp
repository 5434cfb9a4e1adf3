#include "generator.hpp"

#include <algorithm>
#include <sstream>

namespace conformance::live {

namespace {

constexpr std::size_t most_living = 10;
constexpr std::size_t most_processes = 14;

std::string text(std::int64_t number) {
    return std::to_string(number);
}

} // namespace

Generator::Generator(std::uint64_t seed, const Profile& profile, bool privileged)
    : random_(seed), profile_(profile), privileged_(privileged) {}

std::uint32_t Generator::below(std::uint32_t limit) {
    return static_cast<std::uint32_t>(random_() % limit); // the same with every library
}

void Generator::look(const States& states) {
    seen_.clear();
    idle_ = 0;
    for (const auto& [pid, state] : states) {
        std::istringstream stream(state);
        std::vector<std::string> fields;
        for (std::string field; std::getline(stream, field, ':');)
            fields.push_back(field);
        const auto number = [&](std::size_t i) { return static_cast<std::uint32_t>(std::stoul(fields[i])); };
        Seen& seen = seen_[pid];
        seen.pid = pid;
        seen.ppid = number(0);
        seen.pgid = number(1);
        seen.sid = number(2);
        seen.zombie = fields[3] == "zombie";
        seen.stopped = fields[3] == "stop";
        seen.has_terminal = fields[5] != "-";
        std::istringstream tids(seen.zombie ? "" : fields[4]);
        for (std::string tid; std::getline(tids, tid, ',');) {
            const auto thread = static_cast<std::uint32_t>(std::stoul(tid));
            highest_ = std::max(highest_, thread);
            if (tid.back() == 'z')
                continue;
            seen.tids.push_back(thread);
            idle_ += !seen.stopped && !sleeping_.contains(thread);
        }
    }
}

void Generator::note(const Operation& done) {
    if (done.result == "!blocked" || done.result == "!stopped")
        sleeping_[done.tid] = actor_->pid;
    if (done.result == "!blocked")
        waiters_.insert(done.tid);
    if (done.result == "!stopped" && done.name == "tty_setpgrp")
        repeaters_.insert(done.tid);
    for (const Late& late : done.late) {
        sleeping_.erase(late.tid);
        waiters_.erase(late.tid);
        repeaters_.erase(late.tid);
    }
    ignored_children_ = ignored_children_ || (done.name == "sigaction" && done.arguments[0] == "CHLD" &&
                                              (done.arguments[1] == "ign" || done.arguments[1] == "nocldwait"));
    if (done.name == "sigaction" && done.arguments[1] == "dfl")
        defaults_.insert(done.arguments[0]);
    changed_user_ = changed_user_ || done.name == "setuid";
    asked_for_death_signal_ = asked_for_death_signal_ || done.name == "pdeathsig";
    sent_to_stopped_ =
        sent_to_stopped_ ||
        ((done.name == "kill" || done.name == "tgkill" || done.name == "tty_key" || asked_for_death_signal_) &&
         somebody_is_stopped());
    made_subreapers_ = made_subreapers_ || (done.name == "subreaper_set" && done.arguments[0] != "0");
    made_clones_ = made_clones_ || done.name == "clone_sig";
    just_gone_ = done.gone;
    if (done.name == "tty_hangup")
        hung_up_.insert(done.arguments[0]);
    if (done.name.starts_with("wait") && done.gone.size() == 1 &&
        done.result.starts_with(text(*done.gone.begin()) + " "))
        reaped_.push_back(*done.gone.begin());
    if (done.name == "ext_kill" && (done.arguments[1] == "STOP" || done.arguments[1] == "CONT"))
        init_stopped_ = done.arguments[1] == "STOP";
}

/// One of those who are not in a call, and of a process that runs. Init is one among many.
bool Generator::choose_actor() {
    std::vector<std::pair<const Seen*, std::uint32_t>> free;
    for (const auto& [pid, seen] : seen_)
        if (!seen.stopped)
            for (const std::uint32_t tid : seen.tids)
                if (!sleeping_.contains(tid))
                    free.emplace_back(&seen, tid);
    if (free.empty())
        return false;
    std::tie(actor_, tid_) = one_of(free);
    return true;
}

bool Generator::possible(const std::string& name) const {
    const auto living = static_cast<std::size_t>(
        std::count_if(seen_.begin(), seen_.end(), [](const auto& one) { return !one.second.zombie; }));
    const bool is_init = actor_->pid == 1;
    if (name.starts_with("fork") || name.starts_with("clone"))
        return living < most_living && seen_.size() < most_processes;
    if (name == "thread")
        return actor_->tids.size() < static_cast<std::size_t>(profile_.threads);
    if (name == "setuid") // of one thread, so of the whole process only where there is no other
        return privileged_ && actor_->tids.size() == 1 && !is_init && !asked_for_death_signal_;
    if (name == "pdeathsig") // it is sent with the rights of the parent, of which the library knows nothing
        return !changed_user_ && waiters_.empty();
    if (name == "tty_setpgrp") // may stop a whole group; whom SIGTTOU cannot stop, repeats it for ever
        return waiters_.empty() && !is_init;
    if (name == "exit" || name == "exit_group")
        return !is_init || (name == "exit" && actor_->tids.size() > 1);
    if (name == "exec") // what others are told of the end of its threads may come back before or after it has handlers
        return actor_->tids.size() == 1 || !asked_for_death_signal_;
    if (name == "tty_key") // into a terminal that has a keyboard
        return hung_up_.size() < 2;
    return true;
}

std::string Generator::choose_name() {
    // Where there are too many processes, they are waited for.
    if (seen_.size() >= most_processes && chance(60))
        return "waitpid";
    int sum = 0;
    for (const auto& [name, weight] : profile_.weights)
        sum += possible(name) ? weight : 0;
    auto place = static_cast<int>(below(static_cast<std::uint32_t>(sum)));
    for (const auto& [name, weight] : profile_.weights)
        if (possible(name) && (place -= weight) < 0)
            return name;
    return "getpid";
}

std::optional<Operation> Generator::next(const States& states) {
    look(states);
    if (seen_.empty() || seen_.begin()->second.zombie)
        return std::nullopt;
    Operation operation;
    if (!choose_actor() || (init_stopped_ && chance(20))) {
        if (!init_stopped_)
            return std::nullopt;
        operation.name = "ext_kill";
        operation.arguments = {"1", "CONT"};
        return operation;
    }
    // The end of all, once in a while.
    if (actor_->pid == 1 && chance(1) && chance(30)) {
        operation.tid = tid_;
        operation.name = "exit_group";
        operation.arguments = {"3"};
        return operation;
    }
    operation.name = choose_name();
    operation.tid = tid_;
    operation.arguments = choose_arguments(operation.name);
    if (operation.name == "tty_hangup" || operation.name == "tty_key" || operation.name == "ext_kill")
        operation.tid = 0;
    return operation;
}

} // namespace conformance::live
