#include "shell.hpp"

#include "names.hpp"
#include "programs.hpp"

#include <algorithm>
#include <cstdio>

namespace jobs {

using procspace::Signal;
using procspace::StopSignal;
using procspace::WaitFlag;
using State = Job::Member::State;

namespace {

/// What a shell has to survive: the keys that are meant for jobs, and the stops for using the terminal while a job has
/// it: tcsetpgrp() is such a use.
constexpr SignalSet shell_ignores = signal_bit(StopSignal::ttin) | signal_bit(StopSignal::ttou) | signal_bit(sigterm);
constexpr SignalSet shell_handles = signal_bit(Key::interrupt) | signal_bit(Key::quit) | signal_bit(Key::suspend);

std::string text_of(const Job& job) {
    const WaitStatus status = job.members.back().status;
    switch (job.state()) {
    case State::running:
        return "Running";
    case State::stopped: {
        const auto stopped = std::find_if(job.members.begin(), job.members.end(),
                                          [](const Job::Member& member) { return member.state == State::stopped; });
        return "Stopped (" + signal_name(stopped->status.code()) + ")";
    }
    default:
        if (status.is_killed())
            return "Killed (" + signal_name(status.signal()) + ")";
        return status.code() == 0 ? "Done" : "Exit " + std::to_string(status.code());
    }
}

} // namespace

State Job::state() const {
    const auto has = [this](State state) {
        return std::any_of(members.begin(), members.end(), [state](const Member& one) { return one.state == state; });
    };
    return has(State::running) ? State::running : has(State::stopped) ? State::stopped : State::ended;
}

int Job::code() const {
    if (state() == State::stopped)
        for (const Member& member : members)
            if (member.state == State::stopped)
                return 128 + member.status.code();
    const WaitStatus status = members.back().status;
    return status.is_killed() ? 128 + status.signal() : status.code();
}

Shell::Shell(Machine& machine) : machine_(machine), self_(machine.login("sh", shell_ignores, shell_handles)) {
    if (self_ != nullptr)
        pid_ = self_->tid();
}

bool Shell::is_alive() const {
    return self_->process()->state() == procspace::ProcessState::living;
}

void Shell::run() {
    try {
        std::string line;
        while (is_alive()) {
            look();
            tell(false);
            if (!read_line(line)) {
                machine_.screen() << "exit\n";
                line = "exit";
            }
            run_line(line);
        }
    } catch (Killed) {}
    self_.reset();
}

/// Returns false at the end of the input.
bool Shell::read_line(std::string& line) {
    machine_.screen() << "$ ";
    take_caught();
    for (;;) {
        const Io result = machine_.read(*self_, line);
        if (result != Io::blocked)
            return result == Io::done;
        pause();
        if (take_caught() != 0) // a key at the prompt
            machine_.screen() << "$ ";
    }
}

/// In this a system call sleeps.
void Shell::pause() {
    machine_.tick();
    if (is_alive() && self_->process()->is_stopped())
        machine_.hang_up("sh is stopped, and nobody is there who could continue it");
    if (!is_alive())
        throw Killed();
}

SignalSet Shell::take_caught() {
    return std::exchange(Machine::task(*self_->process()).caught, SignalSet{0});
}

/// Lets a tick pass in a command of the shell's own. Returns false if ^C has ended it.
bool Shell::pause_unless_interrupted() {
    pause();
    if ((take_caught() & signal_bit(Key::interrupt)) == 0)
        return true;
    status_ = 128 + Key::interrupt;
    return false;
}

void Shell::run_line(const std::string& line) {
    std::string error;
    const auto pipelines = parse_line(line, error);
    if (!error.empty())
        return fail(error, 2);
    for (Pipeline pipeline : pipelines) {
        if (!is_alive())
            return;
        for (Words& words : pipeline.commands)
            for (std::string& word : words)
                word = substituted(word);
        const bool warned = std::exchange(warned_, false);
        const Words& words = pipeline.commands.front();
        const auto piped_builtin =
            std::find_if(pipeline.commands.begin(), pipeline.commands.end(),
                         [](const Words& command) { return find_builtin(command[0]) != nullptr; });
        if (piped_builtin == pipeline.commands.end()) {
            start(pipeline);
        } else if (pipeline.commands.size() > 1 || pipeline.background) {
            fail((*piped_builtin)[0] + ": the shell does this itself: it can't be in a pipeline or in the background",
                 2);
        } else {
            warned_ = warned && words[0] == "exit";
            status_ = 0;
            (this->*find_builtin(words[0]))(words);
        }
        pipeline = {};
    }
}

// --- jobs
// -------------------------------------------------------------------------------------------------------------

void Shell::start(const Pipeline& pipeline) {
    Job job{1};
    for (const Job& other : jobs_)
        job.number = std::max(job.number, other.number + 1);
    job.text = to_string(pipeline);

    std::shared_ptr<Pipe::End> input; // of the next command
    for (std::size_t i = 0; i < pipeline.commands.size(); ++i) {
        const auto child = machine_.fork(*self_);
        if (!child) {
            fail("fork: " + error_text(child.error));
            break;
        }
        Thread& its = *child.value;
        const Pid pid = its.tid();
        if (job.pgid == 0)
            job.pgid = pid; // the first leads the group
        // Both do it, since nobody knows who comes first: the shell must not put into the foreground, nor the child
        // read from the terminal, a group that is not there yet. The one who is late finds it done.
        static_cast<void>(machine_.setpgid(its, 0, job.pgid));
        static_cast<void>(machine_.setpgid(*self_, pid, job.pgid));

        Task& task = Machine::task(*its.process());
        task.ignored = 0;
        task.in = std::exchange(input, nullptr);
        if (i + 1 < pipeline.commands.size()) {
            PipeEnds pipe = make_pipe();
            task.out = std::move(pipe.writer);
            input = std::move(pipe.reader); // the shell itself must keep no end, or nobody would see the pipe close
        }
        machine_.exec(its, joined(pipeline.commands[i]), make_program(pipeline.commands[i]));
        job.members.push_back({pid});
    }
    if (job.members.empty())
        return;
    last_started_ = pipeline.background ? job.members.back().pid : last_started_;
    const Place place = jobs_.insert(jobs_.end(), std::move(job));
    if (pipeline.background) {
        machine_.screen() << '[' << place->number << "] " << last_started_ << '\n';
        status_ = 0;
        put_in_background(place, false);
    } else {
        put_in_foreground(place, false);
    }
}

void Shell::put_in_foreground(Place job, bool stopped) {
    if (const auto given = machine_.tcsetpgrp(*self_, job->pgid); !given)
        fail("tcsetpgrp: " + error_text(given.error));
    if (stopped)
        static_cast<void>(machine_.kill(*self_, -static_cast<std::int32_t>(job->pgid), Signal::cont));
    wait_for(job);
    // The shell is in the background now, and ignores SIGTTOU: else this would stop it.
    if (const auto taken = machine_.tcsetpgrp(*self_, pid_); !taken)
        fail("tcsetpgrp: " + error_text(taken.error));

    status_ = job->code();
    if (job->state() == State::stopped) {
        jobs_.splice(jobs_.end(), jobs_, job);
        print(*job);
        job->told = true;
        return;
    }
    const WaitStatus last = job->members.back().status;
    if (last.is_killed() && last.signal() != Key::interrupt && last.signal() != sigpipe)
        machine_.screen() << text_of(*job) << '\n';
    jobs_.erase(job);
}

void Shell::put_in_background(Place job, bool stopped) {
    if (stopped)
        static_cast<void>(machine_.kill(*self_, -static_cast<std::int32_t>(job->pgid), Signal::cont));
}

/// Until no member of the job runs.
void Shell::wait_for(Place job) {
    for (look(); job->state() == State::running; look())
        pause();
}

/// Takes note of all children that have changed.
void Shell::look() {
    for (;;) {
        const auto report = machine_.wait4(*self_, -1, WaitFlag::no_hang | WaitFlag::stopped | WaitFlag::continued);
        if (!report || report.value.pid == 0)
            return;
        const WaitStatus status = report.value.status;
        for (Job& job : jobs_)
            for (Job::Member& member : job.members)
                if (member.pid == report.value.pid) {
                    const State before = job.state();
                    member.status = status;
                    member.state = status.is_stopped()     ? State::stopped
                                   : status.is_continued() ? State::running
                                                           : State::ended;
                    if (job.state() != before)
                        job.told = job.state() == State::running;
                }
    }
}

/// Prints the jobs of which there is news, or all, and forgets those that have ended.
void Shell::tell(bool all) {
    std::vector<Place> sorted;
    for (Place job = jobs_.begin(); job != jobs_.end(); ++job)
        sorted.push_back(job);
    std::sort(sorted.begin(), sorted.end(), [](Place one, Place other) { return one->number < other->number; });
    for (const Place job : sorted)
        if (all || !job->told)
            print(*job);
    for (const Place job : sorted) {
        job->told = true;
        if (job->state() == State::ended)
            jobs_.erase(job);
    }
}

void Shell::print(const Job& job, bool with_members) {
    char line[60];
    const bool current = &*current_job() == &job;
    std::snprintf(line, sizeof line, "[%d]%c %-18s ", job.number, current ? '+' : ' ', text_of(job).c_str());
    machine_.screen() << line << job.text;
    if (with_members) {
        machine_.screen() << "  (group " << job.pgid << ", processes";
        for (const Job::Member& member : job.members)
            machine_.screen() << ' ' << member.pid;
        machine_.screen() << ')';
    }
    machine_.screen() << '\n';
}

/// The one that was stopped last, else the one that was started last.
Shell::Place Shell::current_job() {
    const auto stopped =
        std::find_if(jobs_.rbegin(), jobs_.rend(), [](const Job& job) { return job.state() == State::stopped; });
    if (stopped != jobs_.rend())
        return std::prev(stopped.base());
    return jobs_.empty() ? jobs_.end() : std::prev(jobs_.end());
}

// --- what the shell does itself
// ---------------------------------------------------------------------------------------

struct Shell::Entry {
    const char* name;
    const char* usage;
    const char* help;
    Builtin run;
};

const Shell::Entry Shell::builtins[] = {
    {"fg", "fg [%N]", "puts a job into the foreground, and continues it", &Shell::fg},
    {"bg", "bg [%N]", "continues a stopped job in the background", &Shell::bg},
    {"jobs", "jobs [-l]", "lists the jobs; with their groups and processes", &Shell::jobs},
    {"kill", "kill [-SIGNAL] TARGET..", "%N is a job, PID a process, -PGID a group; kill -l lists the signals",
     &Shell::kill},
    {"wait", "wait", "waits until no job runs", &Shell::wait},
    {"tick", "tick [N]", "lets time pass", &Shell::tick},
    {"trace", "trace [on|off]", "prints each system call and signal", &Shell::trace},
    {"help", "help", "this", &Shell::help},
    {"exit", "exit [N]", "ends the session, as ^D does", &Shell::exit},
};

Shell::Builtin Shell::find_builtin(const std::string& name) {
    for (const Entry& entry : builtins)
        if (name == entry.name)
            return entry.run;
    return nullptr;
}

void Shell::fail(const std::string& what, int status) {
    machine_.screen() << what << '\n';
    status_ = status;
}

std::string Shell::substituted(const std::string& word) const {
    return word == "$?"                         ? std::to_string(status_)
           : word == "$$"                       ? std::to_string(pid_)
           : word == "$!" && last_started_ != 0 ? std::to_string(last_started_)
                                                : word;
}

/// Returns the job that the first argument names, or the current one; nothing, and says so, if there is none.
std::optional<Shell::Place> Shell::find_job(const Words& words) {
    look();
    if (words.size() > 2) {
        fail(words[0] + ": one job at a time", 2);
        return std::nullopt;
    }
    Place found = jobs_.end();
    if (words.size() == 1 || words[1] == "%+" || words[1] == "%%") {
        found = current_job();
    } else {
        const auto number = number_in(words[1].starts_with('%') ? words[1].substr(1) : words[1]);
        found = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.number == number; });
    }
    if (found != jobs_.end() && found->state() != State::ended)
        return found;
    fail(words[0] + (words.size() == 1 ? ": no current job" : ": no such job: " + words[1]));
    return std::nullopt;
}

