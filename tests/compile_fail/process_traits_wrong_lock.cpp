// refused: procspace: these traits miss a policy or have one of the wrong form
#include <procspace/process/tree.hpp>

struct Lock {
    void lock() {}
#ifdef PROCSPACE_CONTROL
    void unlock() {}
#endif
};
struct Mine : procspace::DefaultTraits {
    using Lock = ::Lock;
};
procspace::BasicProcessTree<Mine>* tree = new procspace::BasicProcessTree<Mine>;
