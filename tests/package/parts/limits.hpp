#pragma once
#include <procspace/procspace.hpp>

struct Limits {
    int processes;
};

// Defined in a header that two translation units include: still one resource.
PROCSPACE_INLINE_RESOURCE(Limits, limits, Limits{64})

const Limits* limits_seen_by_other(const procspace::Namespace& ns);
