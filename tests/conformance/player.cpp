#include "player.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

namespace conformance {

namespace {

const std::set<std::string> supported{"cloneparent", "clonesig", "cred",    "exec",      "exit", "extkill",
                                      "fork",        "hangup",   "kill",    "pdeathsig", "pgrp", "rawinit",
                                      "session",     "settid",   "sigdisp", "sigmask",   "stop", "subreaper",
                                      "tgkill",      "thread",   "tty",     "ttykey",    "wait", "threadorder"};

std::string text_or_none(const Signals& signals) {
    return signals.empty() ? "none" : text_of(signals);
}

std::string text_of(const std::vector<Late>& late) {
    std::string text;
    for (const Late& one : late)
        text += (text.empty() ? "" : ", ") + std::string("ret ") + std::to_string(one.operation) + " " +
                std::to_string(one.tid) + " -> " + one.result;
    return text.empty() ? "none" : text;
}

bool by_operation(const Late& one, const Late& other) {
    return one.operation < other.operation;
}

} // namespace

std::string difference(const States& one, const States& other) {
    std::string text;
    for (const auto& [pid, state] : one) {
        const auto found = other.find(pid);
        if (found == other.end() || found->second != state)
            text += (text.empty() ? "" : " ") + std::to_string(pid) + ":" + state;
    }
    return text.empty() ? "no other process" : text;
}

std::optional<Difference> Comparison::start(const States& states) {
    expected_ = states;
    if (const States got = world_.states(); got != expected_)
        return Difference{difference(expected_, got), difference(got, expected_)};
    return std::nullopt;
}

std::optional<Difference> Comparison::step(const Operation& operation, bool any_child) {
    World::Outcome outcome;
    try {
        if (std::exchange(dropped_, false))
            outcome.result = operation.result;
        else
            outcome = world_.run(operation, any_child);
    } catch (const std::invalid_argument& error) { return Difference{operation.result, error.what()}; }
    if (outcome.result != operation.result)
        return Difference{operation.result, outcome.result};
    auto late = operation.late;
    std::sort(late.begin(), late.end(), by_operation);
    std::sort(outcome.late.begin(), outcome.late.end(), by_operation);
    if (outcome.late != late)
        return Difference{text_of(late), text_of(outcome.late)};
    for (const auto& [pid, state] : operation.changed) {
        if (const auto known = expected_.find(pid); known != expected_.end() && known->second == state)
            throw Malformed(operation.line, "process " + std::to_string(pid) + " has not changed");
        expected_[pid] = state;
    }
    for (const std::uint32_t pid : operation.gone)
        if (expected_.erase(pid) == 0)
            throw Malformed(operation.line, "process " + std::to_string(pid) + " was not there");
    if (const States got = world_.states(); got != expected_)
        return Difference{difference(expected_, got), difference(got, expected_)};
    if (outcome.handled != operation.handled)
        return Difference{"sig " + text_or_none(operation.handled), "sig " + text_or_none(outcome.handled)};
    if (outcome.pending != operation.pending)
        return Difference{"pend " + text_or_none(operation.pending), "pend " + text_or_none(outcome.pending)};
    if (const char* const rule = world_.broken_rule())
        return Difference{"a sound tree", rule};
    return std::nullopt;
}

Verdict play(const Trace& trace) {
    for (const std::string& tag : trace.needs)
        if (!supported.contains(tag))
            return {Verdict::Kind::skip, "skip " + trace.name + ": " + tag};

    const auto failed = [&](int at, const Difference& found) {
        return Verdict{Verdict::Kind::fail, "FAIL " + trace.name + ": op " + std::to_string(at) + " " + found.text()};
    };
    Comparison comparison(trace.needs.contains("rawinit"));
    if (const auto found = comparison.start(trace.start))
        return failed(0, *found);
    for (const Operation& operation : trace.operations)
        if (const auto found = comparison.step(operation, trace.needs.contains("threadorder")))
            return failed(operation.number, *found);
    if (const States& last = comparison.states(); trace.end != last)
        return failed(static_cast<int>(trace.operations.size()),
                      {"final " + difference(trace.end, last), difference(last, trace.end)});
    return {Verdict::Kind::pass, "pass " + trace.name};
}

} // namespace conformance
