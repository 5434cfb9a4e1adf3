#include "trace.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <sstream>
#include <utility>

namespace conformance {

namespace {

constexpr std::array<const char*, 32> names{"",       "HUP",  "INT",    "QUIT", "ILL",   "TRAP", "ABRT", "BUS",
                                            "FPE",    "KILL", "USR1",   "SEGV", "USR2",  "PIPE", "ALRM", "TERM",
                                            "STKFLT", "CHLD", "CONT",   "STOP", "TSTP",  "TTIN", "TTOU", "URG",
                                            "XCPU",   "XFSZ", "VTALRM", "PROF", "WINCH", "IO",   "PWR",  "SYS"};

/// The arguments of each operation: n a number, s a signal, t a terminal, o options of wait, w what waitid's number is,
/// a an action of sigaction, m block or unblock.
const std::map<std::string, std::string> operations{
    {"fork", ""},       {"fork_at", "n"},       {"clone_parent", ""},  {"clone_sig", "s"},  {"thread", ""},
    {"exit", "n"},      {"exit_group", "n"},    {"exec", ""},          {"setsid", ""},      {"setpgid", "nn"},
    {"getpgid", "n"},   {"getsid", "n"},        {"getppid", ""},       {"getpid", ""},      {"waitpid", "no"},
    {"waitid", "wno"},  {"subreaper_set", "n"}, {"subreaper_get", ""}, {"pdeathsig", "s"},  {"sigaction", "sa"},
    {"sigmask", "ms"},  {"kill", "ns"},         {"tgkill", "nns"},     {"tty_open", "t"},   {"tty_sctty", "tn"},
    {"tty_notty", "t"}, {"tty_getpgrp", "t"},   {"tty_setpgrp", "tn"}, {"tty_getsid", "t"}, {"devtty", ""},
    {"setuid", "n"},    {"tty_hangup", "t"},    {"tty_key", "tn"},     {"ext_kill", "ns"}};

bool fits(char kind, const std::string& text) {
    switch (kind) {
    case 's':
        return signal_number(text).has_value();
    case 'o':
        return wait_options(text).has_value();
    case 'w':
        return text == "P_ALL" || text == "P_PID" || text == "P_PGID" || integer(text);
    case 'a':
        return text == "handler" || text == "dfl" || text == "ign" || text == "nocldwait" || text == "nocldstop";
    case 'm':
        return text == "block" || text == "unblock";
    case 't':
        return text == "0" || text == "1";
    default:
        return integer(text).has_value();
    }
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::string part;
    for (std::istringstream stream(text); std::getline(stream, part, separator);)
        parts.push_back(part);
    if (!text.empty() && text.back() == separator)
        parts.emplace_back();
    return parts;
}

std::uint32_t number(const std::string& text, std::size_t line) {
    const auto value = integer(text);
    if (!value || *value < 0)
        throw Malformed(line, "'" + text + "' is not a number of a process");
    return static_cast<std::uint32_t>(*value);
}

/// A result has one of few forms: what else stands there is a mistake in the trace, not a difference of the model.
void check_result(const std::string& result, std::size_t line) {
    static const std::set<std::string> words{"!exit",  "!killed", "!stopped", "!blocked", "EPERM",  "ESRCH",
                                             "EINTR",  "EIO",     "ENXIO",    "ECHILD",   "EAGAIN", "ENOMEM",
                                             "EACCES", "EEXIST",  "EINVAL",   "ENOTTY",   "EBADF"};
    const auto parts = split(result, ' ');
    if (parts.size() == 1 && (words.contains(result) || integer(result)))
        return;
    if (parts.size() == 2 && integer(parts[0])) {
        const auto event = split(parts[1], ':');
        if (event.size() == 2 && integer(event[1]) &&
            (event[0] == "exit" || event[0] == "kill" || event[0] == "stop" || event[0] == "cont"))
            return;
    }
    throw Malformed(line, "'" + result + "' is not a result");
}

States parse_states(const std::vector<std::string>& words, std::size_t line) {
    States states;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto fields = split(words[i], ':');
        if (fields.size() != 8)
            throw Malformed(line, "'" + words[i] + "' has not the 8 fields of a process");
        const std::uint32_t pid = number(fields[0], line);
        for (const int field : {1, 2, 3})
            number(fields[static_cast<std::size_t>(field)], line);
        if (fields[4] != "run" && fields[4] != "stop" && fields[4] != "zombie")
            throw Malformed(line, "'" + fields[4] + "' is not a state");
        if (fields[7] != "0" && fields[7] != "1")
            throw Malformed(line, "'" + fields[7] + "' is neither 0 nor 1");
        if (!states.emplace(pid, words[i].substr(fields[0].size() + 1)).second)
            throw Malformed(line, "process " + fields[0] + " stands there twice");
    }
    if (states.empty())
        throw Malformed(line, "no process");
    return states;
}

Signals parse_signals(const std::vector<std::string>& words, std::size_t line) {
    Signals signals;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto colon = words[i].find(':');
        if (colon == std::string::npos)
            throw Malformed(line, "'" + words[i] + "' is not PID:SIG,...");
        for (const auto& name : split(words[i].substr(colon + 1), ',')) {
            const auto signal = signal_number(name);
            if (!signal)
                throw Malformed(line, "'" + name + "' is not a signal");
            signals[number(words[i].substr(0, colon), line)].insert(*signal);
        }
    }
    if (signals.empty())
        throw Malformed(line, "no signal");
    return signals;
}

