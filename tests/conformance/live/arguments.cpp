// What the operations are done with: numbers of processes and groups, signals, options.

#include "generator.hpp"

#include <algorithm>

namespace conformance::live {

namespace {

constexpr std::int64_t nobody = 7999; // a number that no process of a run gets to

std::string text(std::int64_t number) {
    return std::to_string(number);
}

} // namespace

std::vector<std::int64_t> Generator::children() const {
    std::vector<std::int64_t> found;
    for (const auto& [pid, seen] : seen_)
        if (seen.ppid == actor_->pid)
            found.push_back(pid);
    return found;
}

/// A number to name somebody with: often one that makes sense.
std::int64_t Generator::some_process() {
    const std::uint32_t kind = below(100);
    if (const auto mine = children(); kind < 35 && !mine.empty())
        return one_of(mine);
    if (kind < 70)
        return std::next(seen_.begin(), below(static_cast<std::uint32_t>(seen_.size())))->first;
    if (kind < 80)
        return actor_->pid;
    if (kind < 88)
        return 0;
    if (kind < 92)
        return 1 + below(highest_ + 2); // threads, the dead, the unborn
    if (kind < 95)
        return nobody;
    return kind < 97 ? -1 : -some_group();
}

std::int64_t Generator::some_group() {
    const std::uint32_t kind = below(100);
    const Seen& some = std::next(seen_.begin(), below(static_cast<std::uint32_t>(seen_.size())))->second;
    if (kind < 50)
        return some.pgid;
    if (kind < 60)
        return actor_->pgid;
    if (kind < 85)
        return some.pid;
    return kind < 95 ? some.sid : 1 + below(highest_ + 2);
}

std::string Generator::some_signal() {
    static const std::vector<std::string> frequent{"CONT", "CONT", "CONT", "STOP", "STOP", "STOP", "USR1", "KILL",
                                                   "HUP",  "TSTP", "0",    "CONT", "STOP", "USR1", "KILL"};
    static const std::vector<std::string> rare{"TERM",  "TTIN", "TTOU", "INT", "QUIT", "USR2", "CHLD",
                                               "WINCH", "URG",  "PIPE", "65",  "-1",   "SEGV", "ALRM"};
    return one_of(chance(80) ? frequent : rare);
}

/// Returns whether it is a rule what becomes of several processes that get it at once. Who of them dies or stops first
/// decides whether a parent that waits for a child sees that before its own end, whether a child is a zombie or reaped
/// by a parent that ignores its children, to which subreaper an orphan goes and so whether a stopped group is orphaned
/// by the end of that one, and what one dies of that is told of another's end; who is continued first, whether others
/// still have handled that when he stops them again.
bool Generator::is_for_many(const std::string& signal) const {
    static const std::set<std::string> harmless{"CHLD", "URG", "WINCH", "0", "65", "-1"};
    static const std::set<std::string> handled{"HUP", "INT", "USR1", "USR2"};
    static const std::set<std::string> stops{"STOP", "TSTP", "TTIN", "TTOU"};
    static const std::set<std::string> dumps{"QUIT", "SEGV"};
    const bool may_die = waiters_.empty() && !ignored_children_ && !(made_subreapers_ && somebody_is_stopped());
    if (signal == "CONT") // those who are stopped die of what they have got meanwhile
        return repeaters_.empty() && (may_die || !sent_to_stopped_);
    if (harmless.contains(signal) || (handled.contains(signal) && !defaults_.contains(signal)))
        return true;
    if (stops.contains(signal))
        return waiters_.empty();
    return may_die && !(dumps.contains(signal) && (asked_for_death_signal_ || made_clones_));
}

bool Generator::somebody_is_stopped() const {
    return std::any_of(seen_.begin(), seen_.end(), [](const auto& one) { return one.second.stopped; });
}

std::vector<std::string> Generator::choose_arguments(const std::string& name) {
    if (name == "fork_at") {
        const std::int64_t number = !reaped_.empty() && chance(60) ? one_of(reaped_)
                                    : chance(80)                   ? some_process()
                                                                   : highest_ + 1 + below(3);
        return {text(number == nobody ? 0 : number)};
    }
    if (name == "clone_sig")
        return {one_of(std::vector<std::string>{"0", "0", "CHLD", "USR1", "USR2", "USR1", "TERM", "CONT", "WINCH"})};
    if (name == "exit" || name == "exit_group")
        return {text(below(9))};
    if (name == "setpgid") {
        std::int64_t target = chance(30) ? 0 : some_process();
        const std::int64_t group = chance(35) ? 0 : chance(40) ? target : chance(5) ? -1 : some_group();
        // In a group whose number is of its namespace and not its own, init could never end: the kernel waits until all
        // other numbers are free.
        const bool moves_init = actor_->pid == 1 && target <= 1;
        return {text(target), text(moves_init ? 0 : group)};
    }
    if (name == "getpgid" || name == "getsid")
        return {text(some_process())};
    if (name == "waitpid" || name == "waitid")
        return wait_arguments(name == "waitid");
    if (name == "subreaper_set")
        return {text(chance(65) ? 1 : chance(80) ? 0 : 2)};
    if (name == "pdeathsig") // who is continued tells its parent when it runs: between the deaths of threads, or after
        return {one_of(std::vector<std::string>{"USR2", "USR2", "HUP", "TERM", "KILL", "0", "65", "-1"})};
    if (name == "sigaction") {
        if (chance(50))
            return {"CHLD", one_of(std::vector<std::string>{"handler", "dfl", "ign", "nocldwait", "nocldstop"})};
        const std::string signal = some_signal();
        const std::string action = one_of(std::vector<std::string>{"handler", "dfl", "ign"});
        return {signal, signal == "TTOU" && action == "handler" ? "ign" : action}; // see tty_setpgrp
    }
    if (name == "sigmask") {
        std::string signal = some_signal();
        if (signal_number(signal).value() < 1 || signal_number(signal).value() > 64)
            signal = "CHLD";
        return {chance(55) ? "block" : "unblock", signal};
    }
    if (name == "kill") {
        const std::uint32_t kind = below(100);
        const std::int64_t target = kind < 80 ? some_process() : kind < 97 ? -some_group() : -1;
        const std::string signal = some_signal();
        const bool sensible = target > 0 || is_for_many(signal);
        // Not everybody dies at once, all the time.
        const std::string other = is_for_many("CONT") ? "CONT" : "0";
        return {text(target), sensible && (target != -1 || signal != "KILL" || chance(10)) ? signal : other};
    }
    if (name == "tgkill") {
        const Seen& some = std::next(seen_.begin(), below(static_cast<std::uint32_t>(seen_.size())))->second;
        const std::int64_t group = chance(80) ? some.pid : some_process();
        const std::int64_t thread = chance(80) && !some.tids.empty() ? one_of(some.tids) : some_process();
        return {text(group), text(thread), some_signal()};
    }
    if (name == "setuid")
        return {one_of(std::vector<std::string>{"1000", "1000", "1001", "0", "-1"})};
    std::string terminal = chance(75) ? "0" : "1";
    if (name == "tty_key" && hung_up_.contains(terminal))
        terminal = terminal == "0" ? "1" : "0";
    if (name == "tty_sctty")
        return {terminal, text(chance(75) ? 0 : privileged_ && chance(90) ? 1 : 2)};
    if (name == "tty_setpgrp") {
        // Who reaps himself can't be seen any more a moment before his number is free.
        const std::int64_t group = chance(5) ? -1 : chance(5) ? 0 : some_group();
        return {terminal, text(just_gone_.contains(static_cast<std::uint32_t>(group)) ? nobody : group)};
    }
    if (name == "tty_key") {
        const std::string key = one_of(std::vector<std::string>{"3", "26", "28", "26"});
        return {terminal, is_for_many(key == "26" ? "TSTP" : "QUIT") ? key : "97"};
    }
    if (name == "ext_kill")
        return {"1", one_of(std::vector<std::string>{"HUP", "TERM", "STOP", "CONT", "USR1", "CHLD", "0", "TSTP"})};
    if (name == "tty_open" || name == "tty_notty" || name == "tty_getpgrp" || name == "tty_getsid" ||
        name == "tty_hangup")
        return {terminal};
    return {};
}

/// Few may sleep: somebody has to go on, and who of two that wait for the same child gets it is no rule.
std::vector<std::string> Generator::wait_arguments(bool by_id) {
    // Nor whether a thread that waits, of a process that ends, reaps a child that dies of a sibling thread's end.
    bool sleeps = chance(profile_.blocking) && idle_ > 2 && (actor_->tids.size() == 1 || !asked_for_death_signal_);
    for (const auto& [tid, pid] : sleeping_)
        sleeps = sleeps && pid != actor_->pid;
    // Nor whether a waiter looks again because of a child that it does not mean.
    std::string which = "P_ALL";
    std::int64_t id = -1;
    const std::uint32_t kind = below(100);
    if (kind < 45) {
        id = by_id ? static_cast<std::int64_t>(below(3)) : -1;
    } else if (kind < 80) {
        which = "P_PID";
        id = some_process();
    } else {
        which = "P_PGID";
        id = chance(30) ? 0 : some_group();
        id = by_id ? id : -id;
    }
    if (by_id && chance(3))
        which = "7";
    sleeps = sleeps && which != "P_PGID" && (by_id || id > 0 || id == -1);
    std::vector<std::string> arguments{text(id), options(by_id, sleeps)};
    if (by_id)
        arguments.insert(arguments.begin(), which);
    return arguments;
}

std::string Generator::options(bool by_id, bool sleeps) {
    std::string chosen;
    const auto add = [&](const char* option, int percent) {
        if (chance(percent))
            chosen += (chosen.empty() ? "" : "+") + std::string(option);
    };
    add("NOHANG", sleeps ? 0 : 100);
    add("STOPPED", 45);
    // A continued child may die of a signal at once: whether a waiter that sleeps sees it between is no rule.
    add("CONTINUED", sleeps ? 0 : 40);
    if (by_id) {
        add("EXITED", 80);
        add("NOWAIT", 35);
    } else {
        add("EXITED", 2); // unknown to wait4
    }
    add("NOTHREAD", sleeps ? 0 : 8);
    add("ALL", 15);
    add("CLONE", 8);
    add("0x10", 1);
    return chosen.empty() ? "0" : chosen;
}

} // namespace conformance::live
