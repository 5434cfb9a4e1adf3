// Counts the atomic read-modify-writes of one process life, of one thread life and of one move between groups: a child
// program lives them, and its instructions are stepped through and looked at. Exact, and independent of the machine's
// load. x86-64 under Linux; elsewhere, with sanitizers, and where ptrace is refused, it is skipped.

#include <procspace/process/tree.hpp>

#include <cstdio>

#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using procspace::Pid;

constexpr int rounds = 8; // the first ones find their memory in the allocator's arenas, which takes its lock

void mark() {
    std::raise(SIGUSR1);
}

/// What is counted stands between two marks.
[[noreturn]] void live() {
    std::thread([] {}).join(); // else shared_ptr counts without atomics
    procspace::ProcessTree tree;
    const auto init = tree.new_init(1).build();
    const auto parent = init->fork(2).build();
    const auto other = init->fork(3).build();
    const auto group = other->create_group();
    const auto home = parent->group();
    for (int i = 0; i < rounds; ++i) {
        mark();
        {
            const auto child = parent->fork(10).build();
            child->exit();
            child->free();
        }
        mark();
        parent->new_thread(11).build()->exit(0);
        mark();
        parent->move_to_group(i % 2 == 0 ? group : home);
    }
    mark();
    std::_Exit(0);
}

/// Returns true for an instruction with a lock prefix, and for xchg with memory, which has it without saying so.
bool is_read_modify_write(const unsigned char* code) {
    while (*code == 0x66 || *code == 0xF2 || *code == 0xF3 || *code == 0x2E || *code == 0x3E)
        ++code;
    if (*code == 0xF0)
        return true;
    if ((*code & 0xF0) == 0x40) // REX
        ++code;
    return (code[0] == 0x86 || code[0] == 0x87) && code[1] < 0xC0;
}

struct Counts {
    long process = 0, thread = 0, move = 0;
};

/// Steps through the child; returns false when it can't be traced. `counts` are those of the last round.
bool count(Counts& counts) {
    const pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            std::_Exit(77);
        std::raise(SIGSTOP);
        live();
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        return false;
    int marks = 0;
    bool stepping = false;
    long counted = 0;
    for (;;) {
        if (ptrace(stepping ? PTRACE_SINGLESTEP : PTRACE_CONT, child, nullptr, nullptr) != 0)
            return false;
        waitpid(child, &status, 0);
        if (WIFEXITED(status))
            return WEXITSTATUS(status) == 0 && marks == 3 * rounds + 1;
        if (!WIFSTOPPED(status))
            return false;
        if (WSTOPSIG(status) == SIGUSR1) { // not delivered to it
            long* const place[] = {&counts.move, &counts.process, &counts.thread};
            if (stepping)
                *place[marks % 3] = counted;
            counted = 0;
            stepping = ++marks <= 3 * rounds;
            continue;
        }
        user_regs_struct registers{};
        if (!stepping || ptrace(PTRACE_GETREGS, child, nullptr, &registers) != 0)
            continue;
        errno = 0;
        const long words[2] = {ptrace(PTRACE_PEEKTEXT, child, registers.rip, nullptr),
                               ptrace(PTRACE_PEEKTEXT, child, registers.rip + 8, nullptr)};
        counted += errno == 0 && is_read_modify_write(reinterpret_cast<const unsigned char*>(words));
    }
}

} // namespace

int main() {
    Counts counts;
    if (!count(counts)) {
        std::puts("skipped: ptrace is not to be had here");
        return 77;
    }
    // raise() itself, which stands between the marks, has none.
    std::printf("read-modify-writes: %ld for a process life, %ld for a thread life, %ld for a move\n", counts.process,
                counts.thread, counts.move);
    return counts.process > 0 && counts.process <= 9 && counts.thread <= 9 && counts.move <= 2 ? 0 : 1;
}

#else

int main() {
    std::puts("skipped: only x86-64 under Linux, and without sanitizers, whose atomics are other code");
    return 77;
}

#endif
