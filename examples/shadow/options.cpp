#include "options.hpp"

#include <array>
#include <utility>

namespace shadow {
namespace {

constexpr std::array<std::pair<std::string_view, Break>, 10> break_kinds{{
    {"fork", Break::fork},
    {"thread", Break::thread},
    {"exec", Break::exec},
    {"exit", Break::exit},
    {"reap", Break::reap},
    {"reparent", Break::reparent},
    {"setsid", Break::setsid},
    {"setpgid", Break::setpgid},
    {"unshare", Break::unshare},
    {"terminal", Break::terminal},
}};

std::optional<Break> break_kind(std::string_view word) {
    for (const auto& [name, kind] : break_kinds)
        if (name == word)
            return kind;
    return std::nullopt;
}

} // namespace

std::optional<Options> parse_options(int argc, char** argv, std::string& error) {
    Options out;
    int at = 1;
    for (; at < argc; ++at) {
        const std::string_view word = argv[at];
        if (word == "--") {
            ++at;
            break;
        }
        if (word.empty() || word.front() != '-' || word == "-")
            break; // the command begins
        const auto equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const auto value = [&]() -> std::optional<std::string> {
            if (equals != std::string_view::npos)
                return std::string(word.substr(equals + 1));
            return at + 1 < argc ? std::optional<std::string>(argv[++at]) : std::nullopt;
        };
        if (name == "--dot" || name == "--json" || name == "--break") {
            const auto text = value();
            if (!text || text->empty()) {
                error = std::string(name) + " needs a value";
                return std::nullopt;
            }
            if (name == "--dot") {
                out.dot = *text;
            } else if (name == "--json") {
                out.json = *text;
            } else if (const auto kind = break_kind(*text)) {
                out.broken = *kind;
            } else {
                error = "no kind of event is called '" + *text + "'";
                return std::nullopt;
            }
        } else if (word == "--log") {
            out.log = true;
        } else if (word == "--tree") {
            out.tree = true;
        } else if (word == "--snapshot") {
            out.snapshot = true;
        } else if (word == "--help" || word == "-h") {
            out.help = true;
            return out;
        } else {
            error = "unknown option '" + std::string(word) + "'";
            return std::nullopt;
        }
    }
    if (at < argc)
        out.command = argv + at;
    if (out.snapshot &&
        (out.command != nullptr || out.log || out.broken != Break::none || !out.dot.empty() || !out.json.empty())) {
        error = "--snapshot stands alone";
        return std::nullopt;
    }
    if (!out.snapshot && out.command == nullptr) {
        error = "no command";
        return std::nullopt;
    }
    if (out.command != nullptr && out.command[0][0] == '\0') {
        error = "the command is empty";
        return std::nullopt;
    }
    return out;
}

std::string_view usage() {
    return "usage: shadow [--log] [--tree] [--dot FILE] [--json FILE] [--break KIND] -- COMMAND [ARG...]\n"
           "       shadow --snapshot\n"
           "       shadow --help\n";
}

std::string_view help() {
    return R"(
Runs COMMAND and all its descendants under ptrace, repeats in the library what each of them does to the process tree,
and compares the library's tree with the kernel's after every event: parents, groups, sessions, terminals, threads,
zombies, stopped jobs, and who shares which resources and namespaces with whom. What calls about the tree return is
predicted by the library; a wrong prediction is a difference. With more than 16 tasks alive a comparison is one of those
that the event concerns and of 16 others in turn; each task is compared once more before it ends.

  --log         print each event and each prediction
  --tree        print the tree in full: births and deaths (as numbers of events) and threads too
  --dot FILE    write the tree for Graphviz
  --json FILE   write everything as JSON
  --break KIND  do not repeat the first event of KIND in the library, to see that this is noticed; KIND is one of
                fork thread exec exit reap reparent setsid setpgid unshare terminal
  --snapshot    load the process tree of this machine into the library, check it against /proc and print it

Nothing is written to standard output but by the command. On standard error: the differences as they are found, the tree
as it grew, and at the end two lines:
"predictions N, wrong N, not predicted N" (the last are calls whose answer depends on what shadow does not follow, such as
processes outside of the tree) and "events N, comparisons N, differences N".

shadow ends when the last descendant has ended, daemons included: as a child subreaper it adopts them. A SIGINT or SIGTERM
sent to shadow is passed on to the command; after two seconds, or once the command has ended, what is left is killed.

Exit status: that of COMMAND, 128+S if signal S killed it; 70 if there was a difference; 2 for a wrong command line or a
FILE that can't be written; 77 if ptrace was refused; 126 if COMMAND could not be executed; 127 if it was not found.

Limits: a program that is itself a debugger can't trace what shadow traces. Programs with set-user-ID keep that only when
shadow is run by root. Calls that 32-bit programs make are not decoded. Children made with CLONE_UNTRACED are not seen. Of
a program that hides itself (PR_SET_DUMPABLE) from whoever is not root, sharing and namespaces are not compared. Orphans go
to shadow and not to init. SIGKILL to the process group that shadow was started in ends shadow as well.
)";
}

} // namespace shadow
