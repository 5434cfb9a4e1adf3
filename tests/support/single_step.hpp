#pragma once
// What a child program executes, instruction by instruction: counts that are exact, whatever the machine's load.
// x86-64 under Linux; not with sanitizers, whose code is other code.

#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PROCSPACE_CAN_SINGLE_STEP 1

#include <csignal>
#include <cstdlib>
#include <cstring>

#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

namespace support {

/// Stands before and after each stretch of the child program that is looked at.
inline void mark() {
    std::raise(SIGUSR1);
}

/// The child before an instruction.
class Tracee {
public:
    struct Code {
        unsigned char bytes[2 * sizeof(long)];
    };

    explicit Tracee(pid_t pid) noexcept : pid_(pid) {}

    /// Returns the instruction and what stands behind it.
    [[nodiscard]] Code code() const {
        user_regs_struct registers{};
        ptrace(PTRACE_GETREGS, pid_, nullptr, &registers);
        const long words[2] = {ptrace(PTRACE_PEEKTEXT, pid_, registers.rip, nullptr),
                               ptrace(PTRACE_PEEKTEXT, pid_, registers.rip + sizeof(long), nullptr)};
        Code code;
        std::memcpy(code.bytes, words, sizeof(words));
        return code;
    }

private:
    pid_t pid_;
};

/// Runs `live()`, which ends with std::_Exit(0), in a child program, and calls `visit(stretch, tracee)` for each
/// instruction between its first two marks, stretch 0, between the next two, and so on. Returns the number of
/// stretches; -1 when the child can't be traced, and 0 when it ended otherwise.
template <class Live, class Visit>
int single_step(Live live, Visit visit) {
    constexpr int refused = 77;
    const pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            std::_Exit(refused);
        std::raise(SIGSTOP);
        live();
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        return -1;
    for (int marks = 0;;) {
        const bool looks = marks % 2 != 0;
        if (ptrace(looks ? PTRACE_SINGLESTEP : PTRACE_CONT, child, nullptr, nullptr) != 0)
            return -1;
        waitpid(child, &status, 0);
        if (WIFEXITED(status))
            return WEXITSTATUS(status) == refused ? -1 : WEXITSTATUS(status) == 0 ? marks / 2 : 0;
        if (!WIFSTOPPED(status))
            return 0;
        if (WSTOPSIG(status) == SIGUSR1) // not delivered to it
            ++marks;
        else if (looks)
            visit(marks / 2, Tracee(child));
    }
}

} // namespace support

#else
#define PROCSPACE_CAN_SINGLE_STEP 0
#endif
