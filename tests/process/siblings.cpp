// 1,000,000 siblings exit and are reaped: a third by free(), a third by wait_poll(), and a third is handed over by the
// exit of its parent to one that ignores its children.

#include <procspace/debug/invariants.hpp>
#include <procspace/process/tree.hpp>
#include <procspace/process/wait.hpp>

#include <cstdio>
#include <memory>

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr procspace::Pid each = 30'000;
#else
constexpr procspace::Pid each = 333'334;
#endif

bool run() {
    using procspace::WaitOutcome;
    using procspace::WaitSelector;
    procspace::ProcessTree tree;
    const auto init = tree.new_init(1).build();
    const auto parent = init->fork().build();
    procspace::Pid first = 0;
    for (procspace::Pid i = 0; i < 3 * each; ++i) {
        const auto child = parent->fork().build();
        if (i == 0)
            first = child->pid();
        child->exit();
    }
    if (tree.counts().processes != 2 + 3 * each)
        return false;
    for (procspace::Pid pid = first; pid < first + each; ++pid)
        if (!tree.find_process(pid)->free())
            return false;
    for (procspace::Pid i = 0; i < each; ++i)
        if (wait_poll(*parent, WaitSelector::any()).event.pid != first + each + i)
            return false;
    if (procspace::check_invariants(tree))
        return false;
    init->set_child_policy({.ignored = true});
    parent->exit();
    return tree.counts().processes == 1 && !procspace::check_invariants(tree);
}

} // namespace

int main() {
    const bool passed = run();
    std::printf("%u siblings %s\n", 3 * each, passed ? "came and went" : "did not all come and go");
    return passed ? 0 : 1;
}
