#pragma once
// Leftovers: what a critical section on processes unlinked.

#include "../fwd.hpp"
#include "process_group.hpp"
#include "topology.hpp"

#include <memory>
#include <utility>

namespace procspace {

/// Declared before the guard, so that what is in it ends after unlock. Its members are the only owners of what a
/// section took out of the tree.
template <class Traits>
struct BasicLeftovers {
    using Handle = std::shared_ptr<BasicProcess<Traits>>;

    typename BasicTopology<Traits>::Blocks blocks{};
    Handle corpses{}; // linked by their own anchor_, which nobody else looks at once they are reaped
    std::shared_ptr<BasicProcessGroup<Traits>> emptied{}; // by its last member: one for each section
    Handle former_reaper{};

    BasicLeftovers() noexcept = default;
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
            corpses = std::move(next);
        }
    }
};

} // namespace procspace
