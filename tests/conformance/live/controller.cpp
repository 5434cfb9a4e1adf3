#include "controller.hpp"

#include "raw.hpp"

#include "../world.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <linux/futex.h>
#include <map>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace conformance::live {

namespace {

constexpr std::chrono::seconds patience{20};

const std::map<std::string, Order> orders{{"fork", Order::fork},
                                          {"fork_at", Order::fork_at},
                                          {"clone_parent", Order::clone_parent},
                                          {"clone_sig", Order::clone_sig},
                                          {"thread", Order::thread},
                                          {"exit", Order::exit},
                                          {"exit_group", Order::exit_group},
                                          {"exec", Order::exec},
                                          {"setsid", Order::setsid},
                                          {"setpgid", Order::setpgid},
                                          {"getpgid", Order::getpgid},
                                          {"getsid", Order::getsid},
                                          {"getppid", Order::getppid},
                                          {"getpid", Order::getpid},
                                          {"waitpid", Order::waitpid},
                                          {"waitid", Order::waitid},
                                          {"subreaper_set", Order::subreaper_set},
                                          {"subreaper_get", Order::subreaper_get},
                                          {"pdeathsig", Order::pdeathsig},
                                          {"sigaction", Order::sigaction},
                                          {"sigmask", Order::sigmask},
                                          {"kill", Order::kill},
                                          {"tgkill", Order::tgkill},
                                          {"tty_open", Order::tty_open},
                                          {"tty_sctty", Order::tty_sctty},
                                          {"tty_notty", Order::tty_notty},
                                          {"tty_getpgrp", Order::tty_getpgrp},
                                          {"tty_setpgrp", Order::tty_setpgrp},
                                          {"tty_getsid", Order::tty_getsid},
                                          {"devtty", Order::devtty},
                                          {"setuid", Order::setuid}};

const std::map<std::string, Disposition> dispositions{{"handler", Disposition::handler},
                                                      {"dfl", Disposition::dfl},
                                                      {"ign", Disposition::ign},
                                                      {"nocldwait", Disposition::nocldwait},
                                                      {"nocldstop", Disposition::nocldstop}};

/// The number that stands for an argument in the call of operation `name`.
std::int32_t argument_of(const std::string& name, std::size_t place, const std::string& text) {
    const bool last = place == (name == "waitid" ? 2u : 1u);
    if ((name == "waitpid" || name == "waitid") && last)
        return static_cast<std::int32_t>(wait_options(text).value());
    if (name == "waitid" && place == 0)
        return wait_id(text);
    if (const auto disposition = dispositions.find(text); disposition != dispositions.end())
        return static_cast<std::int32_t>(disposition->second);
    if (text == "block" || text == "unblock")
        return text == "block" ? SIG_BLOCK : SIG_UNBLOCK;
    return signal_number(text).value(); // also any other number
}

std::string error_text(long negative) {
    const std::string name = error_name(static_cast<procspace::Errno>(-negative));
    return name == "unknown" ? "errno " + std::to_string(-negative) : name; // of no rule
}

std::string event_text(std::int32_t pid, const char* kind, int code) {
    return std::to_string(pid) + " " + kind + ":" + std::to_string(code);
}

} // namespace

void Controller::ask(const Operation& operation) {
    Slot& slot = shared_->slots[operation.tid];
    slot.command.order = orders.at(operation.name);
    for (std::size_t i = 0; i < operation.arguments.size(); ++i)
        slot.command.arguments[i] = argument_of(operation.name, i, operation.arguments[i]);
    if (operation.name == "sigmask") // the signal first, as the others have it
        std::swap(slot.command.arguments[0], slot.command.arguments[1]);
    slot.asked.fetch_add(1, std::memory_order_release);
    raw(SYS_futex, address(&slot.asked), FUTEX_WAKE, 1);
    // The state before is that of the last rest.
    const auto holds = [&](const auto& process) {
        const std::string& text = process.second;
        std::size_t at = 0;
        for (int colon = 0; colon < 4; ++colon)
            at = text.find(':', at) + 1;
        const std::string tids = "," + text.substr(at, text.find(':', at) - at) + ",";
        return tids.find("," + std::to_string(operation.tid) + ",") != std::string::npos;
    };
    const auto process = std::find_if(states_.begin(), states_.end(), holds);
    if (process == states_.end())
        throw std::logic_error("no thread " + std::to_string(operation.tid) + " lives");
    calls_.push_back({operation.number, operation.tid, process->first, operation.name});
}

