// The operations of the traces, each by the library's function for it.

#include "world.hpp"

#include "procspace/posix/clone.hpp"
#include "procspace/posix/job_control.hpp"
#include "procspace/posix/kill.hpp"
#include "procspace/posix/orphan.hpp"

#include <algorithm>
#include <utility>

namespace conformance {

using namespace procspace;

namespace {

constexpr int handled_from_start[] = {1, 2, 10, 12, 17, 18};

template <class T>
std::string text_of(const Result<T>& result) {
    if (!result)
        return error_name(result.error);
    if constexpr (std::is_void_v<T>)
        return "0";
    else
        return std::to_string(result.value);
}

// The parser has looked at the arguments.
std::int32_t number(const std::string& text) {
    return integer(text).value();
}
int signal_of(const std::string& text) {
    return signal_number(text).value();
}
std::string text_of_wait(const WaitReport& report) {
    if (report.pid == 0)
        return "0";
    const WaitStatus status = report.status;
    const std::string event = status.is_continued() ? "cont:18"
                              : status.is_stopped() ? "stop:" + std::to_string(status.code())
                              : status.is_exited()  ? "exit:" + std::to_string(status.code())
                                                    : "kill:" + std::to_string(status.signal());
    return std::to_string(report.pid) + " " + event;
}

} // namespace

std::string error_name(Errno error) {
    switch (error) {
    case Errno::ok:
        return "0";
    case Errno::permission:
        return "EPERM";
    case Errno::no_process:
        return "ESRCH";
    case Errno::interrupted:
        return "EINTR";
    case Errno::io:
        return "EIO";
    case Errno::no_device:
        return "ENXIO";
    case Errno::bad_file:
        return "EBADF";
    case Errno::no_child:
        return "ECHILD";
    case Errno::again:
        return "EAGAIN";
    case Errno::no_memory:
        return "ENOMEM";
    case Errno::access:
        return "EACCES";
    case Errno::fault:
        return "EFAULT";
    case Errno::exists:
        return "EEXIST";
    case Errno::invalid:
        return "EINVAL";
    case Errno::not_a_tty:
        return "ENOTTY";
    }
    return "unknown";
}

Program& World::program_of(Pid tid) {
    for (auto& [pid, program] : programs_)
        if (program.tasks.contains(tid))
            return program;
    throw std::invalid_argument("no thread " + std::to_string(tid) + " lives");
}

World::Outcome World::run(const Operation& operation, bool any_child) {
    outcome_ = {};
    operation_ = operation.number;
    recorded_ = any_child ? &operation : nullptr;
    if (operation.tid == 0) {
        outcome_.result = from_outside(operation);
        settle();
    } else {
        caller_ = &program_of(operation.tid);
        caller_tid_ = operation.tid;
        if (task().call)
            throw std::invalid_argument("thread " + std::to_string(operation.tid) + " is in a call already");
        if (process().is_stopped())
            throw std::invalid_argument("process " + std::to_string(process().pid()) + " is stopped");
        const std::shared_ptr<Process> caller = caller_->process;
        const auto result = perform(operation);
        if (!caller_->dead && caller_->tasks.contains(caller_tid_) && result != "!exit") {
            if (!task().call)
                task().call.emplace();
            task().call->operation = operation_;
            if (result)
                task().call->result = *result;
        } else {
            outcome_.result = result.value_or("");
        }
        caller_ = nullptr;
        settle();
        if (outcome_.result.empty()) {
            const auto found = programs_.find(caller->pid());
            const bool alive = found != programs_.end() && found->second.process == caller && !found->second.dead;
            outcome_.result = !alive ? "!killed" : caller->is_stopped() ? "!stopped" : "!blocked";
        }
    }
    // Of who has died it is no rule what its threads had come to before.
    std::erase_if(outcome_.handled, [&](const auto& one) {
        const auto program = programs_.find(one.first);
        return program == programs_.end() || program->second.dead;
    });
    for (auto& [pid, program] : programs_) {
        if (program.dead || !program.process->is_stopped()) {
            program.shown_pending.clear();
            continue;
        }
        std::set<int> all = program.pending;
        for (const auto& [tid, task] : program.tasks)
            all.insert(task.pending.begin(), task.pending.end());
        all.erase(Signal::chld);
        for (const int signal : all)
            if (!program.shown_pending.contains(signal))
                outcome_.pending[pid].insert(signal);
        program.shown_pending = std::move(all);
    }
    return std::move(outcome_);
}

/// Returns the result, or nothing if the call sleeps: then it stands in the task.
std::optional<std::string> World::perform(const Operation& operation) {
    const std::string& name = operation.name;
    const auto argument = [&](std::size_t i) -> const std::string& { return operation.arguments[i]; };
    const auto permitted = [&](const std::shared_ptr<Process>& target) { return may_signal(target); };
    const auto deliver = [&](const BasicEffect<WorldTraits>& effect) { receive(effect); };

    if (name == "fork")
        return clone({});
    if (name == "fork_at")
        return number(argument(0)) == 0 ? error_name(Errno::invalid)
                                        : clone({.set_tid = number(argument(0)), .clone3 = true});
    if (name == "clone_parent")
        return clone({.flags = CloneFlag::parent});
    if (name == "clone_sig")
        return clone({.exit_signal = signal_of(argument(0))});
    if (name == "thread")
        return clone({.flags = CloneFlag::thread | CloneFlag::sighand | CloneFlag::vm});
    if (name == "exit")
        return exit_thread(number(argument(0)));
    if (name == "exit_group") {
        die(*caller_, WaitStatus::exited(number(argument(0))).encoded);
        return "!exit";
    }
    if (name == "exec")
        return exec();
    if (name == "setsid")
        return text_of(posix::setsid(process()));
    if (name == "setpgid")
        return text_of(posix::setpgid(process(), number(argument(0)), number(argument(1))));
    if (name == "getpgid")
        return text_of(posix::getpgid(process(), number(argument(0))));
    if (name == "getsid")
        return text_of(posix::getsid(process(), number(argument(0))));
    if (name == "getppid")
        return std::to_string(posix::getppid(process()));
    if (name == "getpid")
        return std::to_string(process().pid());
    if (name == "waitpid" || name == "waitid")
        return wait(operation);
    if (name == "subreaper_set") {
        posix::set_child_subreaper(process(), static_cast<unsigned long>(number(argument(0))));
        return "0";
    }
    if (name == "subreaper_get")
        return process().is_child_subreaper() ? "1" : "0";
    if (name == "pdeathsig")
        return text_of(posix::set_parent_death_signal(*task().thread, signal_of(argument(0))));
    if (name == "sigaction")
        return sigaction(signal_of(argument(0)), argument(1));
    if (name == "sigmask")
        return sigmask(argument(0), signal_of(argument(1)));
    if (name == "kill")
        return text_of(posix::kill(process(), number(argument(0)), signal_of(argument(1)), permitted, deliver));
    if (name == "tgkill")
        return text_of(posix::tgkill(process(), number(argument(0)), number(argument(1)), signal_of(argument(2)),
                                     permitted, deliver));
    if (name == "setuid")
        return setuid(number(argument(0)));
    if (name == "devtty")
        return Terminal::of(process()) != nullptr ? "0" : error_name(Errno::no_device);
    return terminal_call(operation);
}

std::optional<std::string> World::terminal_call(const Operation& operation) {
    const std::string& name = operation.name;
    const std::int32_t index = number(operation.arguments[0]);
    Terminal& terminal = terminals_[index];
    if (hung_up_[index]) // there is no line any more
        return error_name(name == "tty_setpgrp" ? Errno::not_a_tty : Errno::io);
    const Privilege privilege = caller_->user == 0 ? Privilege::system_administration : Privilege::none;
    if (name == "tty_open") {
        terminal.open(process());
        return "0";
    }
    if (name == "tty_sctty")
        return text_of(terminal.set_controlling(process(), number(operation.arguments[1]), privilege));
    if (name == "tty_notty")
        return error_name(terminal.release(process()).error);
    if (name == "tty_getpgrp")
        return text_of(terminal.foreground_group(process()));
    if (name == "tty_getsid")
        return text_of(terminal.session_id(process()));
    const std::int32_t pgid = number(operation.arguments[1]);
    const auto attempt = [this, index, &terminal, pgid]() -> std::optional<std::string> {
        if (hung_up_[index]) // since it slept
            return error_name(Errno::not_a_tty);
        auto done = terminal.set_foreground(
            process(), pgid,
            has_blocked_or_ignored(StopSignal::ttou) ? TerminalSignal::blocked_or_ignored : TerminalSignal::taken);
        if (!done)
            return error_name(done.error);
        if (done.value.empty())
            return "0";
        if (!task().call)
            task().call.emplace();
        task().call->restarted = true; // as soon as it runs again, after the signal, which goes out now
        return std::nullopt;
    };
    auto result = attempt();
    if (!result)
        task().call->again = attempt;
    return result;
}

std::string World::from_outside(const Operation& operation) {
    const auto& arguments = operation.arguments;
    if (operation.name == "ext_kill") {
        const int signal = signal_of(arguments[1]);
        const auto found = programs_.find(static_cast<Pid>(number(arguments[0])));
        if (found == programs_.end())
            return error_name(Errno::no_process);
        if (!posix::is_valid_signal(signal))
            return error_name(Errno::invalid);
        send(found->second, signal, 0, true);
        return "0";
    }
    const std::int32_t index = number(arguments[0]);
    if (operation.name == "tty_hangup") {
        hung_up_[index] = true;
        terminals_[index].hang_up();
        return "0";
    }
    const std::int32_t key = number(arguments[1]);
    if (key == 3 || key == 26 || key == 28)
        static_cast<void>(terminals_[index].signal_foreground(key == 3 ? 2 : key == 26 ? StopSignal::tstp : 3));
    return "0";
}

std::string World::clone(const CloneRequest& request) {
    if (request.set_tid > 0 && caller_->user != 0)
        return error_name(Errno::permission);
    const auto cloned = posix::clone(*task().thread, ns_, request, 0, 0);
    if (!cloned)
        return error_name(cloned.error);
    const Pid tid = cloned.value.thread->tid();
    Task fresh;
    fresh.thread = cloned.value.thread;
    fresh.blocked = task().blocked;
    if ((request.flags & CloneFlag::thread) != 0) {
        caller_->tasks.emplace(tid, std::move(fresh));
        return std::to_string(tid);
    }
    Program child;
    child.process = cloned.value.process;
    std::copy(std::begin(caller_->actions), std::end(caller_->actions), std::begin(child.actions));
    child.user = caller_->user;
    child.no_wait = caller_->no_wait;
    child.no_stop = caller_->no_stop;
    child.tasks.emplace(tid, std::move(fresh));
    set_child_policy(programs_.insert_or_assign(tid, std::move(child)).first->second);
    return std::to_string(tid);
}

std::string World::exec() {
    Task survivor = std::move(task());
    if (!survivor.thread->exec())
        return error_name(Errno::again);
    for (auto& [tid, task] : caller_->tasks)
        if (tid != caller_tid_ && task.call)
            outcome_.late.push_back({task.call->operation, tid, "!killed"});
    caller_->tasks.clear();
    caller_tid_ = process().pid();
    caller_->tasks.emplace(caller_tid_, std::move(survivor));
    for (Action& action : caller_->actions)
        if (action == Action::handler)
            action = Action::standard;
    for (const int signal : handled_from_start)
        if (caller_->actions[signal] != Action::ignored)
            caller_->actions[signal] = Action::handler;
    caller_->no_wait = caller_->no_stop = false;
    set_child_policy(*caller_);
    return "0";
}

std::string World::exit_thread(int code) {
    const int status = WaitStatus::exited(code).encoded;
    if (caller_->tasks.size() == 1) {
        if (process().is_init()) {
            end_namespace(status);
        } else {
            const auto thread = task().thread;
            const auto dead = caller_->process;
            bury(*caller_);
            if (thread->exit(status))
                dead->exit();
        }
        return "!exit";
    }
    if (caller_tid_ == process().pid())
        caller_->leader_blocked = task().blocked;
    const auto thread = task().thread;
    caller_->tasks.erase(caller_tid_);
    thread->exit(status);
    return "!exit";
}

std::string World::sigaction(int signal, const std::string& action) {
    if (signal < 1 || signal > posix::highest_signal || signal == Signal::kill || signal == StopSignal::stop)
        return error_name(Errno::invalid);
    caller_->actions[signal] = action == "ign" ? Action::ignored : action == "dfl" ? Action::standard : Action::handler;
    if (signal == Signal::chld) {
        caller_->no_wait = action == "nocldwait";
        caller_->no_stop = action == "nocldstop";
        set_child_policy(*caller_);
    }
    if (is_ignored(*caller_, {}, signal, true))
        flush(*caller_, signal);
    return "0";
}

void World::set_child_policy(Program& program) {
    program.process->set_child_policy({.ignored = program.actions[Signal::chld] == Action::ignored,
                                       .no_wait = program.no_wait,
                                       .no_stop = program.no_stop});
}

std::string World::sigmask(const std::string& how, int signal) {
    if (how == "unblock")
        task().blocked.erase(signal);
    else if (signal != Signal::kill && signal != StopSignal::stop)
        task().blocked.insert(signal);
    return "0";
}

std::string World::setuid(std::int32_t user) {
    if (user < 0)
        return error_name(Errno::invalid);
    if (caller_->user != 0 && caller_->user != user)
        return error_name(Errno::permission);
    if (caller_->user != user)
        task().thread->set_parent_death_signal(Signal::none); // the kernel forgets it with the user
    caller_->user = user;
    return "0";
}

bool World::may_signal(const std::shared_ptr<Process>& target) const {
    const auto found = programs_.find(target->pid());
    return caller_->user == 0 || found == programs_.end() || found->second.user == caller_->user;
}

bool World::has_blocked_or_ignored(int signal) const {
    return caller_->actions[signal] == Action::ignored || caller_->tasks.at(caller_tid_).blocked.contains(signal);
}

/// Which of several children comes first is no rule here: takes the one of the recorded result, where operation
/// `number` waits for any.
std::optional<std::string> World::take_recorded_child(int number, bool by_id, int which, std::int32_t id,
                                                      std::uint32_t options) {
    if (recorded_ == nullptr || !(by_id ? which == WaitId::all : id == -1))
        return std::nullopt;
    std::string result = recorded_->number == number ? recorded_->result : "";
    for (const Late& late : recorded_->late)
        if (late.operation == number)
            result = late.result;
    const auto wanted = integer(result.substr(0, result.find(' ')));
    if (!wanted || *wanted <= 0)
        return std::nullopt;
    const std::uint32_t events = by_id ? options : options | WaitFlag::exited;
    const auto peeked = posix::waitid(*task().thread, WaitId::pid, *wanted, events | WaitFlag::no_wait);
    if (!peeked || text_of_wait(peeked.value) != result)
        return std::nullopt;
    const auto taken = posix::waitid(*task().thread, WaitId::pid, *wanted, events);
    return taken ? text_of_wait(taken.value) : error_name(taken.error);
}

std::optional<std::string> World::wait(const Operation& operation) {
    const bool by_id = operation.name == "waitid";
    const int which = by_id ? wait_id(operation.arguments[0]) : 0;
    const std::int32_t id = number(operation.arguments[by_id ? 1 : 0]);
    const std::uint32_t options = wait_options(operation.arguments[by_id ? 2 : 1]).value();
    const auto attempt = [this, by_id, which, id, options, number = operation.number]() -> std::optional<std::string> {
        Thread& thread = *task().thread;
        if (const auto taken = take_recorded_child(number, by_id, which, id, options))
            return taken;
        const auto report = by_id ? posix::waitid(thread, which, id, options) : posix::wait4(thread, id, options);
        if (!report)
            return error_name(report.error);
        if (report.value.blocks)
            return std::nullopt;
        return text_of_wait(report.value);
    };
    auto result = attempt();
    if (!result) {
        task().call.emplace();
        task().call->again = attempt;
        task().call->waits = true;
    }
    return result;
}

States World::states() {
    States states;
    for (auto& [pid, program] : programs_) {
        const Process& process = *program.process;
        std::string text = std::to_string(process.ppid()) + ":" + std::to_string(process.pgid()) + ":" +
                           std::to_string(process.sid()) + ":";
        if (process.is_zombie()) {
            states[pid] = text + "zombie:-:-:0";
            continue;
        }
        text += process.is_stopped() ? "stop:" : "run:";
        std::set<Pid> all;
        process.for_each_thread([&](Pid tid) { all.insert(tid); });
        const bool zombie_leader = process.details().has_zombie_leader;
        if (zombie_leader)
            all.insert(pid);
        std::string tids;
        for (const Pid tid : all)
            tids += (tids.empty() ? "" : ",") + std::to_string(tid) + (zombie_leader && tid == pid ? "z" : "");
        text += tids + ":";
        const Terminal* const terminal = Terminal::of(process);
        if (terminal == nullptr)
            text += "-";
        else
            text +=
                std::to_string(terminal - terminals_) + "/" + std::to_string(terminal->foreground_group(process).value);
        if (!process.is_stopped())
            program.shown_subreaper = process.is_child_subreaper();
        states[pid] = text + (program.shown_subreaper ? ":1" : ":0");
    }
    return states;
}

const char* World::broken_rule() const {
    return check_invariants(tree_).rule;
}

} // namespace conformance