/// `FIRST... -> RESULT`: the words before the arrow, and the result behind it.
std::pair<std::vector<std::string>, std::string> parse_arrow(const std::string& text, std::size_t line) {
    const auto arrow = text.find(" -> ");
    if (arrow == std::string::npos)
        throw Malformed(line, "no result behind ' -> '");
    std::string result = text.substr(arrow + 4);
    check_result(result, line);
    return {split(text.substr(0, arrow), ' '), std::move(result)};
}

Operation parse_operation(const std::string& text, std::size_t line) {
    auto [words, result] = parse_arrow(text, line);
    if (words.size() < 4)
        throw Malformed(line, "an operation has a number, a thread and a name");
    Operation operation;
    operation.number = static_cast<int>(number(words[1], line));
    operation.tid = number(words[2], line);
    operation.name = words[3];
    operation.arguments.assign(words.begin() + 4, words.end());
    operation.result = std::move(result);
    operation.line = line;
    const auto known = operations.find(operation.name);
    if (known == operations.end())
        throw Malformed(line, "no operation is called '" + operation.name + "'");
    const std::string& kinds = known->second;
    if (operation.arguments.size() != kinds.size())
        throw Malformed(line, operation.name + " has " + std::to_string(kinds.size()) + " arguments");
    for (std::size_t i = 0; i < kinds.size(); ++i)
        if (!fits(kinds[i], operation.arguments[i]))
            throw Malformed(line, "'" + operation.arguments[i] + "' is no argument for " + operation.name);
    const bool outside = operation.name == "tty_hangup" || operation.name == "tty_key" || operation.name == "ext_kill";
    if (outside != (operation.tid == 0))
        throw Malformed(line, operation.name + (outside ? " is done from outside" : " is done by a thread"));
    return operation;
}

Late parse_late(const std::string& text, std::size_t line) {
    auto [words, result] = parse_arrow(text, line);
    if (words.size() != 3)
        throw Malformed(line, "a late return names an operation and a thread");
    return {static_cast<int>(number(words[1], line)), number(words[2], line), std::move(result)};
}

} // namespace

