/// The library's account of the tree: the only part of shadow that knows procspace's process half.
#pragma once

#include "event.hpp"
#include "question.hpp"
#include "resources.hpp"
#include "view.hpp"

#include <procspace/posix/terminal.hpp>
#include <procspace/procspace.hpp>

#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace shadow {

struct MirrorProcess {
    bool surroundings = false; ///< stands for something outside of the command's tree, and is never compared
    bool namespace_init = false;
    pid_t home_init = 0;         ///< the first process of its pid namespace, unless that is shadow's
    bool adopted = false;        ///< by shadow, where init would have done so
    bool status_unknown = false; ///< the exit that ended it did not tell the status that its parent is told
    /// Its children came by several threads, or from a parent with several, which may end at the same time: in which
    /// order is not seen.
    bool unordered_children = false;

    static MirrorProcess outside() {
        MirrorProcess out;
        out.surroundings = true;
        return out;
    }
};
struct MirrorTask {
    TaskNamespace ns{procspace::NoValue{}};
    bool stopped = false;
    bool leaving = false;
    bool stopped_beside_a_death = false;
};
struct TreeTraits : ShadowTraits {
    using ProcessData = MirrorProcess;
    using ThreadData = MirrorTask;
    static constexpr procspace::Pid max_number = 1U << 24; // beyond the kernel's: room for numbers that it never gives
};

class Mirror {
public:
    using Process = procspace::BasicProcess<TreeTraits>;
    using Thread = procspace::BasicThread<TreeTraits>;
    using Group = procspace::BasicProcessGroup<TreeTraits>;
    using Terminal = procspace::BasicTerminal<TreeTraits>;

    /// Builds what the command is born into: shadow itself, its group and its session.
    Mirror();

    /// What an event led to, beyond itself.
    struct Outcome {
        std::string complaint;                        ///< not empty: the library can't do what the kernel did
        std::vector<std::pair<pid_t, pid_t>> adopted; ///< children that got a new parent, with that parent
        std::vector<pid_t> deserted{}; ///< stopped jobs whom nobody will let go on, but for shadow's presence
        std::vector<pid_t> hung_up{};  ///< stopped processes in a group that is orphaned now: SIGHUP and SIGCONT
    };
    Outcome apply(const Event& event);

    /// Whether the event would change anything that can be seen: a setpgid to where one is already does not.
    bool has_effect(const Event& event) const;
    std::vector<pid_t> children(pid_t pid) const;
    bool is_last_thread(pid_t pid, pid_t tid) const;

    /// Whether a dead process goes without a reap: its parent wants no zombies.
    bool vanishes(pid_t pid) const;

    /// What the library says that the call will return; nothing where that can't be certain.
    std::optional<std::int64_t> predict(const Question& question);
    /// Whether an answer may be another one because of somebody whom the mirror does not follow.
    bool may_be_excused(const Question& question) const;
    /// Whether the library would have given the answer of a wait; to be asked before a reap is applied.
    Verdict judge_wait(const Question& question, const WaitAnswer& answer);
    /// Whether an open that succeeded has made it the terminal of the opener.
    std::optional<bool> predict_open(pid_t pid, const Opened& opened);
    /// Whether it leads a session whose terminal is followed.
    bool may_get_terminal(pid_t pid) const;
    Device terminal_of(pid_t pid) const;
    struct HeldTerminal {
        Device device;
        pid_t leader = 0;
        NodeBirth birth; ///< of the terminal's name when it was taken
    };
    /// The controlling terminals of all sessions whose leaders live.
    std::vector<HeldTerminal> held_terminals() const;
    /// The status that the parent of a dead process is told.
    void ended_with(pid_t pid, int status);

    std::optional<procspace::ProcessInfo> info(pid_t pid) const;
    TreeView view() const;

private:
    using Handle = std::shared_ptr<Process>;

    Outcome on(const Forked& event);
    Outcome on(const Execed& event);
    Outcome on(const Exited& event);
    Outcome on(const Leaving& event);
    Outcome on(const Reaped& event);
    Outcome on(const SessionMade& event);
    Outcome on(const GroupSet& event);
    Outcome on(const Unshared& event);
    Outcome on(const Entered& event);
    Outcome on(const SubreaperSet& event);
    Outcome on(const ChildRuleSet& event);
    Outcome on(const Stopped& event);
    Outcome on(const Continued& event);
    Outcome on(const TerminalTaken& event);
    Outcome on(const TerminalLeft& event);
    Outcome on(const ForegroundSet& event);
    Outcome on(const HungUp& event);

    static std::optional<std::int64_t> told(const Question& question, const procspace::Result<procspace::Pid>& answer);
    static std::string unknown(const char* what, pid_t number);
    Handle process(pid_t pid) const;
    Thread* thread(pid_t tid) const;
    TaskNamespace* resources_of(pid_t tid) const;
    Handle fork(const Handle& caller, const Forked& event);
    bool is_outside(const Process& process) const;
    bool may_be_strange(pid_t pid) const;
    bool may_have_strangers(pid_t pgid) const;
    bool is_our_group(pid_t pgid) const;
    std::optional<std::int64_t> predict_setpgid(Process& caller, const Question& question);
    bool is_in_own_session(const Process& process) const;
    Terminal& terminal(Device device);
    Device device_of(const Process& process) const;
    bool is_taken_outside(Device device) const;
    bool knows_terminal_of(const Process& process) const;
    bool is_ours(const Group& group) const;
    std::optional<std::int64_t> predict_terminal(Process& caller, const Question& question);
    std::optional<std::int64_t> predict_kill(Process& caller, const Question& question) const;
    std::shared_ptr<Group> group_in_session_of(const Process& member, pid_t pgid);
    TaskNamespace inherit(const TaskNamespace* parent, const Forked& event);
    void settle_home(Process& child, TaskNamespace& ns, const Forked& event);
    Handle reaper_in_namespace(const Process& dying) const;
    static bool is_looked_after(const Group& group);
    static std::vector<std::shared_ptr<Group>> groups_that_lose(const Process& dying);
    std::vector<pid_t> deserted(const std::vector<std::shared_ptr<Group>>& groups) const;
    void remember(ResourceKind kind, const TaskNamespace& ns, std::uint64_t inode);

    // Declared first, so that it outlives every handle below.
    mutable procspace::BasicProcessTree<TreeTraits> tree_;
    std::map<Device, Terminal> terminals_;
    std::map<pid_t, NodeBirth> terminal_births_; ///< by the session's leader
    Handle shadow_;
    std::map<pid_t, std::shared_ptr<Thread>> threads_; ///< a process knows its threads weakly: these keep them
    /// The kernel's names for namespaces seen so far: how a setns is understood.
    std::map<std::pair<ResourceKind, std::uint64_t>, AnyArc> known_;
    bool exec_enters_time_ns_;
};

} // namespace shadow
