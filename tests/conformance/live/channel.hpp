#pragma once
// What the controller and the agents share: a page of commands and answers for each thread of the run, by its number.
// It is mapped from a memfd, so that it survives fork and exec.

#include <atomic>
#include <cstdint>

namespace conformance::live {

/// Every process and thread of a run has a number below this one.
constexpr std::uint32_t number_limit = 8192;

/// What an agent can be told to do: the operations of the traces, by their names there.
enum class Order : std::uint32_t {
    fork,
    fork_at,
    clone_parent,
    clone_sig,
    thread,
    exit,
    exit_group,
    exec,
    setsid,
    setpgid,
    getpgid,
    getsid,
    getppid,
    getpid,
    waitpid,
    waitid,
    subreaper_set,
    subreaper_get,
    pdeathsig,
    sigaction,
    sigmask,
    kill,
    tgkill,
    tty_open,
    tty_sctty,
    tty_notty,
    tty_getpgrp,
    tty_setpgrp,
    tty_getsid,
    devtty,
    setuid
};

/// The last argument of sigaction.
enum class Disposition : std::int32_t { handler, dfl, ign, nocldwait, nocldstop };

struct Command {
    Order order;
    std::int32_t arguments[3];
};

/// `value` is what the call returned; the rest is what waitpid (its status) and waitid (its siginfo) reported.
struct Answer {
    std::int32_t value;
    std::int32_t pid;
    std::int32_t code;
    std::int32_t status;
};

/// One thread. The controller writes `command` and counts `asked` up, on which the agent sleeps as on a futex; the
/// agent writes `answer` and lets `answered` follow. Both are release stores that the other side acquires.
struct Slot {
    std::atomic<std::uint32_t> asked;
    std::atomic<std::uint32_t> answered;
    Command command;
    Answer answer;
};

struct Shared {
    std::atomic<std::int32_t> ready; ///< of init: 1, or the negative errno that stopped it
    Slot slots[number_limit];
    std::atomic<std::uint64_t> handled[number_limit];  ///< by process: the signals whose handler ran, bit signal - 1
    std::atomic<std::uint8_t> subreaper[number_limit]; ///< by process: what PR_GET_CHILD_SUBREAPER said last
};

/// The descriptors that all agents have, exec included.
constexpr int terminal_fd[2] = {40, 41};
constexpr int shared_fd = 42;
/// Of init, for the controller to copy: the /proc of the namespace.
constexpr int proc_fd = 43;

} // namespace conformance::live