std::optional<std::int32_t> integer(const std::string& text) {
    std::int32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

std::optional<int> signal_number(const std::string& text) {
    const auto found = std::find(names.begin() + 1, names.end(), text);
    if (found != names.end())
        return static_cast<int>(found - names.begin());
    return integer(text);
}

std::string signal_name(int signal) {
    return signal > 0 && signal < static_cast<int>(names.size()) ? names[static_cast<std::size_t>(signal)]
                                                                 : std::to_string(signal);
}

std::optional<std::uint32_t> wait_options(const std::string& text) {
    static const std::map<std::string, std::uint32_t> bits{
        {"0", 0},         {"NOHANG", 1},          {"STOPPED", 2},           {"UNTRACED", 2},     {"EXITED", 4},
        {"CONTINUED", 8}, {"NOWAIT", 0x01000000}, {"NOTHREAD", 0x20000000}, {"ALL", 0x40000000}, {"CLONE", 0x80000000}};
    std::uint32_t options = 0;
    for (const std::string& name : split(text, '+')) {
        std::uint32_t other = 0;
        if (const auto found = bits.find(name); found != bits.end())
            options |= found->second;
        else if (const char* const end = name.data() + name.size();
                 name.size() > 2 && name.starts_with("0x") &&
                 std::from_chars(name.data() + 2, end, other, 16).ptr == end)
            options |= other;
        else
            return std::nullopt;
    }
    return text.empty() ? std::nullopt : std::optional(options);
}

std::int32_t wait_id(const std::string& text) {
    static const std::map<std::string, std::int32_t> known{{"P_ALL", 0}, {"P_PID", 1}, {"P_PGID", 2}};
    const auto found = known.find(text);
    return found != known.end() ? found->second : integer(text).value();
}

Trace parse_trace(const std::string& text) {
    Trace trace;
    std::size_t line = 0;
    bool ended = false;
    std::string current;
    for (std::istringstream stream(text); std::getline(stream, current);) {
        ++line;
        const auto words = split(current, ' ');
        const std::string kind = words.empty() ? "" : words[0];
        if (ended)
            throw Malformed(line, "something stands behind the end");
        if (line == 1 && current != "trace 1")
            throw Malformed(line, "the first line is not 'trace 1'");
        const bool in_operation = !trace.operations.empty();
        Operation* const last = in_operation ? &trace.operations.back() : nullptr;
        if (line == 1 || kind == "about" || kind == "from") {
        } else if (kind == "name" && words.size() == 2) {
            trace.name = words[1];
        } else if (kind == "needs") {
            trace.needs.insert(words.begin() + 1, words.end());
        } else if (kind == "state" && !in_operation && trace.start.empty()) {
            trace.start = parse_states(words, line);
        } else if (kind == "op" && !trace.start.empty()) {
            trace.operations.push_back(parse_operation(current, line));
            if (trace.operations.back().number != static_cast<int>(trace.operations.size()))
                throw Malformed(line, "the operations are numbered from 1");
        } else if (kind == "ret" && in_operation) {
            last->late.push_back(parse_late(current, line));
        } else if (kind == "+" && in_operation) {
            last->changed = parse_states(words, line);
        } else if (kind == "-" && in_operation && words.size() > 1) {
            for (std::size_t i = 1; i < words.size(); ++i)
                last->gone.insert(number(words[i], line));
        } else if (kind == "sig" && in_operation) {
            last->handled = parse_signals(words, line);
        } else if (kind == "pend" && in_operation) {
            last->pending = parse_signals(words, line);
        } else if (kind == "final" && trace.end.empty()) {
            trace.end = parse_states(words, line);
        } else if (kind == "end" && words.size() == 1) {
            ended = true;
        } else {
            throw Malformed(line, "'" + current + "' is no record, or not here");
        }
    }
    if (!ended)
        throw Malformed(line + 1, "the trace has no end");
    if (trace.name.empty() || trace.start.empty() || trace.end.empty())
        throw Malformed(line, "the trace has no name, start or final state");
    return trace;
}

} // namespace conformance
