#include <procspace/debug/checked_traits.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

#include <functional>
#include <string>

namespace {

using Checked = procspace::CheckedTraits<support::SpinHeap>;
using World = support::World<Checked>;

/// The lock and memory of these traits, as a tree would use them.
Checked::Lock first;
Checked::Lock second;

} // namespace

TEST_CASE("CheckedTraits: a tree that is used as it may be raises no panic", "[debug][P2]") {
    World world;
    const auto child = world.init->fork().data(7).build();
    child->create_session();
    child->new_thread().build()->exit(1);
    for (int i = 0; i < 40; ++i)
        child->fork().build()->exit();
    child->exit();
    child->free();
    CHECK(procspace::HeldLocks::depth() == 0);
    CHECK(world.check().rule == nullptr);
}

TEST_CASE("CheckedTraits: a second lock is a panic before it waits", "[debug][P1]") {
    auto& lock = GENERATE(std::ref(first), std::ref(second)).get();
    first.lock();
    CHECK(procspace::HeldLocks::depth() == 1);
    const std::string panic = support::panic_of([&] { lock.lock(); });
    first.unlock();
    CHECK(panic == "a tree lock is taken by a thread that holds one: foreign code ran under the lock");
    CHECK(procspace::HeldLocks::depth() == 0);
}
