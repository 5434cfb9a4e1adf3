#pragma once
// The machine: a kernel in miniature. The library knows who is whose child, in which group and session, and who may use
// the terminal; what is here is what a kernel adds to it: a clock, signals that wait and their default actions, pipes,
// and the lines that were typed.

#include "console.hpp"

#include "procspace/posix/terminal.hpp"
#include "procspace/posix/wait.hpp"
#include "procspace/resource/namespace.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace jobs {

using procspace::Pid;
using procspace::Process;
using procspace::Result;
using procspace::Thread;
using procspace::WaitReport;
using procspace::WaitStatus;

class Machine;

/// What a process does at each tick. Returns its exit code when it is done.
using Program = std::function<std::optional<int>(Machine&, Thread& self)>;

/// A pipe of lines. An end is open while somebody holds it.
struct Pipe {
    struct End {
        std::shared_ptr<Pipe> pipe;
    };
    std::deque<std::string> lines;
    std::weak_ptr<End> reader;
    std::weak_ptr<End> writer;
};
struct PipeEnds {
    std::shared_ptr<Pipe::End> reader;
    std::shared_ptr<Pipe::End> writer;
};
PipeEnds make_pipe();

/// A set of signals from 1 on, as bits.
using SignalSet = std::uint64_t;
constexpr SignalSet signal_bit(int signal) {
    return SignalSet{1} << (signal - 1);
}

/// What the machine keeps of a process, in the library's Process::data().
struct Task {
    std::string name;
    Program program{};     // none: the shell, which this program itself is, and init
    SignalSet ignored = 0; // and with neither of these set, a signal has its default action
    SignalSet handled = 0; // noted in `caught`
    SignalSet pending = 0; // while it is stopped
    SignalSet caught = 0;
    std::shared_ptr<Pipe::End> in{}; // null: the terminal, as the next
    std::shared_ptr<Pipe::End> out{};
    bool sleeping = false; // ps shows S
};

/// What became of a read or write.
enum class Io {
    done,
    blocked, ///< nothing yet, or stopped for having tried: to be repeated at the next tick
    end,     ///< nothing will come any more
    failed   ///< EIO
};

class Machine {
public:
    /// `limit`: the tick at which the terminal's line is cut; 0 for never.
    Machine(Console& console, std::ostream& screen, long limit);

    /// Returns a child of init that leads a session with the terminal, and ignores or handles these signals.
    std::shared_ptr<Thread> login(const std::string& name, SignalSet ignored, SignalSet handled);
    /// Returns how the process that logged in has ended, once it has.
    [[nodiscard]] std::optional<WaitStatus> logged_out() const { return logged_out_; }

    /// What was typed reaches the terminal; then every program that is not stopped does one step.
    void tick();
    /// The terminal's line is cut.
    void hang_up(const std::string& why);

    // --- system calls: the first argument is the caller
    // ---------------------------------------------------------------

    Result<std::shared_ptr<Thread>> fork(Thread& self);
    /// Becomes another program, with default actions for the signals that were handled.
    void exec(Thread& self, std::string name, Program program);
    void exit(Thread& self, WaitStatus status);
    Result<Pid> setsid(Thread& self);
    Result<void> setpgid(Thread& self, Pid pid, Pid pgid);
    Result<WaitReport> wait4(Thread& self, std::int32_t pid, std::uint32_t options);
    Result<void> kill(Thread& self, std::int32_t pid, int signal);
    /// Puts a group into the foreground. The caller ignores SIGTTOU, or is in the foreground.
    Result<void> tcsetpgrp(Thread& self, Pid pgid);
    Io read(Thread& self, std::string& line);
    Io write(Thread& self, const std::string& line);
    /// Sets or clears TOSTOP: whether who is in the background may not write.
    Io stop_writers(Thread& self, bool on);
    [[nodiscard]] bool stops_writers() const { return tostop_; }

    /// Returns a line for each process, `ps -j` fashion; as a forest, or by number.
    [[nodiscard]] std::vector<std::string> process_list(bool forest);

    void set_trace(bool on) { traced_ = on; }
    std::ostream& screen() { return screen_; }
    static Task& task(const Process& process) { return *const_cast<Process&>(process).data<Task>(); }

private:
    void deliver(procspace::Effects effects);
    void send(const procspace::Effect& effect);
    void take_signals(const std::shared_ptr<Process>& process);
    void reap_orphans();
    void take_typed();
    Io may_write(Thread& self);
    /// Prints a call with its result: what it returned, or why not.
    void trace(const Thread& self, const std::string& call, procspace::Errno error, Pid value = 0);
    void note(const Process& process, const std::string& what);
    void list(const Process& process, unsigned depth, bool forest, std::vector<std::string>& lines);

    // The tree comes first: it outlives what was made in it.
    procspace::ProcessTree tree_;
    procspace::Terminal terminal_{tree_};
    procspace::Namespace resources_; // what clone shares or copies: none here
    Console& console_;
    std::ostream& screen_;
    const long limit_;
    long now_ = 0;
    std::shared_ptr<Thread> init_;
    std::vector<std::shared_ptr<Thread>> running_; // all that live but init
    std::deque<std::string> typed_;                // lines that nobody has read
    int ends_ = 0;                                 // ^D that nobody has read
    bool hung_up_ = false;
    bool tostop_ = false;
    bool traced_ = false;
    Pid login_ = 0;
    std::optional<WaitStatus> logged_out_;
};

} // namespace jobs
