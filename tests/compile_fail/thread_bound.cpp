// refused: procspace: a thread_bound type cannot be a resource
#include <procspace/resource/define.hpp>

// Namespaces share their resources and move between threads, so a type that must stay in one cannot be a resource.
struct Bound {
#ifndef PROCSPACE_CONTROL
    static constexpr bool thread_bound = true;
#endif
};
PROCSPACE_RESOURCE(Bound, bound)
