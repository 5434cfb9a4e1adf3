#pragma once
// Resources in a header, for two translation units.
#include <procspace/resource/define.hpp>

PROCSPACE_INLINE_RESOURCE(int, in_header, 1)
PROCSPACE_INLINE_RESOURCE(int, in_header_unused, 2)
PROCSPACE_DECLARE_RESOURCE(int, in_second)
PROCSPACE_DECLARE_RESOURCE(int, in_archive)

int in_header_of_second(const procspace::Namespace& ns);
