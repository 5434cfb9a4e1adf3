// The other way round: a trace as text.

#include "trace.hpp"

namespace conformance {

namespace {

/// The tag of each operation that has one.
const std::map<std::string, std::string> tags{{"fork", "fork"},
                                              {"fork_at", "settid"},
                                              {"clone_parent", "cloneparent"},
                                              {"clone_sig", "clonesig"},
                                              {"thread", "thread"},
                                              {"exit", "exit"},
                                              {"exit_group", "exit"},
                                              {"exec", "exec"},
                                              {"setsid", "session"},
                                              {"setpgid", "pgrp"},
                                              {"waitpid", "wait"},
                                              {"waitid", "wait"},
                                              {"kill", "kill"},
                                              {"subreaper_set", "subreaper"},
                                              {"subreaper_get", "subreaper"},
                                              {"pdeathsig", "pdeathsig"},
                                              {"sigaction", "sigdisp"},
                                              {"sigmask", "sigmask"},
                                              {"tgkill", "tgkill"},
                                              {"tty_open", "tty"},
                                              {"tty_sctty", "tty"},
                                              {"tty_notty", "tty"},
                                              {"tty_getpgrp", "tty"},
                                              {"tty_setpgrp", "tty"},
                                              {"tty_getsid", "tty"},
                                              {"devtty", "tty"},
                                              {"setuid", "cred"},
                                              {"tty_hangup", "hangup"},
                                              {"tty_key", "ttykey"},
                                              {"ext_kill", "extkill"}};

std::string record(const char* kind, const States& states) {
    std::string text = kind;
    for (const auto& [pid, state] : states)
        text += " " + std::to_string(pid) + ":" + state;
    return text + "\n";
}

std::string record(const char* kind, const Signals& signals) {
    return signals.empty() ? "" : kind + (" " + text_of(signals)) + "\n";
}

} // namespace

std::string text_of(const Signals& signals) {
    std::string text;
    for (const auto& [pid, set] : signals) {
        text += (text.empty() ? "" : " ") + std::to_string(pid) + ":";
        for (const int signal : set)
            text += (signal == *set.begin() ? "" : ",") + signal_name(signal);
    }
    return text;
}

std::string call_text(const Operation& operation) {
    std::string text = operation.name;
    for (const std::string& argument : operation.arguments)
        text += " " + argument;
    return text;
}

std::string write_trace(const Trace& trace, const std::string& about) {
    std::set<std::string> needs = trace.needs;
    std::string operations;
    for (const Operation& operation : trace.operations) {
        if (const auto tag = tags.find(operation.name); tag != tags.end())
            needs.insert(tag->second);
        operations += "op " + std::to_string(operation.number) + " " + std::to_string(operation.tid) + " " +
                      call_text(operation) + " -> " + operation.result + "\n";
        for (const Late& late : operation.late)
            operations +=
                "ret " + std::to_string(late.operation) + " " + std::to_string(late.tid) + " -> " + late.result + "\n";
        if (!operation.changed.empty())
            operations += record("+", operation.changed);
        if (!operation.gone.empty()) {
            operations += "-";
            for (const std::uint32_t pid : operation.gone)
                operations += " " + std::to_string(pid);
            operations += "\n";
        }
        operations += record("sig", operation.handled) + record("pend", operation.pending);
        for (const auto& [pid, state] : operation.changed)
            if (state.find(":stop:") != std::string::npos)
                needs.insert("stop");
    }
    std::string text = "trace 1\nname " + trace.name + "\nabout " + about + "\n";
    if (!needs.empty())
        text += "needs";
    for (const std::string& tag : needs)
        text += " " + tag;
    if (!needs.empty())
        text += "\n";
    return text + record("state", trace.start) + operations + record("final", trace.end) + "end\n";
}

} // namespace conformance
