// [trap:39] [R5] A program that defines no resource: it links, and its namespaces are empty. Built with several
// options; exit status 0 says that all holds.
#include <procspace/resource/define.hpp>

int main() {
    if (procspace::Registry::size() != 0)
        return 1;
    bool called = false;
    procspace::Registry::for_each([&](const procspace::Resource&) { called = true; });
    if (called)
        return 2;
    procspace::Namespace first;
    procspace::Namespace second(static_cast<procspace::Namespace&&>(first));
    first = static_cast<procspace::Namespace&&>(second);
    if (!procspace::Namespace::try_create())
        return 3;
    if (&procspace::global_ns() != &procspace::global_ns())
        return 4;
    return 0;
}
