// Reaches the program as an object file.
#include "fixtures.hpp"

namespace fixtures {

PROCSPACE_RESOURCE(int, in_object_library, 33);

} // namespace fixtures
