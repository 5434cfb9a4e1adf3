#include "agent.hpp"

#include "channel.hpp"
#include "raw.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace conformance::live {

namespace {

Shared* channel = nullptr;

/// As the kernel has it: the C library's is another one.
struct KernelAction {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    std::uint64_t mask;
};
constexpr unsigned long has_restorer = 0x04000000; // SA_RESTORER

extern "C" void procspace_live_return_from_signal();
asm(".pushsection .text\n"
    ".globl procspace_live_return_from_signal\n"
    "procspace_live_return_from_signal:\n"
    "  mov $15, %eax\n" // rt_sigreturn
    "  syscall\n"
    ".popsection\n");

void count_signal(int signal) {
    channel->handled[raw(SYS_getpid)].fetch_or(std::uint64_t{1} << (signal - 1), std::memory_order_relaxed);
}

long set_action(int signal, Disposition disposition) {
    KernelAction action{count_signal, SA_RESTART | has_restorer, procspace_live_return_from_signal, 0};
    if (disposition == Disposition::dfl)
        action.handler = SIG_DFL;
    if (disposition == Disposition::ign)
        action.handler = SIG_IGN;
    if (disposition == Disposition::nocldwait)
        action.flags |= SA_NOCLDWAIT;
    if (disposition == Disposition::nocldstop)
        action.flags |= SA_NOCLDSTOP;
    return raw(SYS_rt_sigaction, signal, address(&action), 0, sizeof action.mask);
}

int thread_entry(void*) {
    run_agent(*channel);
}

long start_thread() {
    constexpr unsigned long size = 64 * 1024;
    const long stack = raw(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack < 0)
        return stack;
    // The wrapper starts the function on the new stack; an error it reports is in errno.
    const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    const int tid = ::clone(thread_entry, reinterpret_cast<char*>(stack) + size, flags, nullptr);
    return tid < 0 ? -errno : tid;
}

long fork_at(std::int32_t number) {
    clone_args arguments{};
    pid_t wanted = number;
    arguments.exit_signal = SIGCHLD;
    arguments.set_tid = reinterpret_cast<std::uint64_t>(&wanted);
    arguments.set_tid_size = 1;
    return raw(SYS_clone3, address(&arguments), sizeof arguments);
}

/// The program again, which tells from its arguments that it goes on for this thread.
long execute() {
    char number[16];
    char* digit = number + sizeof number;
    *--digit = '\0';
    for (long tid = raw(SYS_gettid); tid != 0; tid /= 10)
        *--digit = static_cast<char>('0' + tid % 10);
    const char* const arguments[] = {"live", agent_argument, digit, nullptr};
    const char* const environment[] = {nullptr};
    return raw(SYS_execve, address("/proc/thread-self/exe"), address(arguments), address(environment));
}

/// Opens terminal `index` anew: a hang-up makes all older descriptors useless, and a leader's exit hangs up. What has
/// lost its master cannot be opened, and the old descriptor says what becomes of the others.
long open_terminal(std::int32_t index, int flags) {
    char path[] = "/proc/thread-self/fd/40"; // the leader may be a zombie, which has none
    path[sizeof path - 2] = static_cast<char>('0' + terminal_fd[index] % 10);
    return raw(SYS_open, address(path), O_RDWR | flags);
}

long terminal_request(std::int32_t index, unsigned long request, long argument) {
    const long opened = open_terminal(index, O_NOCTTY);
    const long result = raw(SYS_ioctl, opened >= 0 ? opened : terminal_fd[index], static_cast<long>(request), argument);
    if (opened >= 0)
        raw(SYS_close, opened);
    return result;
}

long terminal_number(std::int32_t index, unsigned long request) {
    pid_t number = 0;
    const long result = terminal_request(index, request, address(&number));
    return result < 0 ? result : number;
}

long close_again(long opened) {
    if (opened < 0)
        return opened;
    raw(SYS_close, opened);
    return 0;
}

void wait_by_id(const std::int32_t* arguments, Answer& answer) {
    siginfo_t info{};
    answer.value =
        static_cast<std::int32_t>(raw(SYS_waitid, arguments[0], arguments[1], address(&info), arguments[2], 0));
    answer.pid = info.si_pid;
    answer.code = info.si_code;
    answer.status = info.si_status;
}

long do_order(const Command& command, Answer& answer) {
    const std::int32_t* const arguments = command.arguments;
    const long first = arguments[0], second = arguments[1];
    std::uint64_t mask = 0;
    int flag = 0;
    switch (command.order) {
    case Order::fork:
        return raw(SYS_clone, SIGCHLD);
    case Order::fork_at:
        return fork_at(arguments[0]);
    case Order::clone_parent:
        return raw(SYS_clone, CLONE_PARENT | SIGCHLD);
    case Order::clone_sig:
        return raw(SYS_clone, first);
    case Order::thread:
        return start_thread();
    case Order::exit:
        return raw(SYS_exit, first);
    case Order::exit_group:
        return raw(SYS_exit_group, first);
    case Order::exec:
        return execute();
    case Order::setsid:
        return raw(SYS_setsid);
    case Order::setpgid:
        return raw(SYS_setpgid, first, second);
    case Order::getpgid:
        return raw(SYS_getpgid, first);
    case Order::getsid:
        return raw(SYS_getsid, first);
    case Order::getppid:
        return raw(SYS_getppid);
    case Order::getpid:
        return raw(SYS_getpid);
    case Order::waitpid:
        answer.pid = answer.value =
            static_cast<std::int32_t>(raw(SYS_wait4, first, address(&answer.status), second, 0));
        return answer.value;
    case Order::waitid:
        wait_by_id(arguments, answer);
        return answer.value;
    case Order::subreaper_set:
        return raw(SYS_prctl, PR_SET_CHILD_SUBREAPER, first);
    case Order::subreaper_get:
        if (const long result = raw(SYS_prctl, PR_GET_CHILD_SUBREAPER, address(&flag)); result < 0)
            return result;
        return flag;
    case Order::pdeathsig:
        return raw(SYS_prctl, PR_SET_PDEATHSIG, first);
    case Order::sigaction:
        return set_action(arguments[0], static_cast<Disposition>(second));
    case Order::sigmask:
        mask = std::uint64_t{1} << (first - 1);
        return raw(SYS_rt_sigprocmask, second, address(&mask), 0, sizeof mask);
    case Order::kill:
        return raw(SYS_kill, first, second);
    case Order::tgkill:
        return raw(SYS_tgkill, first, second, arguments[2]);
    case Order::tty_open:
        return close_again(open_terminal(arguments[0], 0));
    case Order::tty_sctty:
        return terminal_request(arguments[0], TIOCSCTTY, second);
    case Order::tty_notty:
        return terminal_request(arguments[0], TIOCNOTTY, 0);
    case Order::tty_getpgrp:
        return terminal_number(arguments[0], TIOCGPGRP);
    case Order::tty_setpgrp: {
        const pid_t group = arguments[1];
        return terminal_request(arguments[0], TIOCSPGRP, address(&group));
    }
    case Order::tty_getsid:
        return terminal_number(arguments[0], TIOCGSID);
    case Order::devtty:
        return close_again(raw(SYS_open, address("/dev/tty"), O_RDWR));
    case Order::setuid:
        return raw(SYS_setuid, first);
    }
    return -ENOSYS;
}

bool makes_process(Order order) {
    return order == Order::fork || order == Order::fork_at || order == Order::clone_parent || order == Order::clone_sig;
}

/// What only the process itself can ask the kernel.
void introduce() {
    int flag = 0;
    raw(SYS_prctl, PR_GET_CHILD_SUBREAPER, address(&flag));
    channel->subreaper[raw(SYS_getpid)].store(flag != 0, std::memory_order_relaxed);
}

void reply(Slot& slot, const Answer& answer) {
    slot.answer = answer;
    introduce();
    slot.answered.store(slot.asked.load(std::memory_order_relaxed), std::memory_order_release);
}

} // namespace

