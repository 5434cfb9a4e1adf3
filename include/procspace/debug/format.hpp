#pragma once
// Printable forms of sessions, groups, processes and threads: `os << *process`, to_string(*process).
//
// Formatting holds no lock: numbers are copied first, in batches, and what is written to the stream is written
// afterwards. So a stream may itself use the tree, and a line is what was true at some moment of each of its parts.

#include "../fwd.hpp"
#include "../process/process.hpp"
#include "../process/process_group.hpp"
#include "../process/session.hpp"
#include "../process/thread.hpp"
#include "../process/topology.hpp"

#include <string>
#include <type_traits>

namespace procspace {

/// Returns the word for a state.
[[nodiscard]] constexpr const char* to_string(ProcessState state) noexcept {
    switch (state) {
    case ProcessState::living:
        return "living";
    case ProcessState::zombie:
        return "zombie";
    case ProcessState::reaped:
        return "reaped";
    }
    return "invalid";
}

/// Collects the parts of one printable form: `Name(key=value, list=[1, 2])`.
class FormatLine {
public:
    explicit FormatLine(const char* name) : text_(name) { text_ += '('; }

    FormatLine& field(const char* key, const std::string& value) {
        if (text_.back() != '(')
            text_ += ", ";
        text_ += key;
        text_ += '=';
        text_ += value;
        return *this;
    }
    template <class Number>
        requires std::is_arithmetic_v<Number>
    FormatLine& field(const char* key, Number value) {
        return field(key, std::to_string(value));
    }

    /// Appends a list whose numbers `visit(add)` passes to `add(Pid)`.
    template <class Visit>
    FormatLine& list(const char* key, Visit visit) {
        std::string numbers = "[";
        visit([&numbers](Pid number) {
            if (numbers.size() > 1)
                numbers += ", ";
            numbers += std::to_string(number);
        });
        return field(key, numbers + "]");
    }

    [[nodiscard]] std::string done() { return text_ + ")"; }

private:
    std::string text_;
};

/// Returns `Session(sid=1, process_groups=[1, 5])`.
template <class Traits>
[[nodiscard]] std::string to_string(const BasicSession<Traits>& session) {
    return FormatLine("Session")
        .field("sid", session.sid())
        .list("process_groups", [&](auto add) { session.for_each_process_group(add); })
        .done();
}

/// Returns `ProcessGroup(pgid=5, sid=1, processes=[5, 6])`.
template <class Traits>
[[nodiscard]] std::string to_string(const BasicProcessGroup<Traits>& group) {
    return FormatLine("ProcessGroup")
        .field("pgid", group.pgid())
        .field("sid", group.session()->sid())
        .list("processes", [&](auto add) { group.for_each_process([&](const ProcessInfo& info) { add(info.pid); }); })
        .done();
}

/// Returns `Process(pid=5, ppid=1, pgid=5, sid=1, state=zombie, exit_code=7, threads=[], children=[])`.
template <class Traits>
[[nodiscard]] std::string to_string(const BasicProcess<Traits>& process) {
    const ProcessInfo self = process.info();
    return FormatLine("Process")
        .field("pid", self.pid)
        .field("ppid", self.ppid)
        .field("pgid", self.pgid)
        .field("sid", self.sid)
        .field("state", to_string(self.state))
        .field("exit_code", process.exit_code())
        .list("threads", [&](auto add) { process.for_each_thread(add); })
        .list("children", [&](auto add) { process.for_each_child([&](const ProcessInfo& info) { add(info.pid); }); })
        .done();
}

/// Returns `Thread(tid=6, pid=5)`.
template <class Traits>
[[nodiscard]] std::string to_string(const BasicThread<Traits>& thread) {
    return FormatLine("Thread").field("tid", thread.tid()).field("pid", thread.process()->pid()).done();
}

/// Anything that prints strings: std::ostream, or a kernel's console. A template, so that no stream header is needed
/// here.
template <class Out>
concept TextSink = requires(Out& out, const std::string& text) { out << text; };

template <TextSink Out, class Traits>
Out& operator<<(Out& out, const BasicSession<Traits>& session) {
    out << to_string(session);
    return out;
}
template <TextSink Out, class Traits>
Out& operator<<(Out& out, const BasicProcessGroup<Traits>& group) {
    out << to_string(group);
    return out;
}
template <TextSink Out, class Traits>
Out& operator<<(Out& out, const BasicProcess<Traits>& process) {
    out << to_string(process);
    return out;
}
template <TextSink Out, class Traits>
Out& operator<<(Out& out, const BasicThread<Traits>& thread) {
    out << to_string(thread);
    return out;
}

} // namespace procspace
