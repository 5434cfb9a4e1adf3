// refused: deleted
#include <procspace/resource/namespace.hpp>

void take(procspace::Namespace&& ns) {
#ifndef PROCSPACE_CONTROL
    procspace::Namespace copy(ns);
#endif
    procspace::Namespace moved(static_cast<procspace::Namespace&&>(ns));
}
