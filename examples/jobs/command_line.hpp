#pragma once
// A command line: pipelines, each with & or ; behind it.

#include <string>
#include <vector>

namespace jobs {

using Words = std::vector<std::string>;

/// Programs that run at once, each reading what the one before it writes.
struct Pipeline {
    std::vector<Words> commands{};
    bool background = false;
};

/// Returns the pipelines of a line; none, and why in `error`, if it is none.
std::vector<Pipeline> parse_line(const std::string& line, std::string& error);

/// Returns it as it is written, but for the &.
std::string to_string(const Pipeline& pipeline);

} // namespace jobs
