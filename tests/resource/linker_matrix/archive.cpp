#include "shared.hpp"

PROCSPACE_RESOURCE(int, in_archive, 8)
