#pragma once
// Plays one trace and compares.

#include "trace.hpp"

#include <string>

namespace conformance {

struct Verdict {
    enum class Kind : unsigned char { pass, fail, skip };
    Kind kind;
    std::string line; ///< as replay prints it
};

[[nodiscard]] Verdict play(const Trace& trace);

} // namespace conformance
