// Counts the atomic read-modify-writes of one process life, of one thread life and of one move between groups, and all
// instructions of the lives: a child program lives them, and its instructions are stepped through and looked at. Exact,
// and independent of the machine's load. x86-64 under Linux; elsewhere, with sanitizers, and where ptrace is refused,
// it is skipped.

#include <procspace/process/tree.hpp>

#include "support/single_step.hpp"

#include <cstdio>

#if PROCSPACE_CAN_SINGLE_STEP

#include <cstdlib>
#include <thread>

namespace {

using procspace::Pid;

constexpr int rounds = 8; // the first ones find their memory in the allocator's arenas, which takes its lock

using support::mark;

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
        mark();
        parent->new_thread(11).build()->exit(0);
        mark();
        mark();
        parent->move_to_group(i % 2 == 0 ? group : home);
        mark();
    }
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

} // namespace

int main() {
    long counts[3 * rounds]{};
    long instructions[3 * rounds]{};
    const int stretches = support::single_step(live, [&](int stretch, const support::Tracee& tracee) {
        counts[stretch] += is_read_modify_write(tracee.code().bytes);
        ++instructions[stretch];
    });
    if (stretches < 0) {
        std::puts("skipped: ptrace is not to be had here");
        return 77;
    }
    // raise() itself, which stands between the marks, has none.
    const long* const last = counts + 3 * (rounds - 1);
    std::printf("read-modify-writes: %ld for a process life, %ld for a thread life, %ld for a move\n", last[0], last[1],
                last[2]);
    // Those of raise() are among these, and what malloc() takes.
    const long* const lives = instructions + 3 * (rounds - 1);
    std::printf("instructions: %ld for a process life, %ld for a thread life\n", lives[0], lives[1]);
    const bool few = last[0] > 0 && last[0] <= 6 && last[1] <= 6 && last[2] <= 1;
    const bool quick = lives[0] <= 1200 && lives[1] <= 800;
    return stretches == 3 * rounds && few && quick ? 0 : 1;
}

#else

int main() {
    std::puts("skipped: only x86-64 under Linux, and without sanitizers, whose atomics are other code");
    return 77;
}

#endif
