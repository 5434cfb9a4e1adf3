// A static initialiser makes a namespace before a resource has registered: it would be missing, so this is a panic.
// Inside one translation unit the order of initialisation is that of the definitions.
#undef PROCSPACE_PORTABLE_REGISTRY
#define PROCSPACE_PORTABLE_REGISTRY 1
#include <procspace/resource/define.hpp>

namespace {

PROCSPACE_RESOURCE(int, in_time, 1)
const procspace::Namespace made_by_a_static_initialiser;
PROCSPACE_RESOURCE(int, too_late, 2)

} // namespace

int main() {
    return in_time.get(made_by_a_static_initialiser) + too_late.get(made_by_a_static_initialiser) == 3 ? 0 : 1;
}
