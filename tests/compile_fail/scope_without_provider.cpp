// refused: procspace: the current namespace of these traits cannot be entered
#include <procspace/resource/thread_local_current.hpp>

struct Mine : procspace::DefaultTraits {
    using CurrentNs = procspace::ThreadLocalCurrent<Mine>;
};

void enter(const procspace::BasicNamespace<Mine>& mine, const procspace::Namespace& ns) {
    const procspace::NamespaceScope first(mine);
#ifndef PROCSPACE_CONTROL
    const procspace::NamespaceScope second(ns);
#endif
    static_cast<void>(ns);
}
