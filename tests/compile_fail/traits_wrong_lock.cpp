// refused: procspace: these traits miss a policy or have one of the wrong form.*satisf(y|action of)[^A-Za-z]*LockPolicy
#include <procspace/resource/namespace.hpp>

struct NotALock {
    void lock() {}
#ifdef PROCSPACE_CONTROL
    void unlock() {}
#endif
};
struct Mine : procspace::DefaultTraits {
    using Lock = NotALock;
};
procspace::BasicNamespace<Mine> ns{procspace::NoValue{}};
