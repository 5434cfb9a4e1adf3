#include "terminals.hpp"

#include "proc.hpp"
#include "ptrace.hpp"
#include "text.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace shadow {
namespace {

constexpr unsigned first_pseudo = 136; // UNIX98_PTY_SLAVE_MAJOR, of which there are eight
constexpr unsigned last_pseudo = 143;

// As the kernel packs a device's numbers into 32 bits.
constexpr unsigned major_of(std::uint32_t device) {
    return device >> 8 & 0xfff;
}
constexpr unsigned minor_of(std::uint32_t device) {
    return (device & 0xff) | (device >> 12 & 0xfff00);
}
constexpr std::uint32_t packed(unsigned major, unsigned minor) {
    return (minor & 0xff) | major << 8 | (minor & ~0xffU) << 12;
}

/// The kernel's own answer, from a copy of the descriptor: /dev/tty and the masters don't tell by their numbers.
/// Nothing where it does not give copies.
std::optional<TerminalFile> asked_of_a_copy(pid_t pid, pid_t tid, int fd) {
    constexpr unsigned of_thread = O_EXCL; // PIDFD_THREAD, since Linux 6.9
    const int task = static_cast<int>(::syscall(SYS_pidfd_open, tid, tid == pid ? 0U : of_thread));
    if (task < 0)
        return std::nullopt;
    const int copy = static_cast<int>(::syscall(SYS_pidfd_getfd, task, fd, 0U));
    ::close(task);
    if (copy < 0)
        return std::nullopt;
    TerminalFile out;
    out.hung_up = ::ioctl(copy, TIOCGDEV, &out.device.number) != 0 && errno == EIO;
    ::close(copy);
    return out.device.number != 0 || out.hung_up ? std::optional(out) : std::nullopt;
}

std::string descriptor_path(pid_t tid, int fd) {
    return join("/proc/", tid, "/fd/", fd);
}

} // namespace

bool Device::is_pseudo() const {
    return major_of(number) >= first_pseudo && major_of(number) <= last_pseudo;
}

std::string Device::name() const {
    if (is_pseudo())
        return join("/dev/pts/", (major_of(number) - first_pseudo) << 20 | minor_of(number));
    return number != 0 ? join("tty ", major_of(number), ':', minor_of(number)) : "none";
}

std::optional<TerminalFile> terminal_file(pid_t pid, pid_t tid, int fd) {
    struct stat status {};
    if (fd < 0 || ::stat(descriptor_path(tid, fd).c_str(), &status) != 0 || !S_ISCHR(status.st_mode))
        return std::nullopt;
    auto out = asked_of_a_copy(pid, tid, fd);
    if (!out) {
        if (major(status.st_rdev) < first_pseudo || major(status.st_rdev) > last_pseudo)
            return std::nullopt;
        out.emplace();
        out->device.number = packed(major(status.st_rdev), minor(status.st_rdev));
        const auto link = proc::descriptor(tid, fd);
        out->hung_up = !link || link->find(" (deleted)") != std::string::npos;
    }
    const auto flags = proc::descriptor_flags(tid, fd);
    out->readable = flags && (*flags & O_ACCMODE) != O_WRONLY;
    out->master = status.st_rdev == makedev(5, 2);
    return out;
}

std::optional<TerminalUse> terminal_use(pid_t pid, pid_t tid, const Call& call) {
    const auto file = terminal_file(pid, tid, call.fd);
    if (!file)
        return std::nullopt;
    TerminalUse out;
    out.file = *file;
    if (call.kind == Call::Kind::take_terminal) {
        out.argument = static_cast<int>(call.address);
        const auto credentials = proc::credentials(tid);
        out.may_steal = credentials && credentials->may_administrate;
    } else if (call.kind == Call::Kind::set_foreground) {
        int number = 0;
        if (ptrace::read_memory(tid, call.address, &number, sizeof number))
            out.argument = number;
        out.ttou_is_held_off =
            proc::in_signal_set(tid, "SigBlk", SIGTTOU) || proc::in_signal_set(tid, "SigIgn", SIGTTOU);
    }
    return out;
}

NodeBirth node_birth(pid_t pid, Device device) {
    struct stat status {};
    if (!device.is_pseudo() || ::stat(join("/proc/", pid, "/root", device.name()).c_str(), &status) != 0 ||
        packed(major(status.st_rdev), minor(status.st_rdev)) != device.number)
        return std::nullopt;
    // Whoever changes its owner makes it look like another one. Then there is less to be certain of, and no harm done.
    return status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec;
}

std::optional<Opened> opened_terminal(pid_t pid, pid_t tid, const Call& call, std::int64_t result) {
    if (result < 0)
        return std::nullopt;
    const auto file = terminal_file(pid, tid, static_cast<int>(result));
    if (!file)
        return std::nullopt;
    return Opened{*file, (call.flags & (O_NOCTTY | O_PATH)) == 0 && !file->master && file->readable};
}

} // namespace shadow
