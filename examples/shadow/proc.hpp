/// The kernel's own account of its processes: /proc.
///
/// Everything here reads; nothing keeps state. A task that is gone reads as nothing, never as an error: tasks may
/// vanish between any two lines of a reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace shadow::proc {

/// One line of /proc/PID/stat, as far as it concerns us.
struct Stat {
    pid_t pid = 0;
    std::string name;
    char state = '?';
    pid_t ppid = 0;
    pid_t pgid = 0;
    pid_t sid = 0;
    std::uint32_t terminal = 0; ///< the controlling one: its device's number, 0 for none
    pid_t foreground = 0;       ///< the group in the foreground there
    unsigned flags = 0;
    long threads = 0;
    std::uint64_t start_time = 0;
    /// Where the program image and its stack begin. They are drawn anew by each exec and copied by fork, which makes
    /// them the fingerprint of "the same memory image".
    std::uint64_t start_code = 0;
    std::uint64_t start_stack = 0;

    /// Zombie, or already beyond: no longer a task that runs.
    bool ended() const { return state == 'Z' || state == 'X' || state == 'x'; }
    /// Past its last stop: it is letting go of what it had, or has.
    bool exiting() const;
    /// A worker that the kernel made for itself inside a process (io_uring, vhost): no thread of the program.
    bool kernel_worker() const;
    bool kernel_thread() const;
};

std::optional<Stat> stat(pid_t pid);
std::optional<Stat> stat(pid_t pid, pid_t tid);

/// Every number in /proc/PID/task, zombies included.
std::vector<pid_t> tasks(pid_t pid);

/// The processes that /proc lists.
std::vector<pid_t> processes();

/// The children of all threads of a process; empty where the kernel was built without such lists.
std::vector<pid_t> children(pid_t pid);

/// The text after "NAME:" in /proc/TID/status.
std::optional<std::string> status_field(pid_t tid, std::string_view name);

/// The numbers of a task in each pid namespace from ours inwards; empty when it is gone.
std::vector<pid_t> numbers(pid_t tid);

/// Whether a task has the number, one of those that /proc does not list included.
bool exists(pid_t tid);

/// What decides whom a task may send signals to.
struct Credentials {
    uid_t real = 0;
    uid_t effective = 0;
    uid_t saved = 0;
    std::uint64_t user_namespace = 0; ///< its inode number; 0 when it may not be read
    bool may_kill = false;            ///< CAP_KILL
    bool may_administrate = false;    ///< CAP_SYS_ADMIN, and in the user namespace where that counts for the machine
};
std::optional<Credentials> credentials(pid_t tid);

/// The bits of a set of signals in /proc/TID/status: "SigBlk", "ShdPnd", ...
bool in_signal_set(pid_t tid, std::string_view set, int signal);

pid_t thread_group(pid_t tid);
pid_t tracer_of(pid_t tid);
bool ignores_signal(pid_t tid, int signal);
/// Ignores or catches it: anything but the default action.
bool handles_signal(pid_t tid, int signal);
/// Whether a task sleeps, as opposed to being about to: one that looks for something to wait for already reads as
/// asleep in its `stat` while it still looks, and takes what it finds.
bool asleep(pid_t pid, pid_t tid);

/// The command line, or the name in brackets where there is none.
std::string command_line(pid_t pid);

/// Whether the kernel hides a task's namespaces, memory and sharing from us: it does, from all but root, for a program
/// that has made itself undumpable.
bool hidden(pid_t tid);

/// The inode behind /proc/TID/ns/NAME; nothing when the task is gone, has let go of its namespaces, or may not be read.
std::optional<std::uint64_t> namespace_inode(pid_t tid, const char* name);

/// What /proc/TID/fd/FD points to, such as "net:[4026531840]".
std::optional<std::string> descriptor(pid_t tid, int fd);
/// The flags that it was opened with.
std::optional<unsigned> descriptor_flags(pid_t tid, int fd);
/// The process that the pidfd FD of TID stands for.
std::optional<pid_t> pidfd_target(pid_t tid, int fd);

} // namespace shadow::proc
