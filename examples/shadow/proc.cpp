#include "proc.hpp"

#include "text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace shadow::proc {
namespace {

std::optional<std::string> read_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return std::nullopt;
    std::string text;
    std::array<char, 4096> part;
    ssize_t got = 0;
    while ((got = ::read(fd, part.data(), part.size())) > 0)
        text.append(part.data(), static_cast<std::size_t>(got));
    ::close(fd);
    if (got < 0)
        return std::nullopt; // ESRCH: the task went while its file was open
    return text;
}

std::optional<std::string> read_link(const std::string& path) {
    std::array<char, 256> target;
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length < 0)
        return std::nullopt;
    return std::string(target.data(), static_cast<std::size_t>(length));
}

std::string path_of(pid_t pid, const char* file) {
    return "/proc/" + std::to_string(pid) + "/" + file;
}

template <class T>
T number(std::string_view text) {
    T value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::optional<Stat> parse_stat(const std::optional<std::string>& text) {
    if (!text)
        return std::nullopt;
    // The name stands in brackets and may itself hold spaces and brackets: only the last bracket ends it.
    const auto open = text->find('(');
    const auto close = text->rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 2 >= text->size())
        return std::nullopt;
    Stat out;
    out.pid = number<pid_t>(std::string_view(*text).substr(0, open));
    out.name = text->substr(open + 1, close - open - 1);
    std::string_view rest = std::string_view(*text).substr(close + 2);
    // Field numbers as proc(5) counts them; the state is field 3.
    for (int field = 3; !rest.empty() && field <= 28; ++field) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        switch (field) {
        case 3:
            out.state = word.empty() ? '?' : word.front();
            break;
        case 4:
            out.ppid = number<pid_t>(word);
            break;
        case 5:
            out.pgid = number<pid_t>(word);
            break;
        case 6:
            out.sid = number<pid_t>(word);
            break;
        case 7:
            out.terminal = static_cast<std::uint32_t>(number<std::int32_t>(word));
            break;
        case 8:
            out.foreground = number<pid_t>(word);
            break;
        case 9:
            out.flags = number<unsigned>(word);
            break;
        case 20:
            out.threads = number<long>(word);
            break;
        case 22:
            out.start_time = number<std::uint64_t>(word);
            break;
        case 26:
            out.start_code = number<std::uint64_t>(word);
            break;
        case 28:
            out.start_stack = number<std::uint64_t>(word);
            break;
        default:
            break;
        }
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    return out;
}

std::vector<pid_t> numbered_entries(const std::string& directory) {
    std::vector<pid_t> out;
    DIR* dir = ::opendir(directory.c_str());
    if (dir == nullptr)
        return out;
    while (const dirent* entry = ::readdir(dir))
        if (const pid_t n = number<pid_t>(entry->d_name); n > 0)
            out.push_back(n);
    ::closedir(dir);
    std::sort(out.begin(), out.end());
    return out;
}

/// The text after "NAME:" in a file that has a line for each.
std::optional<std::string> field_of(const std::string& path, std::string_view name) {
    const auto text = read_file(path);
    if (!text)
        return std::nullopt;
    const std::string lines = "\n" + *text;
    const std::string key = join("\n", name, ":\t");
    const auto at = lines.find(key);
    if (at == std::string::npos)
        return std::nullopt;
    const auto begin = at + key.size();
    return lines.substr(begin, lines.find('\n', begin) - begin);
}

bool has_bit(const std::optional<std::string>& mask, int bit) {
    return mask && ((std::strtoull(mask->c_str(), nullptr, 16) >> bit) & 1U) != 0;
}

} // namespace

bool Stat::exiting() const {
    return (flags & 0x4U) != 0; // PF_EXITING
}

bool Stat::kernel_worker() const {
    constexpr unsigned io_worker = 0x10;     // PF_IO_WORKER
    constexpr unsigned user_worker = 0x4000; // PF_USER_WORKER, since Linux 6.4
    return (flags & (io_worker | user_worker)) != 0;
}

bool Stat::kernel_thread() const {
    return (flags & 0x00200000U) != 0; // PF_KTHREAD
}

std::optional<Stat> stat(pid_t pid) {
    return parse_stat(read_file(path_of(pid, "stat")));
}

