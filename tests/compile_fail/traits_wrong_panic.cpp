// refused: procspace: these traits miss a policy or have one of the wrong form.*satisf(y|action of)[^A-Za-z]*PanicPolicy
#include <procspace/resource/namespace.hpp>

struct Mine : procspace::DefaultTraits {
#ifndef PROCSPACE_CONTROL
    [[noreturn]] static void panic(int code);
#endif
};
procspace::BasicNamespace<Mine> ns{procspace::NoValue{}};
