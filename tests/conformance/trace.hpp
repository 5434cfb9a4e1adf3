#pragma once
// A recorded trace, as data: what was done, what the kernel answered, and what the processes were afterwards.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace conformance {

/// One process as a trace shows it: `ppid:pgid:sid:state:tids:tty:sub`, without the pid before it.
using States = std::map<std::uint32_t, std::string>;
/// Signals by process, in ascending order.
using Signals = std::map<std::uint32_t, std::set<int>>;

/// The late return of an operation that had blocked or stopped.
struct Late {
    int operation = 0;
    std::uint32_t tid = 0;
    std::string result;

    friend bool operator==(const Late&, const Late&) = default;
};

struct Operation {
    int number = 0;
    std::uint32_t tid = 0; // 0: from outside
    std::string name;
    std::vector<std::string> arguments;
    std::string result;
    std::size_t line = 0;
    // What followed:
    std::vector<Late> late;
    States changed;
    std::set<std::uint32_t> gone;
    Signals handled;
    Signals pending;
};

struct Trace {
    std::string name;
    std::set<std::string> needs;
    States start;
    std::vector<Operation> operations;
    States end;
};

/// What is wrong with a trace, and in which line.
class Malformed : public std::runtime_error {
public:
    Malformed(std::size_t at, const std::string& what) : std::runtime_error(what), line(at) {}
    std::size_t line;
};

/// Returns a signal by name without SIG or by number; nullopt if it is neither.
[[nodiscard]] std::optional<int> signal_number(const std::string& text);
[[nodiscard]] std::string signal_name(int signal);
/// Returns a decimal integer of 32 bits; nullopt if it is none.
[[nodiscard]] std::optional<std::int32_t> integer(const std::string& text);

/// Returns the bits of wait's options; nullopt if they are none.
[[nodiscard]] std::optional<std::uint32_t> wait_options(const std::string& text);

/// Returns the number of P_ALL, P_PID, P_PGID or of a decimal integer. **Source**: waitid(2).
[[nodiscard]] std::int32_t wait_id(const std::string& text);

/// Reads a trace in format 1. **Throws** Malformed.
[[nodiscard]] Trace parse_trace(const std::string& text);

/// Returns `PID:SIG,SIG ...`; empty if there is none.
[[nodiscard]] std::string text_of(const Signals& signals);
/// Returns the operation's name and arguments.
[[nodiscard]] std::string call_text(const Operation& operation);
/// Returns the trace in format 1, with the tags of what its operations need; `about` is its second line.
[[nodiscard]] std::string write_trace(const Trace& trace, const std::string& about);

} // namespace conformance
