#include "library.hpp"

namespace {
PROCSPACE_RESOURCE(long, first, 11)
PROCSPACE_RESOURCE(long, second, 12)
PROCSPACE_RESOURCE(long, third, 13)
} // namespace

std::size_t library_size() {
    return procspace::Registry::size();
}

int library_check() {
    const procspace::Namespace ns;
    if (first.get(ns) != 11 || second.get(ns) != 12 || third.get(ns) != 13 || in_both.get(ns) != 1)
        return 11;
    const auto& global = procspace::global_ns();
    if (first.get(global) != 11 || *second.current() != 12 || *in_both.current() != 1)
        return 12;
    return 0;
}
