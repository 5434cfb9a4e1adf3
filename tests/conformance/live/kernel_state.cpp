#include "kernel_state.hpp"

#include <cctype>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <sstream>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

namespace conformance::live {

namespace {

/// The text behind `name` in a file of lines `name:\tvalue`.
const char* field(const std::string& text, std::string_view name) {
    const auto place = text.find("\n" + std::string(name) + ":");
    return place == std::string::npos ? "" : text.c_str() + place + name.size() + 2;
}

unsigned long long decimal(const char* text) {
    return std::strtoull(text, nullptr, 10);
}

bool rests(char state) {
    return state == 'S' || state == 'T' || state == 'Z';
}

} // namespace

std::string KernelState::read(const std::string& path) const {
    const int file = ::openat(proc_, path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return {};
    char text[4096];
    const ssize_t size = ::read(file, text, sizeof text);
    ::close(file);
    return std::string(text, size > 0 ? static_cast<std::size_t>(size) : 0);
}

std::set<std::uint32_t> KernelState::numbers(const std::string& path) const {
    std::set<std::uint32_t> found;
    const int file = ::openat(proc_, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return found;
    DIR* const folder = ::fdopendir(file);
    while (const dirent* const entry = ::readdir(folder))
        if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) != 0)
            found.insert(static_cast<std::uint32_t>(decimal(entry->d_name)));
    ::closedir(folder);
    return found;
}

Snapshot KernelState::snapshot() const {
    Snapshot snapshot;
    for (const std::uint32_t pid : numbers(".")) {
        const std::string tasks = std::to_string(pid) + "/task/";
        for (const std::uint32_t tid : numbers(tasks)) {
            const std::string folder = tasks + std::to_string(tid);
            const std::string status = read(folder + "/status");
            if (status.empty())
                continue; // gone meanwhile
            TaskView& task = snapshot[pid][tid];
            task.state = *(field(status, "State") + 1);
            // Who waits for a child says that he sleeps while he still looks at his children. This file waits until he
            // does, or tells that he will not.
            if (task.state == 'S' && !std::isdigit(static_cast<unsigned char>(read(folder + "/syscall")[0])))
                task.state = 'R';
            task.switches = decimal(field(status, "voluntary_ctxt_switches")) +
                            decimal(field(status, "nonvoluntary_ctxt_switches"));
            task.pending = std::strtoull(field(status, "SigPnd"), nullptr, 16);
            task.process_pending = std::strtoull(field(status, "ShdPnd"), nullptr, 16);
        }
    }
    return snapshot;
}

bool KernelState::at_rest(Snapshot& now) const {
    now = snapshot();
    for (const auto& [pid, tasks] : now)
        for (const auto& [tid, task] : tasks)
            if (!rests(task.state))
                return false;
    // A dying process is a zombie in /proc before it has told its parent, but both under the kernel's lock of all
    // processes: who waits for children, as here, comes after it.
    siginfo_t none{};
    ::waitid(P_ALL, 0, &none, WEXITED | WNOHANG | WNOWAIT);
    // Each rested when it was looked at, and if each still does and has not run in between, then there was a moment,
    // between the two looks, at which all rested.
    return snapshot() == now;
}

Condition KernelState::condition(std::uint32_t pid, const Tasks& tasks) {
    bool stopped = false;
    for (const auto& [tid, task] : tasks)
        stopped = stopped || task.state == 'T';
    if (stopped)
        return Condition::stopped;
    const auto leader = tasks.find(pid);
    return tasks.size() == 1 && leader != tasks.end() && leader->second.state == 'Z' ? Condition::zombie
                                                                                     : Condition::running;
}

std::string KernelState::describe(std::uint32_t pid, const Tasks& tasks, const unsigned long (&terminals)[2]) const {
    const std::string stat = read(std::to_string(pid) + "/stat");
    const auto name_end = stat.rfind(')');
    std::istringstream fields(name_end == std::string::npos ? "" : stat.substr(name_end + 1));
    char state = '?';
    int ppid = 0, pgid = 0, sid = 0, foreground = 0;
    unsigned long terminal = 0;
    fields >> state >> ppid >> pgid >> sid >> terminal >> foreground;
    std::string text = std::to_string(ppid) + ":" + std::to_string(pgid) + ":" + std::to_string(sid) + ":";
    const Condition is = condition(pid, tasks);
    if (is == Condition::zombie)
        return text + "zombie:-:-";
    text += is == Condition::stopped ? "stop:" : "run:";
    std::string tids;
    for (const auto& [tid, task] : tasks)
        tids += (tids.empty() ? "" : ",") + std::to_string(tid) + (task.state == 'Z' ? "z" : "");
    text += tids + ":";
    if (terminal == 0)
        return text + "-";
    const std::string number = terminal == terminals[0] ? "0" : terminal == terminals[1] ? "1" : "unknown";
    return text + number + "/" + std::to_string(foreground);
}

} // namespace conformance::live
