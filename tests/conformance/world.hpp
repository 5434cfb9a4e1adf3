#pragma once
// World: programs around the library. What the kernel's users bring along is modelled here: handlers and default
// actions of signals, masks, pending signals, users, and threads that sleep in a system call. Every relation between
// processes, and every result, is the library's.

#include "trace.hpp"

#include "procspace/posix/terminal.hpp"
#include "procspace/posix/wait.hpp"
#include "procspace/procspace.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace conformance {

struct WorldTraits : procspace::DefaultTraits {
    /// What the library causes goes to the world that is running.
    static void effect(const procspace::BasicEffect<WorldTraits>& effect);
};

using Tree = procspace::BasicProcessTree<WorldTraits>;
using Process = procspace::BasicProcess<WorldTraits>;
using Thread = procspace::BasicThread<WorldTraits>;
using Terminal = procspace::BasicTerminal<WorldTraits>;
using procspace::Pid;

enum class Action : unsigned char { standard, handler, ignored };

/// A system call that has not returned.
struct Call {
    int operation = 0;
    std::string result; ///< what it will return; empty while it sleeps or is to be repeated
    std::function<std::optional<std::string>()> again; ///< repeats it: nothing while it sleeps
    bool waits = false;                                ///< for a child
    bool woken = false;                                ///< by a child: it is repeated before any signal is taken
    bool restarted = false;                            ///< by a signal: it is repeated after it
};
struct Task {
    std::shared_ptr<Thread> thread;
    std::set<int> blocked;
    std::set<int> pending;
    std::optional<Call> call;
};
struct Program {
    std::shared_ptr<Process> process;
    Action actions[65]{};
    std::map<Pid, Task> tasks; ///< the living
    std::set<int> leader_blocked;
    std::set<int> pending;
    std::set<int> shown_pending; ///< while stopped
    std::set<int> handled;       ///< by frames that wait for the return to the program
    bool shown_subreaper = false;
    int user = 0;
    bool no_wait = false; ///< SA_NOCLDWAIT and SA_NOCLDSTOP of SIGCHLD
    bool no_stop = false;
    bool dead = false;
};

class World {
public:
    /// A world with init alone, in its own session or, `raw`, in one outside.
    explicit World(bool raw);
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World();

    /// Everything that one operation did.
    struct Outcome {
        std::string result;
        std::vector<Late> late;
        Signals handled;
        Signals pending;
    };

    /// Does it, and lets everybody react until nothing happens any more. With `any_child`, a wait for one of
    /// several children takes that of the recorded result if it is eligible: see the tag threadorder. **Throws**
    /// std::invalid_argument for what cannot be done in this world.
    Outcome run(const Operation& operation, bool any_child);

    [[nodiscard]] States states();
    /// Returns the first invariant of the library that is broken, or null.
    [[nodiscard]] const char* broken_rule() const;

private:
    friend WorldTraits;

    // world.cpp: operations
    std::optional<std::string> perform(const Operation& operation);
    std::optional<std::string> terminal_call(const Operation& operation);
    std::string from_outside(const Operation& operation);
    std::string clone(const procspace::CloneRequest& request);
    std::string exec();
    std::string exit_thread(int code);
    std::string sigaction(int signal, const std::string& action);
    std::string sigmask(const std::string& how, int signal);
    std::string setuid(std::int32_t user);
    std::optional<std::string> wait(const Operation& operation);
    std::optional<std::string> take_recorded_child(int number, bool by_id, int which, std::int32_t id,
                                                   std::uint32_t options);

    // signals.cpp: what programs do about signals
    void receive(const procspace::BasicEffect<WorldTraits>& effect);
    void send(Program& program, int signal, Pid tid, bool from_outside);
    [[nodiscard]] bool is_ignored(const Program& program, const std::set<int>& blocked, int signal, bool forced) const;
    void settle();
    bool react(Program& program);
    void return_calls();
    void repeat(Program& program, Pid tid);
    [[nodiscard]] bool is_fatal_now(const Program& program, int signal, Pid tid) const;
    bool take_signal(Program& program);
    void die(Program& program, int status);
    void bury(Program& program);
    void end_namespace(int status);
    void set_child_policy(Program& program);
    void flush(Program& program, int signal);

    [[nodiscard]] Program& program_of(Pid tid);
    [[nodiscard]] bool may_signal(const std::shared_ptr<Process>& target) const;
    [[nodiscard]] bool has_blocked_or_ignored(int signal) const;
    [[nodiscard]] Task& task() { return caller_->tasks.at(caller_tid_); }
    [[nodiscard]] Process& process() { return *caller_->process; }

    Tree tree_;
    procspace::BasicNamespace<WorldTraits> ns_; // of all: it has no resources
    Terminal terminals_[2];
    bool hung_up_[2]{};
    std::map<Pid, Program> programs_;
    Outcome outcome_;
    Program* caller_ = nullptr;
    Pid caller_tid_ = 0;
    int operation_ = 0;
    const Operation* recorded_ = nullptr; ///< while it runs, if any child may come
};

/// Returns what a trace calls this error.
[[nodiscard]] std::string error_name(procspace::Errno error);

} // namespace conformance
