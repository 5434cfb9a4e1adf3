/// ptrace(2) and waitid(2), one function for each thing that the tracer asks of them.
///
/// Registers are never read: PTRACE_GET_SYSCALL_INFO (Linux 5.3) gives a call's number, arguments and result in the
/// same form on every architecture.
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sys/ptrace.h>
#include <sys/types.h>

namespace shadow::ptrace {

/// What waitid saw. Nothing is consumed by looking: a death that was only looked at stays a zombie that nobody can
/// reap.
struct Report {
    pid_t tid = 0;
    bool death = false;
    int stop_signal = 0; ///< for a stop: the signal, with bit 7 set at a system call
    int event = 0;       ///< for a stop: PTRACE_EVENT_..., or 0
    int status = 0;      ///< for a death: as wait4 tells it
};

/// The status of an ended task as wait4 tells it, from what waitid tells.
int ended_status(const siginfo_t& info);

enum class Wait { block, poll };

struct Outcome {
    std::optional<Report> report;
    bool childless = false; ///< nothing left that could ever report
    bool interrupted = false;
};

/// Looks for the next report of any task, or of one.
Outcome next_report(Wait wait, pid_t only = -1);

/// Takes the stop that a task is at now; nothing when it is at none (it was killed since the report).
std::optional<Report> consume_stop(pid_t tid);

/// Takes a death that next_report showed: this is when the kernel tells the real parent, or, if that is the caller,
/// reaps the zombie. Returns the wait status, or nothing when it is no longer there.
std::optional<int> consume(pid_t tid);

bool seize(pid_t tid);
bool interrupt(pid_t tid);
bool resume(pid_t tid, int signal = 0);
/// Lets a stopped job stay stopped, yet notices SIGCONT.
bool listen(pid_t tid);
/// For a task that is at a stop of ours; 0 when it is not.
pid_t event_message(pid_t tid);
/// True when the kernel has this task in a job-control stop that we listen to: it refuses every other request then.
bool answers(pid_t tid);

struct SyscallStop {
    bool entry = false;
    bool native = true; ///< made through this architecture's own table of numbers
    std::uint64_t number = 0;
    std::uint64_t args[6] = {};
    std::int64_t result = 0;
};
std::optional<SyscallStop> syscall_stop(pid_t tid);

/// Copies from the memory of a stopped task. False when the address is not readable.
bool read_memory(pid_t tid, std::uint64_t address, void* out, std::size_t size);

} // namespace shadow::ptrace
