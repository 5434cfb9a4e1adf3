// live: does random operations on real processes, in a pid namespace of their own, and on the library at once, and
// compares each step as replay does. See README.md of the folder above.

#include "agent.hpp"
#include "controller.hpp"
#include "generator.hpp"

#include "../player.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

namespace {

using namespace conformance;
using namespace conformance::live;

constexpr const char* usage =
    "usage: live [--seed N] [--ops N] [--runs N | --seconds N] [--profile NAME] [--world raw] [--keep FILE]\n"
    "            [--break OPERATION]\n";

struct Options {
    std::uint64_t seed = 1;
    int operations = 300; ///< in one run
    int runs = 1;
    int seconds = 0; ///< if not 0, as many runs as fit in
    const Profile* profile = nullptr;
    bool raw = false;
    std::string keep;
    std::string broken;
};

struct BadUsage : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The operations that change nothing: the library cannot be caught at not having done them.
bool changes_nothing(const std::string& name) {
    return name.starts_with("get") || name == "subreaper_get" || name == "tty_getpgrp" || name == "tty_getsid" ||
           name == "devtty";
}

const Profile* find_profile(const std::string& name) {
    std::string known;
    for (const Profile& profile : profiles()) {
        if (profile.name == name)
            return &profile;
        known += std::string(" ") + profile.name;
    }
    throw BadUsage("no profile is called '" + name + "'; there are" + known);
}

template <class T>
T number(const std::string& option, const std::string& text, T least, T most) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
        throw BadUsage(option + " takes a number from " + std::to_string(least) + " to " + std::to_string(most) +
                       ", not '" + text + "'");
    return value;
}

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string option = argv[i];
        if (i + 1 == argc)
            throw BadUsage(option + " needs a value, or is no option");
        const std::string value = argv[++i];
        if (option == "--seed")
            options.seed = number<std::uint64_t>(option, value, 0, UINT64_MAX);
        else if (option == "--ops")
            options.operations = number(option, value, 1, 4000);
        else if (option == "--runs")
            options.runs = number(option, value, 1, 1'000'000);
        else if (option == "--seconds")
            options.seconds = number(option, value, 1, 1'000'000);
        else if (option == "--profile")
            options.profile = find_profile(value);
        else if (option == "--world" && value == "raw")
            options.raw = true;
        else if (option == "--keep")
            options.keep = value;
        else if (option == "--break")
            options.broken = value;
        else
            throw BadUsage("'" + option + " " + value + "' is no option");
    }
    if (changes_nothing(options.broken))
        throw BadUsage(options.broken + " changes nothing that could be missed");
    return options;
}

/// What became of one run.
struct Run {
    Trace trace;
    std::string about;
    std::optional<Difference> difference;
};

int living_threads(const States& states, std::uint32_t pid) {
    const auto found = states.find(pid);
    if (found == states.end() || found->second.find(":zombie:") != std::string::npos)
        return 0;
    const std::string& state = found->second;
    return 1 + static_cast<int>(std::count(state.begin(), state.end(), ',')) -
           static_cast<int>(std::count(state.begin(), state.end(), 'z'));
}

/// Several threads ended at once, of one process or of several, that had children: in which order these come to who
/// gets them depends on the order in which those threads came to their end.
bool is_thread_order(const States& before, const States& after) {
    int threads = 0, children = 0;
    for (const auto& [pid, state] : before) {
        const int lost = living_threads(before, pid) - living_threads(after, pid);
        if (lost <= 0)
            continue;
        threads += lost;
        for (const auto& [other, of] : before)
            children += of.starts_with(std::to_string(pid) + ":");
    }
    return threads > 1 && children > 1;
}

/// Which of several children a wait for a group finds first is no rule any more, and a trace allows that of a wait for
/// any child alone.
void ask_for_any(Operation& operation) {
    auto& arguments = operation.arguments;
    if (operation.name == "waitpid" && (arguments[0] == "0" || arguments[0].starts_with("-")))
        arguments[0] = "-1";
    if (operation.name == "waitid" && (arguments[0] == "P_PGID" || arguments[0] == "2"))
        arguments[0] = "P_ALL";
}

Run run(std::uint64_t seed, const Options& options, bool privileged) {
    const Profile& profile = options.profile != nullptr ? *options.profile : profiles()[seed % profiles().size()];
    Run done;
    done.trace.name = "live-" + std::to_string(seed);
    done.about = "random seed " + std::to_string(seed) + " profile " + profile.name;
    if (options.raw)
        done.trace.needs.insert("rawinit");
    Controller kernel(options.raw);
    Comparison comparison(options.raw);
    Generator generator(seed, profile, privileged);
    bool any_child = false, dropped = options.broken.empty();
    done.trace.start = kernel.states();
    done.difference = comparison.start(kernel.states());
    for (int i = 1; i <= options.operations && !done.difference; ++i) {
        auto chosen = generator.next(kernel.states());
        if (!chosen)
            break; // nobody is left who could do anything
        Operation& operation = *chosen;
        operation.number = i;
        if (any_child)
            ask_for_any(operation);
        const States before = kernel.states();
        kernel.run(operation);
        done.trace.operations.push_back(operation);
        if (!any_child && is_thread_order(before, kernel.states())) {
            any_child = true;
            done.trace.needs.insert("threadorder");
        }
        if (!dropped && operation.name == options.broken && !operation.result.starts_with("E")) {
            dropped = true;
            comparison.drop_next();
        }
        done.difference = comparison.step(operation, any_child);
        generator.note(operation);
    }
    done.trace.end = kernel.states();
    return done;
}

int run_all(const Options& options, bool privileged) {
    using Clock = std::chrono::steady_clock;
    const auto until = Clock::now() + std::chrono::seconds(options.seconds);
    int runs = 0, differences = 0;
    std::size_t operations = 0;
    for (std::uint64_t seed = options.seed; options.seconds != 0 ? Clock::now() < until : runs < options.runs; ++seed) {
        const Run done = run(seed, options, privileged);
        ++runs;
        const std::size_t length = done.trace.operations.size();
        operations += length;
        if (done.difference) {
            ++differences;
            const std::string call = length == 0 ? "" : " " + call_text(done.trace.operations.back());
            std::printf("FAIL seed %llu: op %zu%s %s\n", static_cast<unsigned long long>(seed), length, call.c_str(),
                        done.difference->text().c_str());
        } else {
            std::printf("pass seed %llu: %zu operations\n", static_cast<unsigned long long>(seed), length);
        }
        const std::string text = write_trace(done.trace, done.about);
        if (!options.keep.empty() && (done.difference || differences == 0)) {
            std::ofstream file(options.keep, std::ios::binary | std::ios::trunc);
            if (!(file << text) || !file.flush())
                throw std::runtime_error(options.keep + ": cannot be written");
        } else if (done.difference) {
            std::fputs(text.c_str(), stdout);
        }
        std::fflush(stdout);
    }
    std::printf("%d runs, %zu operations, %d differences\n", runs, operations, differences);
    return differences != 0 ? 1 : 0;
}

} // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::strcmp(argv[1], agent_argument) == 0)
        resume_agent(argv[2]);
    try {
        const Options options = parse(argc, argv);
        return run_all(options, enter_namespace());
    } catch (const BadUsage& error) {
        std::fprintf(stderr, "live: %s\n%s", error.what(), usage);
        return 2;
    } catch (const Refused& error) {
        std::printf("SKIP: %s\n", error.what());
        return 77;
    } catch (const Restless& error) {
        std::fprintf(stderr, "live: %s\n", error.what());
        return 3;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "live: %s\n", error.what());
        return 2;
    }
}
