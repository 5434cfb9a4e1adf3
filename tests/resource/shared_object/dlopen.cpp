// [R5] A program loads a shared object while it runs; each has its own resources, and a namespace that crosses the
// border is refused instead of indexed out of its range. The argument is the shared object, which is built twice: with
// as many resources as the program has, and with more.
#include "border.hpp"

#include <dlfcn.h>

PROCSPACE_RESOURCE(long, in_program, 21)
PROCSPACE_RESOURCE(long, also_in_program, 22)
#ifdef AS_MANY // as the plugin has: sizes alone tell nothing
PROCSPACE_RESOURCE(long, third, 23)
PROCSPACE_RESOURCE(long, fourth, 24)
PROCSPACE_RESOURCE(long, fifth, 25)
PROCSPACE_RESOURCE(long, sixth, 26)
constexpr std::size_t count = 6;
#else
constexpr std::size_t count = 2;
#endif

namespace {

enum class Then { unload, keep };

/// Loads it and tries everything. One that is kept may use its global namespace, which nothing ever destroys.
void run(border::Checks& checks, const char* file, border::Namespace& ns, Then then) {
    void* const library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    checks.check(library != nullptr, "dlopen");
    if (library == nullptr) {
        std::fprintf(stderr, "%s\n", dlerror());
        return;
    }
    const Plugin& plugin = *static_cast<const Plugin*>(dlsym(library, "plugin"));

    checks.check(plugin.try_early(ns) == 0, "keys of the plugin that have no index yet");
    checks.check(procspace::Registry::size() == count, "the program's registry is its own");
    checks.check(plugin.registry_size() == 6, "the plugin's registry is its own");
    checks.check(plugin.use_own() == 0, "the plugin uses its own resources");
    checks.check(plugin.try_namespace(ns) == 0, "keys of the plugin on a namespace of the program");

    border::Namespace* const foreign = plugin.make();
    border::Namespace own;
    border::try_foreign(checks, in_program, *foreign, own);
    border::try_foreign(checks, also_in_program, *foreign, own);
    border::try_foreign(checks, *foreign, own);
    plugin.end(foreign);

    border::Namespace* const child = plugin.fork(ns);
    checks.check(in_program.get(*child) == 21 && in_program.arc(*child).same_as(in_program.arc(ns)),
                 "a fork has the resources of its parent, whoever forks");
    plugin.end(child);
    if (then == Then::unload)
        checks.check(dlclose(library) == 0, "dlclose");
    else
        checks.check(plugin.use_global() == 0 && *in_program.current<border::Traits>() == 21,
                     "each has a global namespace of its own");
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2)
        return 2;
    border::Checks checks;
    {
        border::Namespace ns;
        run(checks, argv[1], ns, Then::unload);
        run(checks, argv[1], ns, Then::keep); // once more: what is unloaded leaves nothing behind
        checks.check(in_program.get(ns) == 21 && also_in_program.get(ns) == 22,
                     "the program's values are as they were");
        checks.check(in_program.get_mut(ns) != nullptr, "nobody has kept the program's value");

        border::Namespace moved_to(static_cast<border::Namespace&&>(ns));
        border::try_foreign(checks, in_program, ns, moved_to); // an index is out of range in a moved-from one, too
    }
    return checks.failed() == 0 ? 0 : 1;
}
