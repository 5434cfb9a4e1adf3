// Whether a program and its shared library have one default tree: ONE_TREE is what they should have.

#include <procspace/process/tree.hpp>

#include <cstdio>

extern "C" const void* tree_of_the_library();

int main() {
    const bool one = tree_of_the_library() == &procspace::ProcessTree::default_tree();
    if (one == bool{ONE_TREE})
        return 0;
    std::fprintf(stderr, "failed: the program and its library have %s\n", one ? "one tree" : "two trees");
    return 1;
}
