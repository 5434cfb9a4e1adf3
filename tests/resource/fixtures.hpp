#pragma once
// Resources that stand in a header: every translation unit that includes it brings a slot of its own for each.

#include <procspace/resource/define.hpp>

namespace fixtures {

struct Settings {
    int volume;
    const char* language;
};

PROCSPACE_INLINE_RESOURCE(int, inline_number, 11)
PROCSPACE_INLINE_RESOURCE(Settings, inline_settings, Settings{3, "fr"});

PROCSPACE_DECLARE_RESOURCE(int, declared_number)
PROCSPACE_DECLARE_RESOURCE(int, in_object_library)
PROCSPACE_DECLARE_RESOURCE(int, in_archive);

/// Defined in second_unit.cpp: the address of the same key as another translation unit sees it.
const procspace::ResWrapper<int>* inline_number_elsewhere();
int read_in_second_unit(const procspace::Namespace& ns);

} // namespace fixtures
