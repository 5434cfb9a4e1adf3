#pragma once
// World: a tree with an init, for one test case.

#include "traits.hpp"
#include "tree_invariants.hpp"
#include "violations.hpp"

#include <procspace/process/tree.hpp>

#include <memory>
#include <vector>

namespace support {

/// A tree of its own with init as number 1. At its end the tree must be sound, and nobody may hold a handle any more.
template <class Traits>
struct World {
    using Tree = procspace::BasicProcessTree<Traits>;
    using Process = procspace::BasicProcess<Traits>;
    using Thread = procspace::BasicThread<Traits>;
    using Group = procspace::BasicProcessGroup<Traits>;
    using Session = procspace::BasicSession<Traits>;
    using ProcessHandle = std::shared_ptr<Process>;

    Tree tree;
    ProcessHandle init = tree.new_init(1).build();

    World() = default;
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World() noexcept(false) {
        if (const BrokenRule broken = check(); broken.rule != nullptr)
            Violations::add(broken.rule);
    }

    /// Returns the rule that is broken, or one whose `rule` is null.
    BrokenRule check(const std::vector<ProcessHandle>& outside = {}) {
        return TreeInvariants<Traits>::check(tree, outside);
    }
};

/// Returns the numbers of processes, groups, ...: `numbers(p->children(), &Process::pid)`.
template <class T, class Number>
std::vector<procspace::Pid> numbers(const std::vector<std::shared_ptr<T>>& all, Number number) {
    std::vector<procspace::Pid> result;
    for (const auto& one : all)
        result.push_back((one.get()->*number)());
    return result;
}
template <class Traits>
std::vector<procspace::Pid> pids(const std::vector<std::shared_ptr<procspace::BasicProcess<Traits>>>& all) {
    return numbers(all, &procspace::BasicProcess<Traits>::pid);
}
template <class Traits>
std::vector<procspace::Pid> tids(const std::vector<std::shared_ptr<procspace::BasicThread<Traits>>>& all) {
    return numbers(all, &procspace::BasicThread<Traits>::tid);
}
template <class Traits>
std::vector<procspace::Pid> pgids(const std::vector<std::shared_ptr<procspace::BasicProcessGroup<Traits>>>& all) {
    return numbers(all, &procspace::BasicProcessGroup<Traits>::pgid);
}

using Pids = std::vector<procspace::Pid>;

} // namespace support
