#include "programs.hpp"

#include "names.hpp"

#include <cstdio>

namespace jobs {

namespace {

using Words = std::vector<std::string>;
constexpr std::optional<int> goes_on = std::nullopt;

/// Writes lines, as many at a tick as are taken, and exits.
class Writer {
public:
    explicit Writer(Words lines, int code = 0) : lines_(std::move(lines)), code_(code) {}

    std::optional<int> operator()(Machine& machine, Thread& self) {
        for (; written_ < lines_.size(); ++written_) {
            const Io result = machine.write(self, lines_[written_]);
            if (result != Io::done)
                return result == Io::blocked ? goes_on : 1;
        }
        return code_;
    }

private:
    Words lines_;
    int code_;
    std::size_t written_ = 0;
};

Program complain(const std::string& what, int code) {
    return Writer({what}, code);
}

/// Lists what is there when it runs.
Program process_lister(bool forest) {
    return [forest, writer = std::optional<Writer>()](Machine& machine, Thread& self) mutable {
        if (!writer)
            writer.emplace(machine.process_list(forest));
        return (*writer)(machine, self);
    };
}

Program sleeper(int ticks) {
    return [ticks](Machine&, Thread& self) mutable -> std::optional<int> {
        Machine::task(*self.process()).sleeping = true;
        return ticks-- > 0 ? goes_on : 0;
    };
}

/// Copies what it reads, or its first lines; one at a tick.
Program copier(std::optional<int> lines) {
    return [left = lines, held = std::optional<std::string>()](Machine& machine,
                                                               Thread& self) mutable -> std::optional<int> {
        if (left == 0)
            return 0;
        if (!held) {
            std::string line;
            const Io result = machine.read(self, line);
            if (result != Io::done)
                return result == Io::blocked ? goes_on : result == Io::end ? 0 : 1;
            held = std::move(line);
        }
        const Io result = machine.write(self, *held);
        if (result != Io::done)
            return result == Io::blocked ? goes_on : 1;
        held.reset();
        if (left)
            --*left;
        return left == 0 ? 0 : goes_on;
    };
}

Program counter() {
    return [lines = 0, writer = std::optional<Writer>()](Machine& machine, Thread& self) mutable -> std::optional<int> {
        for (std::string line; !writer; ++lines) {
            const Io result = machine.read(self, line);
            if (result == Io::blocked)
                return goes_on;
            if (result == Io::failed)
                return 1;
            if (result == Io::end)
                writer.emplace(Words{std::to_string(lines)});
        }
        return (*writer)(machine, self);
    };
}

Program yes(const std::string& text) {
    return [text](Machine& machine, Thread& self) -> std::optional<int> {
        return machine.write(self, text) == Io::failed ? 1 : goes_on;
    };
}

Program stty(std::optional<bool> tostop) {
    return [tostop](Machine& machine, Thread& self) -> std::optional<int> {
        const Io result = tostop ? machine.stop_writers(self, *tostop)
                                 : machine.write(self, machine.stops_writers() ? "tostop" : "-tostop");
        return result == Io::blocked ? goes_on : result == Io::done ? 0 : 1;
    };
}

/// Runs a program in a session of its own. A group leader can't make one: then a child does.
Program in_session(const Words& words) {
    return [words](Machine& machine, Thread& self) -> std::optional<int> {
        if (machine.setsid(self)) {
            machine.exec(self, joined(words), make_program(words));
            return goes_on;
        }
        const auto child = machine.fork(self);
        if (!child || !machine.setsid(*child.value))
            return 1;
        machine.exec(*child.value, joined(words), make_program(words));
        return 0;
    };
}

struct Entry {
    const char* name;
    const char* usage;
    const char* help;
    Program (*make)(const Words& words); ///< an empty one if the arguments are wrong
};

constexpr Entry entries[] = {
    {"sleep", "sleep N", "ends after N ticks",
     [](const Words& words) -> Program {
         const auto ticks = words.size() == 2 ? number_in(words[1]) : std::nullopt;
         return ticks ? sleeper(*ticks) : nullptr;
     }},
    {"cat", "cat", "copies lines from the terminal, or from a pipe",
     [](const Words& words) -> Program { return words.size() == 1 ? copier(std::nullopt) : nullptr; }},
    {"head", "head N", "copies the first N lines and ends",
     [](const Words& words) -> Program {
         const auto lines = words.size() == 2 ? number_in(words[1]) : std::nullopt;
         return lines ? copier(lines) : nullptr;
     }},
    {"count", "count", "counts the lines that it reads",
     [](const Words& words) -> Program { return words.size() == 1 ? counter() : nullptr; }},
    {"yes", "yes [TEXT]", "writes a line at each tick, for ever",
     [](const Words& words) -> Program { return yes(words.size() == 1 ? "y" : joined(words, 1)); }},
    {"echo", "echo TEXT", "writes a line", [](const Words& words) -> Program { return Writer({joined(words, 1)}); }},
    {"true", "true", "exits with 0", [](const Words&) -> Program { return Writer({}, 0); }},
    {"false", "false", "exits with 1", [](const Words&) -> Program { return Writer({}, 1); }},
    {"ps", "ps", "lists the processes with their groups and sessions",
     [](const Words& words) -> Program { return words.size() == 1 ? process_lister(false) : nullptr; }},
    {"tree", "tree", "the same, children below their parents",
     [](const Words& words) -> Program { return words.size() == 1 ? process_lister(true) : nullptr; }},
    {"stty", "stty [tostop|-tostop]", "whether the terminal stops background jobs that write to it",
     [](const Words& words) -> Program {
         if (words.size() == 1)
             return stty(std::nullopt);
         const bool known = words.size() == 2 && (words[1] == "tostop" || words[1] == "-tostop");
         return known ? stty(words[1] == "tostop") : nullptr;
     }},
    {"setsid", "setsid PROGRAM ...", "runs a program in a session of its own, without a terminal",
     [](const Words& words) -> Program {
         return words.size() > 1 ? in_session({words.begin() + 1, words.end()}) : nullptr;
     }},
};

} // namespace

Program make_program(const Words& words) {
    for (const Entry& entry : entries)
        if (words[0] == entry.name) {
            Program made = entry.make(words);
            return made != nullptr ? made : complain("usage: " + std::string(entry.usage), 2);
        }
    return complain(words[0] + ": no such program; help lists them", 127);
}

Words list_programs() {
    Words lines;
    for (const Entry& entry : entries) {
        char line[120];
        std::snprintf(line, sizeof line, "  %-22s %s", entry.usage, entry.help);
        lines.emplace_back(line);
    }
    return lines;
}

std::string joined(const Words& words, std::size_t from) {
    std::string text;
    for (std::size_t i = from; i < words.size(); ++i)
        text += (i > from ? " " : "") + words[i];
    return text;
}

} // namespace jobs
