#pragma once
// The real processes: each thread of a run is an agent, which does what the controller tells it.

namespace conformance::live {

struct Shared;

/// The first argument of a program that an agent has executed: see resume_agent().
constexpr const char* agent_argument = "--agent";

/// Gives each signal its default action, and then HUP INT USR1 USR2 CHLD CONT their handler unless `keep_ignored` and
/// ignored; unblocks all unless `keep_ignored`.
void prepare_signals(bool keep_ignored);
/// Does what the calling thread is told, until it dies.
[[noreturn]] void run_agent(Shared& shared);
/// Continues an agent in the new program: `thread` is the number of the thread that executed it.
[[noreturn]] void resume_agent(const char* thread);

} // namespace conformance::live
