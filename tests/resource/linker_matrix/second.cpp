#include "shared.hpp"

PROCSPACE_RESOURCE(int, in_second, 6)
PROCSPACE_RESOURCE(int, in_second_unused, 7)

int in_header_of_second(const procspace::Namespace& ns) {
    return in_header.get(ns);
}
