// jobs: a shell with job control in a simulated machine. No real process is started: the processes, groups, sessions
// and the terminal are the library's, each call that the shell makes is the library's function of that name, and its
// errors are Linux's. `help` tells what there is, `trace on` shows each call and each signal as it happens, `ps` whom
// it has made of whom.
//
// Where to look: shell.cpp is job control as a shell does it, machine.cpp what a kernel adds to the library,
// programs.cpp what runs in it, console.cpp where ^Z comes from.

#include "console.hpp"
#include "machine.hpp"
#include "names.hpp"
#include "shell.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <unistd.h>

namespace {

constexpr int cant_print = 1;
constexpr int wrong_usage = 2;

constexpr const char* usage = "usage: jobs [--trace] [--tick MILLISECONDS] [--limit TICKS] [SCRIPT]\n";
constexpr const char* help =
    "A shell with job control in a simulated machine. Reads the terminal, or lines from SCRIPT or standard input.\n"
    "  --trace   print each system call and signal from the start\n"
    "  --tick    how long a tick takes on a terminal (100); a script takes no time\n"
    "  --limit   cut the terminal's line after so many ticks (a script: 10000; a terminal: 0, never)\n"
    "Exit status: that of the session, 128 + N if signal N has ended it; 2 for wrong usage.\n";

struct Options {
    bool trace = false;
    bool help = false;
    int tick = 100;
    std::optional<int> limit{};
    std::string script{};
};

std::optional<Options> parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--trace") {
            options.trace = true;
        } else if (word == "--help") {
            options.help = true;
        } else if (word == "--tick" || word == "--limit") {
            const auto number = i + 1 < argc ? jobs::number_in(argv[++i]) : std::nullopt;
            if (!number)
                return std::nullopt;
            (word == "--tick" ? options.tick : options.limit.emplace()) = *number;
        } else if (word.starts_with('-') || !options.script.empty()) {
            return std::nullopt;
        } else {
            options.script = word;
        }
    }
    return options;
}

/// Returns the status of the session.
int run(jobs::Console& console, const Options& options, int limit) {
    jobs::Machine machine(console, std::cout, options.limit.value_or(limit));
    jobs::Shell shell(machine);
    if (!shell) {
        std::cerr << "jobs: no session\n";
        return cant_print;
    }
    machine.set_trace(options.trace);
    shell.run();
    const auto end = machine.logged_out();
    return !end ? cant_print : end->is_killed() ? 128 + end->signal() : end->code();
}

} // namespace

int main(int argc, char** argv) {
    const auto options = parse_options(argc, argv);
    if (!options) {
        std::cerr << usage;
        return wrong_usage;
    }
    int status = 0;
    if (options->help) {
        std::cout << usage << help;
    } else if (options->script.empty() && ::isatty(STDIN_FILENO) == 1) {
        const auto console = jobs::make_terminal(options->tick, std::cout);
        std::cout << "A simulated machine. `help` tells what there is.\n";
        status = run(*console, *options, 0);
    } else {
        std::ifstream file;
        if (!options->script.empty()) {
            file.open(options->script);
            if (!file || (file.peek(), file.bad())) {
                std::cerr << "jobs: can't read " << options->script << ": " << std::strerror(errno) << '\n';
                return wrong_usage;
            }
        }
        const auto console = jobs::make_script(options->script.empty() ? std::cin : file, std::cout);
        status = run(*console, *options, 10000);
    }
    if (!std::cout.flush()) {
        std::cerr << "jobs: can't write to standard output\n";
        return cant_print;
    }
    return status;
}
