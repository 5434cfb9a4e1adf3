/// A call that is about to be made, as the library can be asked about it.
#pragma once

#include "call.hpp"
#include "numbers.hpp"
#include "terminals.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace shadow {

/// Who makes which call. Numbers are those of shadow's pid namespace where the call names somebody.
struct Question {
    pid_t tid = 0;
    pid_t pid = 0;
    Call call;
    /// Whom the call names: `call.pid`, and `call.pgid` or `call.tid`. Below 0 is a group where the call has it so.
    /// Nothing for a number of a nested pid namespace that nobody has who is known.
    std::optional<pid_t> first;
    std::optional<pid_t> second;
    const PidNumbers* numbers = nullptr;  ///< to tell the caller's numbers from ours
    std::optional<TerminalUse> terminal;  ///< of a call about one; its number is `first`
    pid_t own_group = 0;                  ///< of the caller, when the call begins: whom a wait without a number means
    std::optional<std::int64_t> expected; ///< what the library says that the call will return, if it was asked yet
};

/// What a wait returned.
struct WaitAnswer {
    Waited told;
    pid_t who = 0; ///< whom it told of, in shadow's numbers; 0 for nobody, or when that can't be known
    std::int64_t result = 0;
    bool at_once = false; ///< nothing has happened since the call began: it did not choose among what was there earlier
};

/// How a prediction turned out.
struct Verdict {
    enum class Kind { open, right, wrong } kind = Kind::open;
    std::string library;
    std::string kernel;
};

Question question_of(pid_t tid, pid_t pid, const Call& call, const PidNumbers& numbers);

} // namespace shadow
