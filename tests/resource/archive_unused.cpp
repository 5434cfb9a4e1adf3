// A member of a static library that nothing refers to: the linker never looks at it.
#include <procspace/resource/define.hpp>

namespace fixtures {

PROCSPACE_RESOURCE(int, in_unused_member, 55)

} // namespace fixtures
