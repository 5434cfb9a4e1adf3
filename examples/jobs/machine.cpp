#include "machine.hpp"

#include "names.hpp"

#include "procspace/posix/clone.hpp"
#include "procspace/posix/job_control.hpp"
#include "procspace/posix/kill.hpp"
#include "procspace/posix/orphan.hpp"

#include <bit>
#include <cstdio>

namespace jobs {

using procspace::Effect;
using procspace::EffectKind;
using procspace::Effects;
using procspace::Errno;
using procspace::ProcessState;
using procspace::Signal;
using procspace::StopSignal;
using procspace::TerminalSignal;
using procspace::WaitFlag;

namespace {

constexpr SignalSet stops = signal_bit(StopSignal::stop) | signal_bit(StopSignal::tstp) | signal_bit(StopSignal::ttin) |
                            signal_bit(StopSignal::ttou);
constexpr int sigurg = 23, sigwinch = 28;
constexpr SignalSet no_action =
    signal_bit(Signal::chld) | signal_bit(Signal::cont) | signal_bit(sigurg) | signal_bit(sigwinch);
constexpr SignalSet never_caught = signal_bit(Signal::kill) | signal_bit(StopSignal::stop);

std::string name_of(const Process& process) {
    const std::string& name = Machine::task(process).name;
    return name.substr(0, name.find(' ')) + "[" + std::to_string(process.pid()) + "]";
}

bool is_alive(const Thread& thread) {
    return thread.process()->state() == ProcessState::living;
}

/// What the library asks about a signal that the use of the terminal may cause.
TerminalSignal attitude(const Thread& self, int signal) {
    const bool ignored = (Machine::task(*self.process()).ignored & signal_bit(signal)) != 0;
    return ignored ? TerminalSignal::blocked_or_ignored : TerminalSignal::taken;
}

} // namespace

PipeEnds make_pipe() {
    const auto pipe = std::make_shared<Pipe>();
    PipeEnds ends{std::make_shared<Pipe::End>(Pipe::End{pipe}), std::make_shared<Pipe::End>(Pipe::End{pipe})};
    pipe->reader = ends.reader;
    pipe->writer = ends.writer;
    return ends;
}

Machine::Machine(Console& console, std::ostream& screen, long limit)
    : console_(console), screen_(screen), limit_(limit) {
    Task its{"init"};
    its.sleeping = true;
    const auto process = tree_.new_init(1).data(std::move(its)).build();
    init_ = process->new_thread(process->pid()).build();
}

std::shared_ptr<Thread> Machine::login(const std::string& name, SignalSet ignored, SignalSet handled) {
    auto leader = fork(*init_);
    if (!leader)
        return nullptr;
    Thread& self = *leader.value;
    Task& its = task(*self.process());
    its.name = name;
    its.ignored = ignored;
    its.handled = handled;
    its.sleeping = true;
    login_ = self.tid();
    if (!setsid(self) || !terminal_.open(*self.process())) // the open gives a session leader its terminal
        return nullptr;
    return leader.value;
}

void Machine::tick() {
    if (!hung_up_)
        take_typed();
    const auto all = running_; // who is born in this tick begins with the next
    for (const auto& thread : all) {
        if (!is_alive(*thread) || thread->process()->is_stopped())
            continue;
        Task& its = task(*thread->process());
        if (its.program == nullptr)
            continue;
        its.sleeping = false;
        const std::optional<int> code = its.program(*this, *thread);
        if (code && is_alive(*thread)) // else its own doing has killed it
            exit(*thread, WaitStatus::exited(*code));
    }
    std::erase_if(running_, [](const auto& thread) { return !is_alive(*thread); });
    if (++now_ == limit_)
        hang_up("tick " + std::to_string(now_) + " is the last");
}

void Machine::take_typed() {
    for (Typed& typed : console_.tick()) {
        if (typed.kind == Typed::Kind::line)
            typed_.push_back(std::move(typed.text));
        else if (typed.kind == Typed::Kind::end)
            ++ends_;
        else {
            typed_.clear(); // as a terminal does without NOFLSH
            deliver(terminal_.signal_foreground(typed.signal));
        }
    }
}

void Machine::hang_up(const std::string& why) {
    screen_ << why << ": the terminal's line is cut\n";
    hung_up_ = true;
    deliver(terminal_.hang_up());
}

// --- processes
// --------------------------------------------------------------------------------------------------------

Result<std::shared_ptr<Thread>> Machine::fork(Thread& self) {
    const Task& mine = task(*self.process());
    Task its{mine.name};
    its.ignored = mine.ignored;
    its.handled = mine.handled;
    its.in = mine.in;
    its.out = mine.out;
    auto cloned = procspace::posix::clone(self, resources_, {}, std::move(its), 0);
    trace(self, "fork()", cloned.error, cloned ? cloned.value.process->pid() : 0);
    if (!cloned)
        return cloned.error;
    running_.push_back(cloned.value.thread);
    return std::move(cloned.value.thread);
}

void Machine::exec(Thread& self, std::string name, Program program) {
    self.exec(); // from here on the parent may not setpgid() it
    Task& its = task(*self.process());
    note(*self.process(), "becomes " + name);
    its.name = std::move(name);
    its.program = std::move(program);
    its.handled = 0;
}

void Machine::exit(Thread& self, WaitStatus status) {
    const std::shared_ptr<Process> process = self.process();
    note(*process, status.is_exited() ? "exits with " + std::to_string(status.code())
                                      : "is killed by " + signal_name(status.signal()));
    task(*process).in.reset(); // who has the other end sees it
    task(*process).out.reset();
    if (self.exit(status.encoded))
        deliver(process->exit());
}

Result<Pid> Machine::setsid(Thread& self) {
    const auto made = procspace::posix::setsid(*self.process());
    trace(self, "setsid()", made.error, made ? made.value : 0);
    return made;
}

Result<void> Machine::setpgid(Thread& self, Pid pid, Pid pgid) {
    const auto moved =
        procspace::posix::setpgid(*self.process(), static_cast<std::int32_t>(pid), static_cast<std::int32_t>(pgid));
    trace(self, "setpgid(" + std::to_string(pid) + ", " + std::to_string(pgid) + ")", moved.error);
    return moved;
}

Result<WaitReport> Machine::wait4(Thread& self, std::int32_t pid, std::uint32_t options) {
    const auto report = procspace::posix::wait4(self, pid, options);
    if (report && report.value.pid != 0)
        trace(self, "wait4(" + std::to_string(pid) + ")", Errno::ok, report.value.pid);
    return report;
}

/// The one that inherits orphans, and starts the login.
void Machine::reap_orphans() {
    for (;;) {
        const auto report = procspace::posix::wait4(*init_, -1, WaitFlag::no_hang);
        if (!report || report.value.pid == 0)
            return;
        trace(*init_, "wait4(-1)", Errno::ok, report.value.pid);
        if (report.value.pid == login_)
            logged_out_ = report.value.status;
    }
}

// --- signals
// ----------------------------------------------------------------------------------------------------------

Result<void> Machine::kill(Thread& self, std::int32_t pid, int signal) {
    const auto may_signal = [](const std::shared_ptr<Process>& target) { return !target->is_init(); }; // root's
    std::vector<std::shared_ptr<Process>> targets; // the call is traced before what it does
    const auto sent = procspace::posix::kill(*self.process(), pid, signal, may_signal,
                                             [&targets](const Effect& effect) { targets.push_back(effect.process); });
    trace(self, "kill(" + std::to_string(pid) + ", " + (signal == 0 ? "0" : signal_name(signal)) + ")", sent.error);
    for (const auto& target : targets)
        send({EffectKind::signal, target, target->id(), signal});
    return sent;
}

/// What a call of the library has caused. It was done under the tree's lock; this is not.
void Machine::deliver(Effects effects) {
    effects.deliver([this](const Effect& effect) {
        if (effect.process == nullptr)
            return; // reaped meanwhile
        if (effect.kind == EffectKind::signal)
            send(effect);
        else if (effect.kind == EffectKind::wake && effect.process->is_init())
            reap_orphans(); // others ask at each tick
    });
}

void Machine::send(const Effect& effect) {
    Process& target = *effect.process;
    const int signal = effect.signal;
    if (target.is_init() || target.state() != ProcessState::living)
        return;
    note(target, "gets " + signal_name(signal) +
                     (effect.child.pid != 0 ? " for child " + std::to_string(effect.child.pid) : ""));
    Task& its = task(target);
    const SignalSet bit = signal_bit(signal);
    if ((bit & stops) != 0)
        its.pending &= ~signal_bit(Signal::cont);
    if (signal == Signal::cont) { // continues whatever else is done about it
        its.pending &= ~stops;
        deliver(target.resume());
    }
    if ((bit & its.ignored & ~never_caught) == 0)
        its.pending |= bit;
    take_signals(effect.process);
}

/// A stopped process takes SIGKILL only.
void Machine::take_signals(const std::shared_ptr<Process>& process) {
    Task& its = task(*process);
    while (process->state() == ProcessState::living) {
        const bool killed = (its.pending & signal_bit(Signal::kill)) != 0;
        if (its.pending == 0 || (process->is_stopped() && !killed))
            return;
        const int signal = killed ? Signal::kill : std::countr_zero(its.pending) + 1;
        const SignalSet bit = signal_bit(signal);
        its.pending &= ~bit;
        if ((bit & its.handled & ~never_caught) != 0)
            its.caught |= bit;
        else if ((bit & stops) != 0 && procspace::posix::stops_by_default(*process, signal))
            deliver(process->stop(signal));
        else if ((bit & stops) != 0)
            note(*process, "does not stop: nobody could continue its group");
        else if ((bit & no_action) == 0)
            exit(*tree_.find_thread(process->pid()), WaitStatus::killed(signal));
    }
}

// --- the terminal and pipes
// -------------------------------------------------------------------------------------------

Result<void> Machine::tcsetpgrp(Thread& self, Pid pgid) {
    auto set =
        terminal_.set_foreground(*self.process(), static_cast<std::int32_t>(pgid), attitude(self, StopSignal::ttou));
    trace(self, "tcsetpgrp(" + std::to_string(pgid) + ")", set.error);
    if (!set)
        return set.error;
    deliver(std::move(set.value));
    return {};
}

Io Machine::read(Thread& self, std::string& line) {
    Task& its = task(*self.process());
    if (its.in != nullptr) {
        Pipe& pipe = *its.in->pipe;
        if (pipe.lines.empty()) {
            its.sleeping = true;
            return pipe.writer.expired() ? Io::end : Io::blocked;
        }
        line = std::move(pipe.lines.front());
        pipe.lines.pop_front();
        return Io::done;
    }
    auto allowed = terminal_.read(*self.process(), attitude(self, StopSignal::ttin));
    if (!allowed) {
        trace(self, "read()", allowed.error);
        return Io::failed;
    }
    if (!allowed.value.empty()) { // in the background: SIGTTIN for the whole group
        deliver(std::move(allowed.value));
        return Io::blocked;
    }
    if (!typed_.empty()) {
        line = std::move(typed_.front());
        typed_.pop_front();
        return Io::done;
    }
    if (hung_up_)
        return Io::end;
    if (ends_ > 0) {
        --ends_;
        return Io::end;
    }
    its.sleeping = true;
    console_.demand();
    return Io::blocked;
}

/// For what SIGTTOU watches over.
Io Machine::may_write(Thread& self) {
    auto allowed = terminal_.write(*self.process(), attitude(self, StopSignal::ttou));
    if (!allowed) {
        trace(self, "write()", allowed.error);
        return Io::failed;
    }
    if (allowed.value.empty())
        return Io::done;
    deliver(std::move(allowed.value));
    return Io::blocked;
}

Io Machine::write(Thread& self, const std::string& line) {
    Task& its = task(*self.process());
    if (its.out == nullptr) {
        const Io may = hung_up_ ? Io::failed : tostop_ ? may_write(self) : Io::done;
        if (may == Io::done)
            screen_ << line << '\n';
        return may;
    }
    constexpr std::size_t capacity = 4;
    Pipe& pipe = *its.out->pipe;
    if (pipe.reader.expired()) {
        send({EffectKind::signal, self.process(), self.process()->id(), sigpipe});
        return Io::failed;
    }
    its.sleeping = pipe.lines.size() >= capacity;
    if (its.sleeping)
        return Io::blocked;
    pipe.lines.push_back(line);
    return Io::done;
}

Io Machine::stop_writers(Thread& self, bool on) {
    const Io may = may_write(self);
    if (may == Io::done)
        tostop_ = on;
    return may;
}

// --- what is shown
// ----------------------------------------------------------------------------------------------------

void Machine::trace(const Thread& self, const std::string& call, Errno error, Pid value) {
    note(*self.process(),
         call + " = " + (error == Errno::ok ? std::to_string(value) : error_name(error) + ", " + error_text(error)));
}

void Machine::note(const Process& process, const std::string& what) {
    if (traced_)
        screen_ << "    | " << name_of(process) << ' ' << what << '\n';
}

void Machine::list(const Process& process, unsigned depth, bool forest, std::vector<std::string>& lines) {
    const bool has_terminal = procspace::Terminal::of(process) != nullptr;
    const auto foreground = terminal_.foreground_group(process);
    std::string state = process.is_zombie() ? "Z" : process.is_stopped() ? "T" : task(process).sleeping ? "S" : "R";
    if (process.pid() == process.sid())
        state += 's';
    if (foreground && foreground.value == process.pgid())
        state += '+';
    char numbers[80];
    std::snprintf(numbers, sizeof numbers, "%5u %5u %5u %5u %-4s %-4s ", process.pid(), process.ppid(), process.pgid(),
                  process.sid(), has_terminal ? "tty1" : "?", state.c_str());
    lines.push_back(numbers + std::string(2 * depth, ' ') + task(process).name +
                    (process.is_zombie() ? " <defunct>" : ""));
    if (forest)
        for (const auto& child : process.children())
            list(*child, depth + 1, forest, lines);
}

std::vector<std::string> Machine::process_list(bool forest) {
    std::vector<std::string> lines{"  PID  PPID  PGID   SID TTY  STAT COMMAND"};
    if (forest)
        list(*init_->process(), 0, true, lines);
    else
        for (Pid pid = 1; (pid = tree_.next(procspace::NumberRole::pid, pid)) != 0; ++pid)
            if (const auto process = tree_.find_process(pid))
                list(*process, 0, false, lines);
    return lines;
}

} // namespace jobs
