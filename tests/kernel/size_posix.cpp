// Every function of posix/ that examples/kernel uses, once, beside the operations of the process half: the difference
// to that alone is what the rules cost.
#include "size.cpp"

#include <procspace/posix/clone.hpp>
#include <procspace/posix/job_control.hpp>
#include <procspace/posix/kill.hpp>
#include <procspace/posix/orphan.hpp>
#include <procspace/posix/terminal.hpp>
#include <procspace/posix/wait.hpp>

namespace probe {
namespace posix = procspace::posix;
using Terminal = procspace::BasicTerminal<Traits>;
using Effect = procspace::BasicEffect<Traits>;

int clone(Thread& caller, const Namespace& ns, std::uint64_t flags) {
    return static_cast<int>(posix::clone(caller, ns, {.flags = flags}, 0, 0).error);
}
int unshare(Thread& caller, Namespace& ns, std::uint64_t flags) {
    return static_cast<int>(posix::unshare(caller, ns, flags).error);
}
int setns(Thread& caller, Namespace& ns, const Namespace& target, std::uint64_t flags) {
    return static_cast<int>(posix::setns(caller, ns, target, flags).error);
}
procspace::Pid setsid(Process& caller) {
    return posix::setsid(caller).value;
}
bool setpgid(Process& caller, std::int32_t pid, std::int32_t pgid) {
    return bool(posix::setpgid(caller, pid, pgid));
}
procspace::Pid getppid(const Process& caller) {
    return posix::getppid(caller);
}
bool is_orphaned(const Process& process) {
    return posix::is_orphaned(process);
}
procspace::Pid wait4(Thread& parent, std::int32_t pid, std::uint32_t options) {
    return posix::wait4(parent, pid, options).value.pid;
}
bool kill(const Process& caller, std::int32_t pid, int signal, bool (*may)(const ProcessHandle&),
          void (*deliver)(const Effect&)) {
    return bool(posix::kill(caller, pid, signal, may, deliver));
}
bool open(Terminal& terminal, Process& caller) {
    return bool(terminal.open(caller));
}
int set_foreground(Terminal& terminal, Process& caller, std::int32_t pgid) {
    return static_cast<int>(terminal.set_foreground(caller, pgid, procspace::TerminalSignal::taken).error);
}
procspace::Pid foreground_group(const Terminal& terminal, const Process& caller) {
    return terminal.foreground_group(caller).value;
}
} // namespace probe
