#include "ptrace.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <linux/audit.h>
#include <sys/uio.h>
#include <sys/wait.h>

namespace shadow::ptrace {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t native_arch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t native_arch = AUDIT_ARCH_AARCH64;
#else
#error "shadow knows x86-64 and aarch64"
#endif

void* number(unsigned long value) {
    return reinterpret_cast<void*>(value);
}

Report report_from(const siginfo_t& info) {
    Report report;
    report.tid = info.si_pid;
    report.death = info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
    if (report.death) {
        report.status = ended_status(info);
    } else { // a stop: the signal, and above it the event
        report.stop_signal = info.si_status & 0xff;
        report.event = info.si_status >> 8;
    }
    return report;
}

} // namespace

int ended_status(const siginfo_t& info) {
    if (info.si_code == CLD_EXITED)
        return (info.si_status & 0xff) << 8;
    return info.si_code == CLD_DUMPED ? info.si_status | 0x80 : info.si_status;
}

Outcome next_report(Wait wait, pid_t only) {
    siginfo_t info{};
    const int flags = WEXITED | WSTOPPED | WNOWAIT | __WALL | (wait == Wait::poll ? WNOHANG : 0);
    const int rc = only < 0 ? ::waitid(P_ALL, 0, &info, flags) : ::waitid(P_PID, static_cast<id_t>(only), &info, flags);
    Outcome out;
    if (rc != 0) {
        out.childless = errno == ECHILD;
        out.interrupted = errno == EINTR;
        return out;
    }
    if (info.si_pid == 0)
        return out;
    out.report = report_from(info);
    return out;
}

std::optional<Report> consume_stop(pid_t tid) {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(tid), &info, WSTOPPED | WNOHANG | __WALL) != 0 || info.si_pid == 0)
        return std::nullopt;
    return report_from(info);
}

std::optional<int> consume(pid_t tid) {
    int status = 0;
    pid_t got = 0;
    do
        got = ::waitpid(tid, &status, __WALL | WNOHANG);
    while (got < 0 && errno == EINTR);
    return got == tid ? std::optional(status) : std::nullopt;
}

bool seize(pid_t tid) {
    constexpr unsigned long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                                      PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_TRACESYSGOOD |
                                      PTRACE_O_EXITKILL;
    return ::ptrace(PTRACE_SEIZE, tid, nullptr, number(options)) == 0;
}

bool interrupt(pid_t tid) {
    return ::ptrace(PTRACE_INTERRUPT, tid, nullptr, nullptr) == 0;
}

bool resume(pid_t tid, int signal) {
    return ::ptrace(PTRACE_SYSCALL, tid, nullptr, number(static_cast<unsigned long>(signal))) == 0;
}

bool listen(pid_t tid) {
    return ::ptrace(PTRACE_LISTEN, tid, nullptr, nullptr) == 0;
}

pid_t event_message(pid_t tid) {
    unsigned long message = 0;
    return ::ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &message) == 0 ? static_cast<pid_t>(message) : 0;
}

bool answers(pid_t tid) {
    unsigned long message = 0;
    return ::ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &message) == 0;
}

std::optional<SyscallStop> syscall_stop(pid_t tid) {
    __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, tid, number(sizeof info), &info) < 0)
        return std::nullopt;
    SyscallStop out;
    out.native = info.arch == native_arch;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        out.entry = true;
        out.number = info.entry.nr;
        std::copy_n(info.entry.args, 6, out.args);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
        out.result = info.exit.rval;
    } else {
        return std::nullopt;
    }
    return out;
}

bool read_memory(pid_t tid, std::uint64_t address, void* out, std::size_t size) {
    const iovec local{out, size};
    const iovec remote{reinterpret_cast<void*>(address), size};
    return ::process_vm_readv(tid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

} // namespace shadow::ptrace
