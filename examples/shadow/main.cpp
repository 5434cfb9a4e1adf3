/// Runs a command, copies what it does to the process tree into the library, and compares with the kernel at each step.
#include "command.hpp"
#include "follower.hpp"
#include "interrupts.hpp"
#include "options.hpp"
#include "report.hpp"
#include "snapshot.hpp"
#include "tracer.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace shadow;

enum ExitStatus {
    cant_print = 1,
    wrong_usage = 2,
    difference_found = 70,
    ptrace_refused = 77,
    not_executable = 126,
    not_found = 127
};

/// Opened before the command runs: a report that can't be written is better known now. False when it can't be.
bool open_for(std::ofstream& file, const std::string& path) {
    if (path.empty())
        return true;
    file.open(path);
    if (!file)
        std::cerr << "shadow: can't write " << path << ": " << std::strerror(errno) << '\n';
    return static_cast<bool>(file);
}

/// False when not all of it has reached the file.
bool close_written(std::ofstream& file, const std::string& path) {
    if (!file.is_open())
        return true;
    file.close();
    if (!file)
        std::cerr << "shadow: can't write " << path << ": " << std::strerror(errno) << '\n';
    return static_cast<bool>(file);
}

/// The command's own status, unless something has gone wrong.
int exit_status(const Tracer& tracer, const Command& command, const Totals& totals) {
    if (totals.differences != 0)
        return difference_found;
    if (const int error = command.exec_error(); error != 0)
        return error == ENOENT || error == ENOTDIR ? not_found : not_executable;
    const int status = tracer.command_status();
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int follow(const Options& options) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); // so that daemons stay in view
    Command command(options.command);
    std::ofstream dot; // opened after the fork: the command must not inherit them
    std::ofstream json;
    if (!open_for(dot, options.dot) || !open_for(json, options.json))
        return wrong_usage;
    if (const std::string refusal = command.seize(); !refusal.empty()) {
        std::cerr << refusal << '\n';
        return ptrace_refused;
    }
    interrupts::install(command.pid());

    const Colours colours = Colours::for_stream(STDERR_FILENO);
    Follower follower(options, std::cerr, colours);
    Tracer tracer(follower);
    tracer.adopt(command.pid());
    command.start();
    tracer.run();

    if (const int error = command.exec_error(); error != 0)
        std::cerr << "shadow: can't run " << options.command[0] << ": " << std::strerror(error) << '\n';
    if (follower.break_still_due())
        std::cerr << "shadow: nothing happened that --break could leave out\n";
    int status = exit_status(tracer, command, follower.totals());
    const std::vector<Life>& lives = follower.history().lives();
    if (dot.is_open())
        print_dot(dot, lives);
    if (json.is_open())
        print_json(json, lives, follower.reported(), follower.totals(), status);
    const bool dot_written = close_written(dot, options.dot);
    const bool json_written = close_written(json, options.json);
    if (!(dot_written && json_written) && follower.totals().differences == 0)
        status = wrong_usage;
    print_tree(std::cerr, lives, options.tree, colours);
    const Totals& totals = follower.totals();
    std::cerr << "predictions " << totals.predictions << ", wrong " << totals.wrong << ", not predicted "
              << totals.not_predicted << '\n';
    std::cerr << "events " << totals.events << ", comparisons " << totals.comparisons << ", differences "
              << totals.differences << std::endl;
    return status;
}

} // namespace

int main(int argc, char** argv) {
    std::string error;
    const auto options = parse_options(argc, argv, error);
    if (!options) {
        std::cerr << "shadow: " << error << '\n' << usage();
        return wrong_usage;
    }
    if (!options->help && !options->snapshot)
        return follow(*options);
    int status = 0;
    if (options->help)
        std::cout << usage() << help();
    else
        status = snapshot();
    if (!std::cout.flush()) {
        std::cerr << "shadow: can't write to standard output\n";
        return cant_print;
    }
    return status;
}
