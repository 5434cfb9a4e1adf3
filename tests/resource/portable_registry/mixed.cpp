// One program, two settings: this unit has a list, mixed_section.cpp a section that nobody would look into.
#undef PROCSPACE_PORTABLE_REGISTRY
#define PROCSPACE_PORTABLE_REGISTRY 1
#include <procspace/resource/define.hpp>

PROCSPACE_RESOURCE(int, in_the_list, 1)

int main() {
    const procspace::Namespace ns;
    return in_the_list.get(ns) == 1 ? 0 : 1;
}
