// One program for each combination of linker and flags: see linker_matrix.cmake. Exit status 0 says that all holds; any
// other one is the number of the check that failed.
#include "shared.hpp"

#ifndef EXPECTED
#define EXPECTED 8 // two in the header, three here, two in second.cpp, one in the archive
#endif

PROCSPACE_RESOURCE(int, in_main, 3)

namespace {
PROCSPACE_RESOURCE(int, in_main_unused, 4)
namespace nested {
PROCSPACE_RESOURCE(int, in_nested, 5)
}
} // namespace

int main() {
    using namespace procspace;
    if (Registry::size() != EXPECTED)
        return 1;
    std::size_t visited = 0;
    Registry::for_each([&](const Resource& resource) { visited += resource.index() == visited ? 1 : 100; });
    if (visited != EXPECTED)
        return 2;
    Namespace first;
    Namespace second;
    if (in_header.get(first) != 1 || in_main.get(first) != 3 || nested::in_nested.get(first) != 5)
        return 3;
    if (in_second.get(first) != 6 || in_archive.get(first) != 8)
        return 4;
    *in_header.get_mut(first) = 10;
    if (in_header_of_second(first) != 10 || in_header_of_second(second) != 1)
        return 5;
    in_header.share_from(second, first);
    if (in_header_of_second(second) != 10 || in_header.get_mut(second) != nullptr)
        return 6;
    in_header.reset(second);
    if (in_header_of_second(second) != 1 || in_header.get_mut(second) == nullptr)
        return 7;
    if (*in_header.current() != 1)
        return 8;
    return 0;
}