void Shell::fg(const Words& words) {
    if (const auto job = find_job(words)) {
        machine_.screen() << (*job)->text << '\n';
        put_in_foreground(*job, (*job)->state() == State::stopped);
    }
}

void Shell::bg(const Words& words) {
    const auto job = find_job(words);
    if (!job)
        return;
    if ((*job)->state() == State::running)
        return fail("bg: job " + std::to_string((*job)->number) + " runs in the background already");
    machine_.screen() << '[' << (*job)->number << "] " << (*job)->text << " &\n";
    put_in_background(*job, true);
    jobs_.splice(jobs_.end(), jobs_, *job);
}

void Shell::jobs(const Words& words) {
    const bool with_members = words.size() == 2 && words[1] == "-l";
    if (words.size() > 1 && !with_members)
        return fail("usage: jobs [-l]", 2);
    look();
    if (with_members)
        for (const Job& job : jobs_)
            print(job, true);
    else
        tell(true);
}

void Shell::kill(const Words& words) {
    int signal = sigterm;
    std::size_t first = 1;
    if (words.size() == 2 && words[1] == "-l") {
        machine_.screen() << all_signals() << '\n';
        return;
    }
    if (words.size() > 1 && words[1].starts_with('-')) {
        const auto named = signal_number(words[1].substr(1));
        if (!named)
            return fail("kill: " + words[1].substr(1) + ": no such signal; kill -l lists them", 2);
        signal = *named;
        first = 2;
    }
    if (words.size() <= first)
        return fail("usage: kill [-SIGNAL] %JOB|PID|-PGID...", 2);
    for (std::size_t i = first; i < words.size() && is_alive(); ++i) {
        const std::string& target = words[i];
        const bool negative = target.starts_with('-');
        std::optional<int> number = number_in(negative ? target.substr(1) : target);
        if (number && negative)
            number = -*number;
        bool stopped = false;
        if (target.starts_with('%')) {
            const auto job = find_job({"kill", target});
            if (!job)
                continue;
            number = -static_cast<std::int32_t>((*job)->pgid);
            stopped = (*job)->state() == State::stopped;
        }
        if (!number)
            fail("kill: " + target + ": neither a job nor a number", 2);
        else if (const auto sent = machine_.kill(*self_, *number, signal); !sent)
            fail("kill: " + target + ": " + error_text(sent.error) + " (" + error_name(sent.error) + ")");
        else if (stopped && (signal == sigterm || signal == Signal::hup)) // it takes them when it is continued
            static_cast<void>(machine_.kill(*self_, *number, Signal::cont));
    }
    if (is_alive() && self_->process()->is_stopped())
        pause(); // it has stopped itself
}

