// A shared object that the program loads with dlopen. It has more resources than the program, so that some of its
// indices are out of range there and others are those of the program's own resources.
#include "border.hpp"

namespace {

PROCSPACE_RESOURCE(long, first, 11)
PROCSPACE_RESOURCE(long, second, 12)
PROCSPACE_RESOURCE(long, third, 13)
PROCSPACE_RESOURCE(long, fourth, 14)
PROCSPACE_RESOURCE(long, fifth, 15)
PROCSPACE_RESOURCE(long, sixth, 16)
const border::Key* const keys[] = {&first, &second, &third, &fourth, &fifth, &sixth};

/// Before the registry has given the keys an index.
int try_early(border::Namespace& foreign) {
    border::Checks checks;
    for (const border::Key* key : keys) {
        const std::string name = std::string(key->resource().name()) + " without an index";
        checks.panics([&] { static_cast<void>(foreign.get(key->resource())); }, name + ": erased get");
        checks.panics([&] { static_cast<void>(key->arc(foreign)); }, name + ": arc");
        checks.panics([&] { key->reset(foreign); }, name + ": reset");
        checks.panics([&] { key->share_from(foreign, foreign); }, name + ": share_from");
    }
    return checks.failed();
}

int use_own() {
    border::Namespace a;
    border::Namespace b;
    long expected = 11;
    for (const border::Key* key : keys)
        if (key->get(a) != expected++)
            return 1;
    *first.get_mut(a) = 21;
    first.share_from(b, a);
    if (first.get(b) != 21 || first.get_mut(a) != nullptr)
        return 2;
    first.reset(a);
    if (first.get(a) != 11 || first.get(b) != 21)
        return 3;
    return 0;
}

int use_global() {
    if (*sixth.current<border::Traits>() != 16 || second.get(procspace::global_ns<border::Traits>()) != 12)
        return 1;
    return &procspace::global_ns<border::Traits>() == &procspace::global_ns<border::Traits>() ? 0 : 2;
}

int try_namespace(border::Namespace& foreign) {
    border::Checks checks;
    border::Namespace own;
    for (const border::Key* key : keys)
        border::try_foreign(checks, *key, foreign, own);
    border::try_foreign(checks, foreign, own);
    return checks.failed();
}

} // namespace

extern "C" [[gnu::visibility("default")]] const Plugin plugin;
const Plugin plugin = {
    try_early,
    [] { return procspace::Registry::size(); },
    use_own,
    use_global,
    try_namespace,
    [] { return new border::Namespace; },
    [](border::Namespace* ns) { delete ns; },
    [](const border::Namespace& parent) { return new border::Namespace(border::Namespace::fork(parent)); },
};
