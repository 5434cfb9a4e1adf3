// refused: procspace: these traits miss a policy or have one of the wrong form.*satisf(y|action of)[^A-Za-z]*AtomicPolicy
#include <procspace/resource/namespace.hpp>

#ifdef PROCSPACE_CONTROL
template <class U>
using Count = std::atomic<U>;
#else
template <class U>
struct Count {
    U value;
};
#endif
struct Mine : procspace::DefaultTraits {
    template <class U>
    using Atomic = Count<U>;
};
procspace::BasicNamespace<Mine> ns{procspace::NoValue{}};
