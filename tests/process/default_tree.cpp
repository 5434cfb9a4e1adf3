// The default tree, one step of its life per process: which one is the argument.

#include <procspace/process/tree.hpp>

#include <cstdio>
#include <cstring>

using procspace::init_proc;
using procspace::Process;
using procspace::ProcessTree;

namespace {

int failed = 0;

void check(bool holds, const char* what) {
    if (holds)
        return;
    std::fprintf(stderr, "failed: %s\n", what);
    failed = 1;
}

void works() {
    check(ProcessTree::default_tree().init() == nullptr, "there is no init before it is built");
    auto builder = Process::new_init(1);
    check(ProcessTree::default_tree().init() == nullptr, "nor by beginning it");
    const auto init = builder.build();
    check(init->is_init() && init->pid() == 1, "init is init");
    check(init_proc() == init, "init_proc gives init");
    check(ProcessTree::default_tree().init() == init, "so does the tree");
    check(&ProcessTree::default_tree() == &ProcessTree::default_tree(), "there is one default tree");
    const auto child = init->fork(100).build();
    const auto grandchild = child->fork(101).build();
    child->exit();
    check(grandchild->parent() == init_proc(), "orphans go to it");
    ProcessTree another;
    const auto other = another.new_init(1).build();
    check(init_proc() == init, "another tree has an init of its own");
    // Handles are held at the end of the program: the default tree is never destroyed.
    static const auto held = child;
}

void before_init() {
    static_cast<void>(init_proc());
}

void second_init() {
    Process::new_init(1).build();
    Process::new_init(2).build();
}

} // namespace

int main(int argc, char** argv) {
    const char* const step = argc > 1 ? argv[1] : "";
    if (std::strcmp(step, "works") == 0)
        works();
    else if (std::strcmp(step, "before_init") == 0)
        before_init();
    else if (std::strcmp(step, "second_init") == 0)
        second_init();
    else
        failed = 2;
    return failed;
}
