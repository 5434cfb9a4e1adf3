// The default tree as a shared library sees it.

#include <procspace/process/tree.hpp>

extern "C" [[gnu::visibility("default")]] const void* tree_of_the_library() {
    return &procspace::ProcessTree::default_tree();
}
