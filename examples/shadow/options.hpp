/// The command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shadow {

/// The kinds of event whose mirror --break can drop.
enum class Break { none, fork, thread, exec, exit, reap, reparent, setsid, setpgid, unshare, terminal };

struct Options {
    bool log = false;
    bool tree = false;
    bool snapshot = false;
    bool help = false;
    std::string dot;
    std::string json;
    Break broken = Break::none;
    char** command = nullptr; ///< ends with a null
};

/// Nothing, with the reason in `error`, for a command line that makes no sense.
std::optional<Options> parse_options(int argc, char** argv, std::string& error);

std::string_view usage();
std::string_view help();

} // namespace shadow
