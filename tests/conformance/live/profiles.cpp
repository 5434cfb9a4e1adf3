#include "generator.hpp"

namespace conformance::live {

namespace {

/// What every run does; a profile adds to it.
const std::map<std::string, int> common{
    {"fork", 150},      {"kill", 100},    {"setpgid", 80}, {"waitpid", 60},       {"waitid", 25},
    {"exit_group", 35}, {"setsid", 25},   {"exit", 10},    {"thread", 10},        {"exec", 8},
    {"getppid", 5},     {"getpgid", 4},   {"getsid", 4},   {"subreaper_set", 10}, {"subreaper_get", 2},
    {"getpid", 1},      {"sigaction", 5}, {"tgkill", 3},   {"pdeathsig", 5},      {"clone_parent", 5},
    {"clone_sig", 2},   {"fork_at", 2},   {"sigmask", 4},  {"ext_kill", 1}};

Profile profile(const char* name, const std::map<std::string, int>& more, int blocking = 10, int threads = 3) {
    Profile made{name, common, blocking, threads};
    for (const auto& [operation, weight] : more)
        made.weights[operation] = weight;
    return made;
}

} // namespace

const std::vector<Profile>& profiles() {
    static const std::map<std::string, int> terminals{{"tty_open", 15},    {"tty_sctty", 40},   {"tty_notty", 5},
                                                      {"tty_getpgrp", 10}, {"tty_setpgrp", 50}, {"tty_getsid", 6},
                                                      {"devtty", 5},       {"tty_key", 20},     {"setsid", 60}};
    auto all = common;
    all.insert(terminals.begin(), terminals.end());
    all.merge(std::map<std::string, int>{{"setuid", 2}, {"tty_hangup", 1}});
    static const std::vector<Profile> known{
        profile("general", {}),
        profile("groups", {{"setpgid", 200}, {"setsid", 60}, {"exec", 30}, {"fork_at", 15}, {"getpgid", 10}}),
        profile("jobcontrol", {{"kill", 200}, {"setpgid", 150}, {"exit", 20}}),
        profile("subreaper", {{"subreaper_set", 60}, {"exit_group", 60}, {"exit", 40}, {"getppid", 15}}),
        profile("threads", {{"thread", 120}, {"exit", 60}, {"exec", 25}, {"tgkill", 20}}, 10, 5),
        profile("tty", terminals),
        profile("hangup", {{"tty_sctty", 60},
                           {"tty_open", 20},
                           {"tty_hangup", 12},
                           {"tty_key", 20},
                           {"setsid", 80},
                           {"tty_setpgrp", 40},
                           {"tty_getsid", 10},
                           {"tty_getpgrp", 10},
                           {"devtty", 6}}),
        profile("wait", {{"waitpid", 200}, {"waitid", 120}, {"exit", 25}, {"thread", 30}, {"clone_sig", 15}}, 40),
        profile(
            "clone",
            {{"clone_sig", 60}, {"clone_parent", 50}, {"fork_at", 30}, {"fork", 60}, {"thread", 30}, {"waitid", 60}}),
        profile("signals", {{"kill", 150}, {"tgkill", 60}, {"sigaction", 60}, {"sigmask", 80}, {"thread", 30}}),
        profile("users", {{"setuid", 20}, {"kill", 200}, {"pdeathsig", 25}, {"tgkill", 25}, {"tty_sctty", 20}}),
        profile("mixed", all)};
    return known;
}

} // namespace conformance::live
