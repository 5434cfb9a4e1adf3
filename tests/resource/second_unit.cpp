// A second translation unit of test_resource.
#include "fixtures.hpp"

namespace fixtures {

PROCSPACE_RESOURCE(int, declared_number, 22)

const procspace::ResWrapper<int>* inline_number_elsewhere() {
    return &inline_number;
}

int read_in_second_unit(const procspace::Namespace& ns) {
    return inline_number.get(ns);
}

} // namespace fixtures

namespace {

// The same name as in registry.cpp, and another type: each unit has its own.
PROCSPACE_RESOURCE(long, unit_local, 5)

} // namespace

long unit_local_of_second_unit(const procspace::Namespace& ns) {
    return unit_local.get(ns);
}