std::optional<Stat> stat(pid_t pid, pid_t tid) {
    return parse_stat(read_file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/stat"));
}

std::vector<pid_t> tasks(pid_t pid) {
    return numbered_entries(path_of(pid, "task"));
}

std::vector<pid_t> children(pid_t pid) {
    std::vector<pid_t> out;
    for (const pid_t tid : tasks(pid)) {
        const auto text = read_file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/children");
        std::string_view rest = text ? std::string_view(*text) : std::string_view();
        while (!rest.empty()) {
            const std::string_view word = rest.substr(0, rest.find(' '));
            if (const pid_t child = number<pid_t>(word); child > 0)
                out.push_back(child);
            rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        }
    }
    return out;
}

std::vector<pid_t> processes() {
    return numbered_entries("/proc");
}

std::optional<std::string> status_field(pid_t tid, std::string_view name) {
    return field_of(path_of(tid, "status"), name);
}

std::vector<pid_t> numbers(pid_t tid) {
    std::vector<pid_t> out;
    const auto field = status_field(tid, "NSpid");
    std::string_view rest = field ? std::string_view(*field) : std::string_view();
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find('\t'));
        out.push_back(number<pid_t>(word));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    return out;
}

pid_t thread_group(pid_t tid) {
    const auto field = status_field(tid, "Tgid");
    return field ? number<pid_t>(*field) : 0;
}

pid_t tracer_of(pid_t tid) {
    const auto field = status_field(tid, "TracerPid");
    return field ? number<pid_t>(*field) : 0;
}

bool in_signal_set(pid_t tid, std::string_view set, int signal) {
    return has_bit(status_field(tid, set), signal - 1);
}

bool ignores_signal(pid_t tid, int signal) {
    return in_signal_set(tid, "SigIgn", signal);
}

bool handles_signal(pid_t tid, int signal) {
    return ignores_signal(tid, signal) || in_signal_set(tid, "SigCgt", signal);
}

bool exists(pid_t tid) {
    return ::access(("/proc/" + std::to_string(tid)).c_str(), F_OK) == 0;
}

std::optional<Credentials> credentials(pid_t tid) {
    const auto users = status_field(tid, "Uid");
    if (!users)
        return std::nullopt;
    Credentials out;
    std::string_view rest = *users;
    for (uid_t* const user : {&out.real, &out.effective, &out.saved}) {
        const std::string_view word = rest.substr(0, rest.find('\t'));
        *user = number<uid_t>(word);
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    out.user_namespace = namespace_inode(tid, "user").value_or(0);
    constexpr int cap_kill = 5;
    constexpr int cap_sys_admin = 21;
    constexpr std::uint64_t first_user_namespace = 0xEFFFFFFD; // PROC_USER_INIT_INO
    const auto capabilities = status_field(tid, "CapEff");
    out.may_kill = has_bit(capabilities, cap_kill);
    out.may_administrate = has_bit(capabilities, cap_sys_admin) && out.user_namespace == first_user_namespace;
    return out;
}

bool asleep(pid_t pid, pid_t tid) {
    const std::string task = "/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid);
    // In this order: one that has been woken and does not run yet is not asleep in `stat`, but off its processor, which
    // is what the kernel waits for before it tells of a call.
    const auto sleeps = [&] {
        const auto now = parse_stat(read_file(task + "/stat"));
        return now && now->state == 'S';
    };
    if (!sleeps())
        return false;
    const auto call = read_file(task + "/syscall");
    if (call && call->rfind("running", 0) == 0) // where it may not be read, `stat` must do
        return false;
    return sleeps(); // and not, meanwhile, at a stop with what it has found
}

std::string command_line(pid_t pid) {
    auto text = read_file(path_of(pid, "cmdline")).value_or("");
    while (!text.empty() && text.back() == '\0')
        text.pop_back();
    if (text.empty()) {
        const auto task = stat(pid);
        return task ? "[" + task->name + "]" : "[gone]";
    }
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            c = ' '; // a newline or an escape sequence in an argument must not break our lines
    return text;
}

bool hidden(pid_t tid) {
    return !read_link(path_of(tid, "ns/uts")) && (errno == EACCES || errno == EPERM);
}

std::optional<std::uint64_t> namespace_inode(pid_t tid, const char* name) {
    // The text of the link, "net:[4026531840]": to follow it would cost the kernel twice as much.
    const auto target = read_link(path_of(tid, "ns/") + name);
    const auto bracket = target ? target->find('[') : std::string::npos;
    if (bracket == std::string::npos)
        return std::nullopt;
    return number<std::uint64_t>(std::string_view(*target).substr(bracket + 1));
}

std::optional<std::string> descriptor(pid_t tid, int fd) {
    return read_link(path_of(tid, "fd/") + std::to_string(fd));
}

std::optional<unsigned> descriptor_flags(pid_t tid, int fd) {
    const auto flags = field_of(path_of(tid, "fdinfo/") + std::to_string(fd), "flags");
    return flags ? std::optional(static_cast<unsigned>(std::strtoul(flags->c_str(), nullptr, 8))) : std::nullopt;
}

std::optional<pid_t> pidfd_target(pid_t tid, int fd) {
    const auto target = field_of(path_of(tid, "fdinfo/") + std::to_string(fd), "Pid");
    return target ? std::optional(number<pid_t>(*target)) : std::nullopt;
}

} // namespace shadow::proc
