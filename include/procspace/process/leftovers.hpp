#pragma once
// Leftovers: what a critical section on processes unlinked.

#include "../fwd.hpp"
#include "process_group.hpp"
#include "topology.hpp"

#include <memory>
#include <utility>

namespace procspace {

/// What is left of one process that was reaped, itself aside. Declared before the guard, so that it ends after unlock.
template <class Traits>
struct BasicRemains {
    typename BasicTopology<Traits>::Blocks blocks{};
    std::shared_ptr<BasicProcessGroup<Traits>> emptied{}; // by its last member: one for each section
};

/// The same of any number, themselves included. The members are the only owners of what a section took out of the tree.
template <class Traits>
struct BasicLeftovers : BasicRemains<Traits> {
    using Handle = std::shared_ptr<BasicProcess<Traits>>;

    Handle corpses{}; // linked by their own anchor_, which nobody else looks at once they are reaped
    Handle former_reaper{};

    [[PROCSPACE_SHARED]] BasicLeftovers() noexcept {}
    BasicLeftovers(const BasicLeftovers&) = delete;
    BasicLeftovers& operator=(const BasicLeftovers&) = delete;
    ~BasicLeftovers() {
        if (corpses != nullptr)
            end();
    }

    /// Takes a process that was reaped: under the lock.
    void add(BasicProcess<Traits>& corpse) noexcept { corpse.anchor_.swap(corpses); }

    /// Ends the corpses, one after the other and not inside each other. Out of line: most sections have none.
    [[gnu::noinline]] void end() noexcept {
        while (corpses != nullptr) {
            Handle next = std::move(corpses->anchor_);
            corpses.swap(next);
        }
    }
};

} // namespace procspace
