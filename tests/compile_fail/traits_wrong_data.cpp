// refused: procspace: these traits miss a policy or have one of the wrong form.*satisf(y|action of)[^A-Za-z]*DataPolicy
#include <procspace/resource/namespace.hpp>

struct Task {
#ifndef PROCSPACE_CONTROL
    explicit Task(int) {}
#endif
};
struct Mine : procspace::DefaultTraits {
    using ProcessData = Task;
};
procspace::BasicNamespace<Mine> ns{procspace::NoValue{}};
