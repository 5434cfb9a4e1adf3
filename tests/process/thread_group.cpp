#include <procspace/process/thread_group.hpp>

#include "support/catch.hpp"
#include "support/tally_atomic.hpp"
#include "support/world.hpp"

#include <vector>

using support::World;

namespace {

struct Watched : support::DepthFailing {
    template <class U>
    using Atomic = support::TallyAtomic<U>;
};

} // namespace

TEST_CASE("ThreadGroup: a fresh one has code zero and no exit has begun", "[process][thread_group]") {
    const procspace::ThreadGroup group;
    CHECK(group.exit_code() == 0);
    CHECK_FALSE(group.exited());
}

PROCSPACE_TRAITS_TEST_CASE("ThreadGroup: each exit of a thread leaves its code until a group exit fixes it",
                           "[process][thread_group][trap:14]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    std::vector<std::shared_ptr<typename World<TestType>::Thread>> threads;
    for (procspace::Pid tid = 2; tid < 6; ++tid)
        threads.push_back(child->new_thread(tid).build());
    threads[0]->exit(-1);
    CHECK(child->exit_code() == -1);
    threads[1]->exit(20);
    CHECK(child->exit_code() == 20);
    child->group_exit(30);
    threads[2]->exit(40);
    CHECK(child->exit_code() == 30);
    CHECK(threads[3]->exit(50));
    CHECK(child->exit_code() == 30);
}

TEST_CASE("ThreadGroup: an exit looks at no other thread", "[process][thread_group][trap:11]") {
    // Flags are read through the traits' atomics, so that looking at each of the living threads would show as loads.
    const auto loads_of_an_exit = [](procspace::Pid count) {
        World<Watched> world;
        std::vector<std::shared_ptr<World<Watched>::Thread>> threads;
        for (procspace::Pid tid = 2; tid < 2 + count; ++tid)
            threads.push_back(world.init->new_thread(tid).build());
        support::AtomicTally::clear();
        const unsigned long sections = support::DepthLock::sections();
        threads.back()->exit(0);
        CHECK(support::DepthLock::sections() == sections + 1);
        return support::AtomicTally::loads;
    };
    CHECK(loads_of_an_exit(200) == loads_of_an_exit(2));
}
