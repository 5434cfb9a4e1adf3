#include "event.hpp"

#include "text.hpp"

#include <array>
#include <csignal>
#include <linux/sched.h>
#include <string_view>
#include <sys/wait.h>

namespace shadow {
namespace {

std::string flag_names(std::uint64_t flags) {
    static constexpr std::array<std::pair<std::uint64_t, std::string_view>, 18> names{{
        {CLONE_VM, "VM"},
        {CLONE_FS, "FS"},
        {CLONE_FILES, "FILES"},
        {CLONE_SIGHAND, "SIGHAND"},
        {CLONE_VFORK, "VFORK"},
        {CLONE_PARENT, "PARENT"},
        {CLONE_THREAD, "THREAD"},
        {CLONE_NEWNS, "NEWNS"},
        {CLONE_SYSVSEM, "SYSVSEM"},
        {CLONE_NEWUTS, "NEWUTS"},
        {CLONE_NEWIPC, "NEWIPC"},
        {CLONE_NEWUSER, "NEWUSER"},
        {CLONE_NEWPID, "NEWPID"},
        {CLONE_NEWNET, "NEWNET"},
        {CLONE_NEWCGROUP, "NEWCGROUP"},
        {CLONE_NEWTIME, "NEWTIME"},
        {CLONE_CLEAR_SIGHAND, "CLEAR_SIGHAND"},
        {CLONE_INTO_CGROUP, "INTO_CGROUP"},
    }};
    std::string out;
    for (const auto& [flag, name] : names)
        if ((flags & flag) != 0)
            out += join(out.empty() ? "" : "|", name);
    return out.empty() ? "" : join(" [", out, "]");
}

struct Describe {
    std::string operator()(const Forked& e) const {
        return join((e.flags & CLONE_THREAD) != 0 ? "thread " : "fork ", e.by, " -> ", e.child, flag_names(e.flags));
    }
    std::string operator()(const Execed& e) const {
        return join("exec ", e.pid, e.former_tid != e.pid ? join(" (by thread ", e.former_tid, ")") : "", ": ",
                    e.command);
    }
    std::string operator()(const Exited& e) const {
        return join("exit ", e.tid, e.tid != e.pid ? join(" (thread of ", e.pid, ")") : "", ": ",
                    describe_status(e.status));
    }
    std::string operator()(const Leaving& e) const { return join("leaving ", e.tid); }
    std::string operator()(const Reaped& e) const {
        return join("reap ", e.pid, e.by != 0 ? join(" by ", e.by) : " at once: the parent wants no zombies");
    }
    std::string operator()(const SessionMade& e) const { return join("setsid ", e.pid); }
    std::string operator()(const GroupSet& e) const { return join("setpgid ", e.pid, " to ", e.pgid); }
    std::string operator()(const Unshared& e) const { return join("unshare ", e.tid, flag_names(e.flags)); }
    std::string operator()(const Entered& e) const {
        std::string out = join("setns ", e.tid);
        for (const auto& [kind, inode] : e.targets)
            out += join(" ", traits(kind).name, ":", inode);
        return out;
    }
    std::string operator()(const SubreaperSet& e) const { return join("subreaper ", e.pid, e.on ? " on" : " off"); }
    std::string operator()(const ChildRuleSet& e) const {
        return join("sigaction ", e.tid, " SIGCHLD",
                    e.ignored || e.no_zombies ? " leaves no zombies" : " leaves zombies");
    }
    std::string operator()(const Stopped& e) const { return join("stop ", e.tid, ": ", signal_name(e.signal)); }
    std::string operator()(const Continued& e) const { return join("continue ", e.tid); }
    std::string operator()(const TerminalTaken& e) const { return join("terminal ", e.device.name(), " for ", e.pid); }
    std::string operator()(const TerminalLeft& e) const { return join("terminal given up by ", e.pid); }
    std::string operator()(const ForegroundSet& e) const { return join("foreground ", e.pgid, " by ", e.pid); }
    std::string operator()(const HungUp& e) const { return join("hang-up of ", e.device.name()); }
};

struct Subjects {
    std::vector<pid_t> operator()(const Forked& e) const { return {e.by, e.child}; }
    std::vector<pid_t> operator()(const Execed& e) const { return {e.pid, e.former_tid}; }
    std::vector<pid_t> operator()(const Exited& e) const { return {e.pid, e.tid}; }
    std::vector<pid_t> operator()(const Reaped& e) const { return {e.pid, e.by}; }
    std::vector<pid_t> operator()(const SessionMade& e) const { return {e.pid}; }
    std::vector<pid_t> operator()(const GroupSet& e) const { return {e.pid}; }
    std::vector<pid_t> operator()(const SubreaperSet& e) const { return {e.pid}; }
    std::vector<pid_t> operator()(const TerminalTaken& e) const { return {e.pid}; }
    std::vector<pid_t> operator()(const TerminalLeft& e) const { return {e.pid}; }
    std::vector<pid_t> operator()(const ForegroundSet& e) const { return {e.pid}; }
    std::vector<pid_t> operator()(const HungUp&) const { return {}; }
    template <class OfOneTask>
    std::vector<pid_t> operator()(const OfOneTask& e) const {
        return {e.tid};
    }
};

} // namespace

std::vector<pid_t> subjects(const Event& event) {
    return std::visit(Subjects{}, event);
}

std::string describe(const Event& event) {
    return std::visit(Describe{}, event);
}

} // namespace shadow
