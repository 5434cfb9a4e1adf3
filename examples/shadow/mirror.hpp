/// The library's account of the tree: the only part of shadow that knows procspace's process half.
#pragma once

#include "event.hpp"
#include "resources.hpp"
#include "view.hpp"

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
    int exit_signal = 0;
    bool surroundings = false; ///< stands for something outside of the command's tree, and is never compared
    bool namespace_init = false;
    pid_t home_init = 0;  ///< the first process of its pid namespace, unless that is shadow's
    bool adopted = false; ///< by shadow, where init would have done so

    static MirrorProcess outside() {
        return {
            .exit_signal = SIGCHLD, .surroundings = true, .namespace_init = false, .home_init = 0, .adopted = false};
    }
};
struct MirrorTask {
    TaskNamespace ns{procspace::NoValue{}};
    bool stopped = false;
    bool leaving = false;
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

    /// Builds what the command is born into: shadow itself, its group and its session.
    Mirror();

    /// What an event led to, beyond itself.
    struct Outcome {
        std::string complaint;                        ///< not empty: the library can't do what the kernel did
        std::vector<std::pair<pid_t, pid_t>> adopted; ///< children that got a new parent, with that parent
        std::vector<pid_t> deserted{}; ///< stopped jobs whom nobody will let go on, but for shadow's presence
    };
    Outcome apply(const Event& event);

    /// Whether the event would change anything that can be seen: a setpgid to where one is already does not.
    bool has_effect(const Event& event) const;
    std::vector<pid_t> children(pid_t pid) const;
    bool is_last_thread(pid_t pid, pid_t tid) const;

    /// Whether a dead process goes without a reap: its parent wants no zombies.
    bool vanishes(pid_t pid) const;

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

    static std::string unknown(const char* what, pid_t number);
    Handle process(pid_t pid) const;
    Thread* thread(pid_t tid) const;
    TaskNamespace* resources_of(pid_t tid) const;
    Handle fork_beside(const Handle& caller, pid_t pid, MirrorProcess data);
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
    Handle shadow_;
    std::map<pid_t, std::shared_ptr<Thread>> threads_; ///< a process knows its threads weakly: these keep them
    /// The kernel's names for namespaces seen so far: how a setns is understood.
    std::map<std::pair<ResourceKind, std::uint64_t>, AnyArc> known_;
    bool exec_enters_time_ns_;
};

} // namespace shadow
