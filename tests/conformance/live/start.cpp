// How the real processes come to be.

#include "agent.hpp"
#include "controller.hpp"
#include "raw.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace conformance::live {

namespace {

[[noreturn]] void refuse(const std::string& what, int error = errno) {
    throw Refused(what + ": " + std::strerror(error));
}

TerminalPair open_terminal() {
    TerminalPair pair;
    pair.master = Descriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (pair.master.get() < 0 || ::unlockpt(pair.master.get()) != 0)
        refuse("a pseudo terminal");
    pair.slave = Descriptor(::ioctl(pair.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    struct stat status {};
    // Open to all: the programs open it again as whoever they are.
    if (pair.slave.get() < 0 || ::fchmod(pair.slave.get(), 0666) != 0 || ::fstat(pair.slave.get(), &status) != 0)
        refuse("the other end of a pseudo terminal");
    const unsigned long minor = minor(status.st_rdev), major = major(status.st_rdev);
    pair.device = (minor & 0xff) | (major << 8) | ((minor & ~0xfful) << 12);
    return pair;
}

/// As the kernel has it: <linux/sched/types.h> and <sched.h> exclude each other. **Source**: sched_setattr(2).
struct SchedulingAttributes {
    std::uint32_t size = sizeof(SchedulingAttributes);
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0, deadline = 0, period = 0; ///< in ns
};

/// All agents on one processor, and none interrupted by another that it wakes: what the kernel leaves to chance, such
/// as who of two woken ones runs first, comes out the same in each run, nearly always. (A real-time policy would make
/// that always, but agents of one that die wait for each other, busily, with whom they do not let run.)
void take_turns() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        for (std::size_t processor = 0; processor < CPU_SETSIZE; ++processor)
            if (CPU_ISSET(processor, &allowed)) {
                CPU_ZERO(&allowed);
                CPU_SET(processor, &allowed);
                break;
            }
    ::sched_setaffinity(0, sizeof allowed, &allowed);
    SchedulingAttributes attributes;
    attributes.policy = SCHED_BATCH;
    attributes.nice = -20;
    attributes.runtime = 100'000'000; // the longest turn there is
    if (live::raw(SYS_sched_setattr, 0, address(&attributes), 0) != 0) {
        attributes.nice = 0; // without the privilege
        live::raw(SYS_sched_setattr, 0, address(&attributes), 0);
    }
}

bool write_file(const char* path, const std::string& text) {
    const Descriptor file(::open(path, O_WRONLY | O_CLOEXEC));
    return file.get() >= 0 && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

} // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    const Descriptor old(std::exchange(number_, other.release()));
    return *this;
}

Descriptor::~Descriptor() {
    if (number_ >= 0)
        ::close(number_);
}

int Descriptor::release() {
    return std::exchange(number_, -1);
}

bool enter_namespace() {
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    bool privileged = true;
    if (::unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) {
        const int error = errno;
        if (user == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) != 0)
            refuse("a pid namespace", error);
        privileged = false;
        if (!write_file("/proc/self/setgroups", "deny") ||
            !write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1") ||
            !write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1"))
            refuse("the users of a user namespace");
    }
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        refuse("mounts of our own");
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0)
        refuse("a process in a pid namespace");
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        return privileged;
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

Controller::Controller(bool raw) {
    for (int i = 0; i < 2; ++i) {
        terminals_[i] = open_terminal();
        devices_[i] = terminals_[i].device;
    }
    memory_ = Descriptor(::memfd_create("live", MFD_CLOEXEC));
    if (memory_.get() < 0 || ::ftruncate(memory_.get(), sizeof(Shared)) != 0)
        refuse("shared memory");
    void* const mapped = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0);
    if (mapped == MAP_FAILED)
        refuse("shared memory");
    shared_.reset(static_cast<Shared*>(mapped));
    start(raw);
    Operation first;
    take_states(wait_for_rest(), first);
}

/// Init is our child, but of the session and the group of a process that is gone: what a raw init does to its own
/// group reaches nobody else.
void Controller::start(bool raw) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        refuse("a pipe");
    Descriptor from(ends[0]), to(ends[1]);
    const pid_t launcher = ::fork();
    if (launcher < 0)
        refuse("a process");
    if (launcher == 0) {
        ::setsid();
        take_turns();
        const long init = live::raw(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | CLONE_PARENT | SIGCHLD);
        if (init == 0)
            become_init(raw);
        ::_exit(::write(to.get(), &init, sizeof init) == sizeof init ? 0 : 1);
    }
    to = Descriptor();
    long init = -EIO;
    const bool told = ::read(from.get(), &init, sizeof init) == sizeof init;
    ::waitpid(launcher, nullptr, 0);
    if (!told || init < 0)
        refuse("the init of a pid namespace", static_cast<int>(-init));
    init_.pid = static_cast<pid_t>(init);
    siginfo_t dead{};
    while (shared_->ready.load(std::memory_order_acquire) == 0) {
        if (::waitid(P_PID, static_cast<id_t>(init_.pid), &dead, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            dead.si_pid == init_.pid)
            throw Refused("the init of a pid namespace died");
        ::sched_yield();
    }
    if (const int ready = shared_->ready.load(std::memory_order_acquire); ready < 0)
        refuse("/proc in a pid namespace, or no cores", -ready);
    const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, init_.pid, 0)));
    proc_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_getfd, handle.get(), proc_fd, 0)));
    if (proc_.get() < 0)
        refuse("a descriptor of another process (pidfd_getfd)");
    kernel_.emplace(proc_.get());
}

void Controller::become_init(bool raw) {
    if (!raw)
        ::setsid();
    // The old /proc shows the namespace above, and the agents open their descriptors through theirs.
    int error = 0;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("proc", "/proc", "proc", 0, nullptr) != 0)
        error = errno;
    ::dup2(terminals_[0].slave.get(), terminal_fd[0]);
    ::dup2(terminals_[1].slave.get(), terminal_fd[1]);
    ::dup2(memory_.get(), shared_fd);
    const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (error == 0 && (proc < 0 || ::dup3(proc, proc_fd, O_CLOEXEC) < 0))
        error = errno;
    // Nobody of the run holds the masters but the controller, or they could not be closed.
    live::raw(SYS_close_range, 3, terminal_fd[0] - 1);
    live::raw(SYS_close_range, proc_fd + 1, ~0u);
    prepare_signals(false);
    const rlimit no_cores{1, 1}; // core(5): 0 would still start a program that takes them from a pipe
    if (error == 0 && ::setrlimit(RLIMIT_CORE, &no_cores) != 0)
        error = errno;
    shared_->ready.store(error == 0 ? 1 : -error, std::memory_order_release);
    if (error != 0)
        ::_exit(1);
    run_agent(*shared_);
}

void Controller::Unmap::operator()(Shared* shared) const {
    ::munmap(shared, sizeof(Shared));
}

Init::~Init() {
    if (pid < 0)
        return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
}

} // namespace conformance::live
