// Of a tree too big to be compared at once, what is wrong about a task that no event concerns is found within one round
// of turns. The tree is one of real processes; the library's account of it is the kernel's, but for one falsehood.
#include "compare.hpp"
#include "kcmp.hpp"
#include "kernel_view.hpp"

#include <csignal>
#include <cstdio>
#include <functional>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace shadow;

constexpr std::size_t many = 5 * Comparer::in_turn / 2;
constexpr unsigned turns_of_a_round = 3;
constexpr auto files = static_cast<std::size_t>(ResourceKind::files);
constexpr auto uts = static_cast<std::size_t>(ResourceKind::uts);

/// The last two share their files.
std::vector<pid_t> start_children() {
    std::vector<pid_t> pids;
    while (pids.size() < many) {
        const unsigned long flags = SIGCHLD | (pids.size() + 2 < many ? 0UL : CLONE_FILES);
        const auto child = static_cast<pid_t>(::syscall(SYS_clone, flags, 0L, 0L, 0L, 0L));
        if (child == 0)
            for (;;)
                ::pause();
        pids.push_back(child);
    }
    return pids;
}

TreeView account_of(const std::vector<pid_t>& pids) {
    TreeView out;
    for (const pid_t pid : pids) {
        out.push_back(*kernel_view(pid, {pid}));
        for (const ResourceKind kind : {ResourceKind::fs, ResourceKind::files, ResourceKind::sighand, ResourceKind::vm})
            out.back().tasks[0].resources[static_cast<std::size_t>(kind)] = static_cast<std::uint64_t>(pid);
    }
    out[many - 1].tasks[0].resources[files] = out[many - 2].tasks[0].resources[files];
    return out;
}

/// The number of the turn that finds something to be wrong; 0 when none does.
unsigned found_in_turn(const TreeView& library, const std::vector<pid_t>& pids) {
    Comparer comparer;
    for (unsigned turn = 1; turn <= turns_of_a_round; ++turn) {
        const bool found = !comparer.compare(library, pids, {}).empty();
        if (found != !comparer.compare(library, pids, {}).empty())
            return 0; // the same must be found when the same turn is asked again
        if (found)
            return turn;
        comparer.next_turn();
    }
    return 0;
}

int failures = 0;

void expect(const char* what, bool holds) {
    if (!holds) {
        std::printf("FAILED: %s\n", what);
        ++failures;
    }
}

} // namespace

int main() {
    if (!kcmp::order(kcmp::Shared::files, ::getpid(), ::getpid())) {
        std::puts("SKIPPED: kcmp is refused here");
        return 77;
    }
    const std::vector<pid_t> pids = start_children();
    const TreeView truth = account_of(pids);
    expect("the truth is found to be true", found_in_turn(truth, pids) == 0);
    const auto falsehood = [&](const char* what, std::size_t about, const std::function<void(ProcessView&)>& falsify) {
        TreeView library = truth;
        falsify(library[about]);
        expect(what, found_in_turn(library, pids) == (about == 0 ? 1U : turns_of_a_round));
    };
    for (const std::size_t about : {std::size_t{0}, many - 1}) {
        falsehood("a wrong group", about, [](ProcessView& process) { ++process.pgid; });
        falsehood("a wrong parent", about, [](ProcessView& process) { ++process.ppid; });
        falsehood("a zombie that lives", about, [](ProcessView& process) { process.zombie = true; });
        falsehood("a wrong program", about, [](ProcessView& process) { ++process.tasks[0].image.start_code; });
        falsehood("a wrong namespace", about, [](ProcessView& process) { ++process.tasks[0].names[uts]; });
        falsehood("a namespace not shared", about, [](ProcessView& process) { ++process.tasks[0].resources[uts]; });
    }
    falsehood("files that only the library shares", many - 1,
              [&](ProcessView& process) { process.tasks[0].resources[files] = truth[0].tasks[0].resources[files]; });
    TreeView library = truth;
    library[many - 1].tasks[0].resources[files] = 1;
    expect("files that only the kernel shares", found_in_turn(library, pids) != 0);
    for (const pid_t pid : pids)
        ::kill(pid, SIGKILL);
    while (::wait(nullptr) > 0) {}
    return failures;
}