void Shell::wait(const Words& words) {
    if (words.size() > 1)
        return fail("usage: wait", 2);
    const auto running = [this] {
        look();
        return std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.state() == State::running; });
    };
    while (running() && pause_unless_interrupted()) {}
}

void Shell::tick(const Words& words) {
    const auto ticks = words.size() == 1 ? 1 : words.size() == 2 ? number_in(words[1]) : std::nullopt;
    if (!ticks)
        return fail("usage: tick [N]", 2);
    for (int i = 0; i < *ticks && pause_unless_interrupted(); ++i) {}
}

void Shell::trace(const Words& words) {
    if (words.size() > 2 || (words.size() == 2 && words[1] != "on" && words[1] != "off"))
        return fail("usage: trace [on|off]", 2);
    machine_.set_trace(words.size() == 1 || words[1] == "on");
}

void Shell::help(const Words&) {
    auto& screen = machine_.screen();
    screen
        << "PROGRAM | PROGRAM ...      runs programs as one job in the foreground; with & behind it, in the "
           "background\n"
           "^Z stops the job in the foreground, ^C interrupts it, ^D ends its input. `run PROGRAM` is PROGRAM.\n"
           "Words: $? is the last exit status, $! the last process in the background, $$ this shell. # is a comment.\n"
           "What the shell does itself:\n";
    for (const Entry& entry : builtins) {
        char line[120];
        std::snprintf(line, sizeof line, "  %-24s %s\n", entry.usage, entry.help);
        screen << line;
    }
    screen << "Programs:\n";
    for (const std::string& line : list_programs())
        screen << line << '\n';
}

void Shell::exit(const Words& words) {
    const auto code = words.size() == 1 ? status_ : words.size() == 2 ? number_in(words[1]) : std::nullopt;
    if (!code)
        return fail("usage: exit [N]", 2);
    look();
    const bool stopped =
        std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.state() == State::stopped; });
    if (stopped && !std::exchange(warned_, true))
        return fail("exit: there are stopped jobs; the next exit hangs up on them");
    machine_.exit(*self_, WaitStatus::exited(*code));
}

} // namespace jobs
