#include "report.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace shadow {
namespace {

std::string shortened(const std::string& text, std::size_t limit) {
    if (text.size() <= limit)
        return text;
    std::size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U)
        --end; // not in the middle of a character
    return text.substr(0, end) + "...";
}

/// A quoted string for JSON and for dot, which agree on what is escaped here.
std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 8> code{};
            std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
            out += code.data();
        } else {
            out += c;
        }
    }
    return out + '"';
}

bool failed(const Life& life) {
    return life.died != 0 && life.status != 0;
}

std::string fate(const Life& life) {
    return life.died == 0 ? "still there" : describe_status(life.status);
}

void print_life(std::ostream& out, const Life& life, const std::string& indent, const std::string& branch, bool in_full,
                const Colours& colours) {
    out << indent << branch << colours.bold << life.pid << colours.plain << ' ' << shortened(life.command, 72);
    for (const std::string& note : life.notes)
        out << colours.dim << " [" << note << ']' << colours.plain;
    out << "  " << (failed(life) ? colours.bad : colours.dim) << fate(life) << colours.plain << '\n';
    const std::string deeper = indent + (branch.empty() ? "" : branch == "└─ " ? "   " : "│  ");
    if (in_full) {
        out << deeper << (life.children.empty() ? "   " : "│  ") << colours.dim << "born in event " << life.born;
        if (life.died != 0)
            out << ", died in event " << life.died;
        if (life.reaped != 0)
            out << ", reaped in event " << life.reaped
                << (life.reaped_by != 0 ? " by " + std::to_string(life.reaped_by) : " at once");
        if (!life.threads.empty()) {
            out << "; threads:";
            for (const pid_t tid : life.threads)
                out << ' ' << tid;
        }
        out << colours.plain << '\n';
    }
}

/// Depth first with a stack of its own: how deep a program forks is not for ours to survive by luck.
struct Place {
    std::size_t life;
    std::string indent;
    std::string branch;
};

} // namespace

Colours Colours::for_stream(int fd) {
    const char* no_color = std::getenv("NO_COLOR");
    if (::isatty(fd) == 0 || (no_color != nullptr && *no_color != '\0'))
        return {};
    return {.bold = "\033[1m", .dim = "\033[2m", .good = "\033[32m", .bad = "\033[31m", .plain = "\033[0m"};
}

void print_tree(std::ostream& out, const std::vector<Life>& lives, bool in_full, const Colours& colours) {
    std::vector<Place> stack;
    for (std::size_t i = lives.size(); i-- > 0;)
        if (lives[i].parent == Life::nobody)
            stack.push_back({i, "", ""});
    while (!stack.empty()) {
        const Place place = std::move(stack.back());
        stack.pop_back();
        const Life& life = lives[place.life];
        print_life(out, life, place.indent, place.branch, in_full, colours);
        const std::string indent = place.indent + (place.branch.empty() ? "" : place.branch == "└─ " ? "   " : "│  ");
        for (std::size_t i = life.children.size(); i-- > 0;)
            stack.push_back({life.children[i], indent, i + 1 == life.children.size() ? "└─ " : "├─ "});
    }
}

void print_dot(std::ostream& out, const std::vector<Life>& lives) {
    out << "digraph shadow {\n    node [shape=box, fontname=\"monospace\"];\n";
    for (std::size_t i = 0; i < lives.size(); ++i) {
        const Life& life = lives[i];
        std::string label = std::to_string(life.pid) + " " + shortened(life.command, 40);
        std::string text = quoted(label);
        text.pop_back();
        for (const std::string& note : life.notes) {
            const std::string more = quoted(note);
            text += "\\n" + more.substr(1, more.size() - 2);
        }
        out << "    n" << i << " [label=" << text << "\\n"
            << fate(life) << '"' << (failed(life) ? ", color=red" : "") << "];\n";
        if (life.parent != Life::nobody)
            out << "    n" << life.parent << " -> n" << i << ";\n";
    }
    out << "}\n";
}

void print_json(std::ostream& out, const std::vector<Life>& lives, const std::vector<std::string>& differences,
                const Totals& totals, int exit_status) {
    out << "{\n  \"events\": " << totals.events << ",\n  \"comparisons\": " << totals.comparisons
        << ",\n  \"differences\": " << totals.differences << ",\n  \"predictions\": " << totals.predictions
        << ",\n  \"wrong\": " << totals.wrong << ",\n  \"not_predicted\": " << totals.not_predicted
        << ",\n  \"exit_status\": " << exit_status << ",\n  \"reported\": [";
    for (std::size_t i = 0; i < differences.size(); ++i)
        out << (i == 0 ? "\n    " : ",\n    ") << quoted(differences[i]);
    out << (differences.empty() ? "]" : "\n  ]") << ",\n  \"processes\": [";
    for (std::size_t i = 0; i < lives.size(); ++i) {
        const Life& life = lives[i];
        out << (i == 0 ? "\n    " : ",\n    ") << "{\"index\": " << i << ", \"pid\": " << life.pid
            << ", \"parent_index\": ";
        if (life.parent == Life::nobody)
            out << "null";
        else
            out << life.parent;
        out << ", \"command\": " << quoted(life.command) << ", \"born\": " << life.born << ", \"died\": " << life.died
            << ", \"reaped\": " << life.reaped << ", \"reaped_by\": " << life.reaped_by
            << ", \"wait_status\": " << life.status << ", \"fate\": " << quoted(fate(life)) << ", \"threads\": [";
        for (std::size_t t = 0; t < life.threads.size(); ++t)
            out << (t == 0 ? "" : ", ") << life.threads[t];
        out << "], \"notes\": [";
        for (std::size_t n = 0; n < life.notes.size(); ++n)
            out << (n == 0 ? "" : ", ") << quoted(life.notes[n]);
        out << "]}";
    }
    out << (lives.empty() ? "]" : "\n  ]") << "\n}\n";
}

} // namespace shadow