void Controller::run(Operation& operation) {
    if (operation.tid == 0)
        operation.result = do_from_outside(operation);
    else
        ask(operation);
    const Snapshot now = wait_for_rest();
    take_returns(now, operation);
    take_states(now, operation);
    take_signals(now, operation);
}

std::string Controller::do_from_outside(const Operation& operation) {
    const int first = argument_of(operation.name, 0, operation.arguments[0]);
    if (operation.name == "tty_hangup") {
        terminals_[first].master = Descriptor();
        return "0";
    }
    const int second = argument_of(operation.name, 1, operation.arguments[1]);
    if (operation.name == "tty_key") {
        type_key(first, second);
        return "0";
    }
    if (first != 1)
        throw std::logic_error("from outside only init is known");
    return ::kill(init_.pid, second) == 0 ? "0" : error_text(-errno);
}

/// The kernel takes the key in a thread of its own, and echoes it when its signal is out. Without anybody who has the
/// terminal open it would wait for the next one.
void Controller::type_key(int terminal, int code) {
    const int master = terminals_[terminal].master.get();
    const Descriptor open(::ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    const char key = static_cast<char>(code);
    const std::string echo = code < 32 ? std::string{'^', static_cast<char>(code + 64)} : std::string{key};
    std::string seen;
    if (open.get() < 0 || ::write(master, &key, 1) != 1)
        throw Restless("a key could not be typed");
    while (seen.find(echo) == std::string::npos) {
        pollfd readable{master, POLLIN, 0};
        char text[64];
        const int ready = ::poll(&readable, 1, static_cast<int>(std::chrono::milliseconds(patience).count()));
        const ssize_t size = ready == 1 ? ::read(master, text, sizeof text) : -1;
        if (size <= 0)
            throw Restless("the terminal did not echo a key");
        seen.append(text, static_cast<std::size_t>(size));
    }
}

Snapshot Controller::wait_for_rest() const {
    const auto until = std::chrono::steady_clock::now() + patience;
    Snapshot now;
    // Init waits, asleep, in one of its threads, for all others to be gone before it is.
    const auto exits = [&](const Call& call) {
        const auto process = now.find(call.pid);
        if (!call.name.starts_with("exit") || process == now.end())
            return false;
        return std::any_of(process->second.begin(), process->second.end(), [&](const auto& task) {
            return task.second.state == 'S' && (call.name == "exit_group" || task.first == call.tid);
        });
    };
    while (!kernel_->at_rest(now) || std::any_of(calls_.begin(), calls_.end(), exits)) {
        if (std::chrono::steady_clock::now() > until) {
            std::string who;
            for (const auto& [pid, tasks] : now)
                for (const auto& [tid, task] : tasks)
                    who += " " + std::to_string(pid) + "/" + std::to_string(tid) + ":" + task.state;
            throw Restless("the processes did not come to rest:" + who);
        }
        ::sched_yield();
    }
    return now;
}

/// A call that has returned counts as returned when its process goes on: one that is stopped, by whatever thread took
/// the signal, or dead, has not come back to its program.
void Controller::take_returns(const Snapshot& now, Operation& operation) {
    std::vector<Call> open;
    // A thread that executes a program ends all others, the leader too if it is not that one, but not its number.
    std::set<std::uint32_t> executed;
    for (const Call& call : calls_) {
        const Slot& slot = shared_->slots[call.tid];
        if (call.name == "exec" && now.contains(call.pid) && slot.answered == slot.asked && slot.answer.value == 0)
            executed.insert(call.pid);
    }
    for (const Call& call : calls_) {
        const bool current = call.operation == operation.number;
        Slot& slot = shared_->slots[call.tid];
        const auto process = now.find(call.pid);
        const Condition is =
            process == now.end() ? Condition::zombie : KernelState::condition(call.pid, process->second);
        const auto thread = process == now.end() ? Tasks::const_iterator() : process->second.find(call.tid);
        const bool exits = call.name == "exit" || call.name == "exit_group";
        std::string result;
        if (is == Condition::zombie)
            result = exits && current ? "!exit" : "!killed";
        else if (is == Condition::stopped)
            result = current ? "!stopped" : "";
        else if (executed.contains(call.pid) && call.name != "exec")
            result = "!killed";
        else if (slot.answered.load(std::memory_order_acquire) == slot.asked.load(std::memory_order_relaxed))
            result = answer_of(call);
        else if (thread == process->second.end() || thread->second.state == 'Z')
            result = exits ? "!exit" : "!killed";
        else
            result = current ? "!blocked" : "";
        if (result.empty() || result == "!blocked" || result == "!stopped")
            open.push_back(call);
        else
            slot.answered.store(slot.asked.load(std::memory_order_relaxed), std::memory_order_relaxed);
        if (current)
            operation.result = result;
        else if (!result.empty())
            operation.late.push_back({call.operation, call.tid, result});
    }
    calls_ = std::move(open);
}

std::string Controller::answer_of(const Call& call) const {
    const Answer& answer = shared_->slots[call.tid].answer;
    if (answer.value < 0)
        return error_text(answer.value);
    if (call.name == "waitid") {
        if (answer.pid == 0)
            return "0";
        const char* const kind = answer.code == CLD_EXITED      ? "exit"
                                 : answer.code == CLD_STOPPED   ? "stop"
                                 : answer.code == CLD_CONTINUED ? "cont"
                                                                : "kill";
        return event_text(answer.pid, kind, answer.status);
    }
    if (call.name == "waitpid" && answer.value > 0) {
        const int status = answer.status;
        if (WIFEXITED(status))
            return event_text(answer.pid, "exit", WEXITSTATUS(status));
        if (WIFSTOPPED(status))
            return event_text(answer.pid, "stop", WSTOPSIG(status));
        if (WIFCONTINUED(status))
            return event_text(answer.pid, "cont", SIGCONT);
        return event_text(answer.pid, "kill", WTERMSIG(status));
    }
    return std::to_string(answer.value);
}

void Controller::take_states(const Snapshot& now, Operation& operation) {
    States states;
    for (const auto& [pid, tasks] : now) {
        const bool zombie = KernelState::condition(pid, tasks) == Condition::zombie;
        const bool subreaper = shared_->subreaper[pid].load(std::memory_order_relaxed) != 0;
        states[pid] = kernel_->describe(pid, tasks, devices_) + (subreaper && !zombie ? ":1" : ":0");
        highest_ = std::max({highest_, pid, tasks.rbegin()->first});
    }
    for (const auto& [pid, state] : states)
        if (const auto known = states_.find(pid); known == states_.end() || known->second != state)
            operation.changed[pid] = state;
    for (const auto& [pid, state] : states_)
        if (!states.contains(pid))
            operation.gone.insert(pid);
    states_ = std::move(states);
}

void Controller::take_signals(const Snapshot& now, Operation& operation) {
    const auto take = [](std::uint64_t bits, std::set<int>& signals) {
        for (int signal = 1; bits != 0; ++signal, bits >>= 1)
            if ((bits & 1) != 0)
                signals.insert(signal);
    };
    // Of who has died it is no rule what its threads had come to before.
    for (std::uint32_t pid = 1; pid <= highest_; ++pid)
        if (const std::uint64_t bits = shared_->handled[pid].exchange(0, std::memory_order_relaxed);
            bits != 0 && now.contains(pid) && KernelState::condition(pid, now.at(pid)) != Condition::zombie)
            take(bits, operation.handled[pid]);
    Signals shown;
    for (const auto& [pid, tasks] : now) {
        if (KernelState::condition(pid, tasks) != Condition::stopped)
            continue;
        std::set<int> all;
        for (const auto& [tid, task] : tasks)
            take(task.pending | task.process_pending, all);
        all.erase(SIGCHLD);
        for (const int signal : all)
            if (!shown_pending_[pid].contains(signal))
                operation.pending[pid].insert(signal);
        shown[pid] = std::move(all);
    }
    shown_pending_ = std::move(shown);
}

} // namespace conformance::live
