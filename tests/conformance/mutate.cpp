// mutate TRACE...: changes one recorded fact of each trace at a time, a result, a process, a signal or what is pending,
// and wants replay to fail each of them. A replay that lets one pass does not compare what was changed.
//
// Prints each mutant that passed, last `N mutants, N not caught`; status 1 if there was any, 2 for a malformed trace.

#include "player.hpp"

#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>

namespace {

using namespace conformance;

/// Counts the mutants and what became of them.
struct Score {
    int made = 0;
    int passed = 0;
};

void expect_caught(const Trace& mutant, const std::string& what, Score& score) {
    ++score.made;
    bool caught = false;
    try {
        caught = play(mutant).kind == Verdict::Kind::fail;
    } catch (const Malformed&) {
        caught = true; // what does not fit together any more is not replayed at all
    }
    if (!caught) {
        ++score.passed;
        std::printf("NOT CAUGHT %s: %s\n", mutant.name.c_str(), what.c_str());
    }
}

/// Another result of the same kind where there is one: the next number, error or event.
std::string other_result(const std::string& result) {
    if (result == "0")
        return "EPERM";
    if (const auto number = integer(result))
        return std::to_string(*number + 1);
    if (const auto colon = result.find(':'); colon != std::string::npos)
        return result.substr(0, colon + 1) + std::to_string(std::stoi(result.substr(colon + 1)) + 1);
    return result == "EPERM" ? "ESRCH" : result.front() == '!' ? "0" : "EPERM";
}

/// The fields of a process behind its pid, each changed in turn.
std::string with_other_field(const std::string& state, int field) {
    std::string fields[7];
    std::istringstream stream(state);
    for (std::string& one : fields)
        std::getline(stream, one, ':');
    std::string& changed = fields[field];
    if (field < 3)
        changed = std::to_string(std::stoi(changed) + 1);
    else if (field == 3)
        changed = changed == "run" ? "stop" : "run";
    else if (field == 4)
        changed = changed == "-" ? "9999" : changed + ",9999";
    else if (field == 5)
        changed = changed == "-" ? "0/1" : "-";
    else
        changed = changed == "0" ? "1" : "0";
    std::string joined;
    for (const std::string& one : fields)
        joined += (joined.empty() ? "" : ":") + one;
    return joined;
}

/// Changes a set of signals: one more, one less.
void mutate_signals(const Trace& trace, std::size_t at, Signals Operation::*which, const char* name, Score& score) {
    const std::string where = "op " + std::to_string(at + 1) + " " + name;
    for (const auto& [pid, signals] : trace.operations[at].*which) {
        Trace less = trace;
        auto& left = less.operations[at].*which;
        left[pid].erase(left[pid].begin());
        if (left[pid].empty())
            left.erase(pid);
        expect_caught(less, where + " of " + std::to_string(pid) + " missing", score);
        Trace more = trace;
        (more.operations[at].*which)[pid].insert(64);
        expect_caught(more, where + " of " + std::to_string(pid) + " added", score);
        Trace other = trace;
        auto node = (other.operations[at].*which).extract(pid);
        node.key() = 9999;
        (other.operations[at].*which).insert(std::move(node));
        expect_caught(other, where + " of another process", score);
    }
    if ((trace.operations[at].*which).empty()) {
        Trace more = trace;
        (more.operations[at].*which)[trace.start.begin()->first].insert(10);
        expect_caught(more, where + " out of nothing", score);
    }
}

void mutate(const Trace& trace, Score& score) {
    for (std::size_t at = 0; at < trace.operations.size(); ++at) {
        const Operation& operation = trace.operations[at];
        const std::string where = "op " + std::to_string(at + 1);
        Trace result = trace;
        result.operations[at].result = other_result(operation.result);
        expect_caught(result, where + " result " + result.operations[at].result, score);
        for (std::size_t i = 0; i < operation.late.size(); ++i) {
            Trace late = trace;
            late.operations[at].late[i].result = other_result(operation.late[i].result);
            expect_caught(late, where + " late result", score);
            late.operations[at].late = operation.late;
            late.operations[at].late.erase(late.operations[at].late.begin() + static_cast<std::ptrdiff_t>(i));
            expect_caught(late, where + " late return missing", score);
        }
        for (const auto& [pid, state] : operation.changed) {
            for (int field = 0; field < 7; ++field) {
                Trace changed = trace;
                changed.operations[at].changed[pid] = with_other_field(state, field);
                expect_caught(changed, where + " " + std::to_string(pid) + ":" + changed.operations[at].changed[pid],
                              score);
            }
            Trace missing = trace;
            missing.operations[at].changed.erase(pid);
            expect_caught(missing, where + " without the change of " + std::to_string(pid), score);
            Trace renamed = trace;
            auto node = renamed.operations[at].changed.extract(pid);
            node.key() = 9999;
            renamed.operations[at].changed.insert(std::move(node));
            expect_caught(renamed, where + " with another pid than " + std::to_string(pid), score);
        }
        for (const std::uint32_t pid : operation.gone) {
            Trace kept = trace;
            kept.operations[at].gone.erase(pid);
            expect_caught(kept, where + " with " + std::to_string(pid) + " not gone", score);
        }
        mutate_signals(trace, at, &Operation::handled, "signal", score);
        mutate_signals(trace, at, &Operation::pending, "pending signal", score);
    }
}

} // namespace

int main(int argc, char** argv) {
    Score score;
    for (int i = 1; i < argc; ++i) {
        try {
            std::ifstream file(argv[i], std::ios::binary);
            std::ostringstream text;
            if (!file || !(text << file.rdbuf()))
                throw std::runtime_error("cannot be read");
            const Trace trace = parse_trace(text.str());
            if (play(trace).kind != Verdict::Kind::pass)
                throw std::runtime_error("does not pass as it was recorded");
            mutate(trace, score);
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s: %s\n", argv[i], error.what());
            return 2;
        }
    }
    std::printf("%d mutants, %d not caught\n", score.made, score.passed);
    return score.made == 0 || score.passed != 0 ? 1 : 0;
}
