#pragma once
// The shell: what makes a job of processes. Each job is a process group; one of them, or the shell itself, is in the
// terminal's foreground: it may read, and the keys ^C and ^Z are signals for it. All that is done with these few calls:
//
//      start      fork, setpgid for the child (by both), exec
//      foreground tcsetpgrp to the job, SIGCONT if it was stopped, wait, tcsetpgrp back
//      background SIGCONT if it was stopped
//      look       wait4 with WUNTRACED and WCONTINUED: who has ended, stopped, gone on

#include "command_line.hpp"
#include "machine.hpp"

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jobs {

/// A pipeline that was started.
struct Job {
    struct Member {
        Pid pid;
        WaitStatus status{}; ///< the last that was told
        enum class State { running, stopped, ended } state = State::running;
    };

    int number;
    Pid pgid = 0;
    std::string text{};
    std::vector<Member> members{};
    bool told = true; ///< what has become of it was printed

    [[nodiscard]] Member::State state() const; ///< running if a member is, else stopped if a member is
    [[nodiscard]] int code() const;            ///< as $? has it: that of its last member
};

class Shell {
public:
    /// Logs in.
    explicit Shell(Machine& machine);
    /// Returns false if that has failed.
    [[nodiscard]] explicit operator bool() const { return self_ != nullptr; }

    /// Reads and runs lines until the session is over.
    void run();

private:
    /// Thrown by pause(): the call in which the shell sleeps never returns, for it was killed in it.
    struct Killed {};
    using Place = std::list<Job>::iterator;

    [[nodiscard]] bool is_alive() const;
    bool read_line(std::string& line);
    void run_line(const std::string& line);
    void pause();
    SignalSet take_caught();
    bool pause_unless_interrupted();

    void start(const Pipeline& pipeline);
    void put_in_foreground(Place job, bool stopped);
    void put_in_background(Place job, bool stopped);
    void wait_for(Place job);
    void look();
    void tell(bool all);
    void print(const Job& job, bool with_members = false);

    using Builtin = void (Shell::*)(const Words& words);
    struct Entry;
    static const Entry builtins[];
    static Builtin find_builtin(const std::string& name);
    void fg(const Words& words);
    void bg(const Words& words);
    void jobs(const Words& words);
    void kill(const Words& words);
    void wait(const Words& words);
    void tick(const Words& words);
    void trace(const Words& words);
    void help(const Words& words);
    void exit(const Words& words);

    std::string substituted(const std::string& word) const;
    void fail(const std::string& what, int status = 1);
    std::optional<Place> find_job(const Words& words);
    [[nodiscard]] Place current_job();

    Machine& machine_;
    std::shared_ptr<Thread> self_;
    Pid pid_ = 0;
    std::list<Job> jobs_;  // the one that was stopped or started last is the last
    int status_ = 0;       // $?
    Pid last_started_ = 0; // $!
    bool warned_ = false;  // of stopped jobs, by the last command
};

} // namespace jobs