void prepare_signals(bool keep_ignored) {
    for (int signal = 1; signal <= 64; ++signal) {
        const bool handled = signal == SIGHUP || signal == SIGINT || signal == SIGUSR1 || signal == SIGUSR2 ||
                             signal == SIGCHLD || signal == SIGCONT;
        KernelAction now{};
        raw(SYS_rt_sigaction, signal, 0, address(&now), sizeof now.mask);
        if (!keep_ignored || (handled && now.handler != SIG_IGN))
            set_action(signal, handled ? Disposition::handler : Disposition::dfl);
    }
    std::uint64_t none = 0;
    if (!keep_ignored)
        raw(SYS_rt_sigprocmask, SIG_SETMASK, address(&none), 0, sizeof none);
}

void run_agent(Shared& shared) {
    channel = &shared;
    Slot* slot = &shared.slots[raw(SYS_gettid)];
    introduce();
    for (;;) {
        const std::uint32_t done = slot->answered.load(std::memory_order_relaxed);
        if (slot->asked.load(std::memory_order_acquire) == done) {
            raw(SYS_futex, address(&slot->asked), FUTEX_WAIT, static_cast<long>(done));
            continue;
        }
        const Command command = slot->command;
        Answer answer{};
        const long result = do_order(command, answer);
        if (result == 0 && makes_process(command.order)) { // the child
            slot = &shared.slots[raw(SYS_gettid)];
            introduce();
            continue;
        }
        answer.value = static_cast<std::int32_t>(result);
        reply(*slot, answer);
    }
}

void resume_agent(const char* thread) {
    void* const mapped = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, shared_fd, 0);
    if (mapped == MAP_FAILED)
        ::_exit(125);
    channel = static_cast<Shared*>(mapped);
    prepare_signals(true);
    // If another thread than the leader executed this program, it has the leader's number now, and the leader has died
    // in whatever it was asked.
    Slot& own = channel->slots[raw(SYS_gettid)];
    Slot& former = channel->slots[std::atoi(thread)];
    if (&own != &former)
        own.answered.store(own.asked.load(std::memory_order_relaxed), std::memory_order_relaxed);
    reply(former, Answer{});
    run_agent(*channel);
}

} // namespace conformance::live
