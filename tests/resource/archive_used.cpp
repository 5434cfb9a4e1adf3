// A member of a static library that the program refers to.
#include "fixtures.hpp"

namespace fixtures {

PROCSPACE_RESOURCE(int, in_archive, 44)

} // namespace fixtures
