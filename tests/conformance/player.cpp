#include "player.hpp"

#include "world.hpp"

#include <set>
#include <stdexcept>

namespace conformance {

namespace {

const std::set<std::string> supported{"cloneparent", "clonesig", "cred",    "exec",      "exit", "extkill",
                                      "fork",        "hangup",   "kill",    "pdeathsig", "pgrp", "rawinit",
                                      "session",     "settid",   "sigdisp", "sigmask",   "stop", "subreaper",
                                      "tgkill",      "thread",   "tty",     "ttykey",    "wait", "threadorder"};

std::string text_of(const Signals& signals) {
    std::string text;
    for (const auto& [pid, set] : signals) {
        text += (text.empty() ? "" : " ") + std::to_string(pid) + ":";
        for (const int signal : set)
            text += (signal == *set.begin() ? "" : ",") + signal_name(signal);
    }
    return text.empty() ? "none" : text;
}

std::string text_of(const std::vector<Late>& late) {
    std::string text;
    for (const Late& one : late)
        text += (text.empty() ? "" : ", ") + std::string("ret ") + std::to_string(one.operation) + " " +
                std::to_string(one.tid) + " -> " + one.result;
    return text.empty() ? "none" : text;
}

/// The processes in which two states differ, as `expected` and `got` name them.
std::string difference(const States& one, const States& other) {
    std::string text;
    for (const auto& [pid, state] : one) {
        const auto found = other.find(pid);
        if (found == other.end() || found->second != state)
            text += (text.empty() ? "" : " ") + std::to_string(pid) + ":" + state;
    }
    return text.empty() ? "no other process" : text;
}

bool by_operation(const Late& one, const Late& other) {
    return one.operation < other.operation;
}

} // namespace

Verdict play(const Trace& trace) {
    for (const std::string& tag : trace.needs)
        if (!supported.contains(tag))
            return {Verdict::Kind::skip, "skip " + trace.name + ": " + tag};

    int at = 0;
    const auto failed = [&](const std::string& expected, const std::string& got) {
        return Verdict{Verdict::Kind::fail,
                       "FAIL " + trace.name + ": op " + std::to_string(at) + " expected " + expected + " got " + got};
    };
    World world(trace.needs.contains("rawinit"));
    States expected = trace.start;
    if (States got = world.states(); got != expected)
        return failed(difference(expected, got), difference(got, expected));
    for (const Operation& operation : trace.operations) {
        at = operation.number;
        World::Outcome outcome;
        try {
            outcome = world.run(operation, trace.needs.contains("threadorder"));
        } catch (const std::invalid_argument& error) { return failed(operation.result, error.what()); }
        if (outcome.result != operation.result)
            return failed(operation.result, outcome.result);
        auto late = operation.late;
        std::sort(late.begin(), late.end(), by_operation);
        std::sort(outcome.late.begin(), outcome.late.end(), by_operation);
        if (outcome.late != late)
            return failed(text_of(late), text_of(outcome.late));
        for (const auto& [pid, state] : operation.changed) {
            if (const auto known = expected.find(pid); known != expected.end() && known->second == state)
                throw Malformed(operation.line, "process " + std::to_string(pid) + " has not changed");
            expected[pid] = state;
        }
        for (const std::uint32_t pid : operation.gone)
            if (expected.erase(pid) == 0)
                throw Malformed(operation.line, "process " + std::to_string(pid) + " was not there");
        if (const States got = world.states(); got != expected)
            return failed(difference(expected, got), difference(got, expected));
        if (outcome.handled != operation.handled)
            return failed("sig " + text_of(operation.handled), "sig " + text_of(outcome.handled));
        if (outcome.pending != operation.pending)
            return failed("pend " + text_of(operation.pending), "pend " + text_of(outcome.pending));
        if (const char* const rule = world.broken_rule())
            return failed("a sound tree", rule);
    }
    if (trace.end != expected)
        return failed("final " + difference(trace.end, expected), difference(expected, trace.end));
    return {Verdict::Kind::pass, "pass " + trace.name};
}

} // namespace conformance
