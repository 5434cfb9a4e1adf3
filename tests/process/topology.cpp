#include <procspace/process/topology.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/world.hpp"

#include <functional>
#include <memory>
#include <utility>

using procspace::Pid;
using support::Tracked;
using support::World;

namespace {

/// Data whose destructor does something with the tree.
struct AtEnd {
    std::function<void()> what;
    Tracked tracked{};
    AtEnd(std::function<void()> its_what) : what(std::move(its_what)) {}
    AtEnd(AtEnd&& other) noexcept : what(std::exchange(other.what, nullptr)) {}
    AtEnd& operator=(AtEnd&&) = delete;
    ~AtEnd() {
        if (what)
            what();
    }
};

} // namespace

TEST_CASE("Topology: any one of the four roles keeps a number in use", "[process][topology][P7]") {
    World<support::NullCounting> world;
    const auto child = world.init->fork(2).build();
    const auto in_use = [&] { return world.init->fork(2).try_build().error == procspace::Errno::exists; };
    CHECK(in_use()); // a process
    auto created = child->create_session();
    const auto member = child->fork(3).build();
    child->exit();
    child->free();
    CHECK(in_use()); // a session and a group
    member->create_group();
    created->second.reset();
    CHECK(world.tree.find_group(2) == nullptr);
    CHECK(in_use()); // a session
    created.reset();
    CHECK(in_use());
    member->exit();
    member->free();
    CHECK_FALSE(in_use());
    const auto thread = world.init->new_thread(4).build();
    CHECK(world.init->fork(4).try_build().error == procspace::Errno::exists); // a thread
}

TEMPLATE_TEST_CASE("Topology: a number that is given back leaves the table", "[process][topology][P7]",
                   support::NullCounting, support::DepthFailing) {
    World<TestType> world;
    const std::size_t blocks = support::CountingMemory::live_blocks();
    for (int round = 0; round < 3; ++round) {
        const auto child = world.init->fork(2).build();
        const auto thread = child->new_thread(3).build();
        child->create_session();
        child->exit();
        child->free();
    }
    CHECK(support::CountingMemory::live_blocks() == blocks);
}

// --- what users give may itself use the tree, whenever the library destroys it
// ------------------------------------------

PROCSPACE_TRAITS_TEST_CASE("Topology: a payload may use the tree while it is destroyed",
                           "[process][topology][P2][trap:6]") {
    World<TestType> world;
    int destroyed = 0;
    const auto use = [&] {
        ++destroyed;
        const auto child = world.init->fork(900).build();
        child->create_session();
        child->new_thread(900).build()->exit(1);
        child->exit();
        CHECK(child->free());
        CHECK(world.init->children().size() <= 2);
    };
    SECTION("by the reap") {
        auto child = world.init->fork(2).data(AtEnd(use)).build();
        child->exit();
        auto* const raw = child.get();
        child.reset();
        raw->free();
    }
    SECTION("by the drop of the last handle") {
        auto child = world.init->fork(2).data(AtEnd(use)).build();
        child->exit();
        child->free();
        child.reset();
    }
    SECTION("by a build that is refused") {
        CHECK(world.init->fork(1).data(AtEnd(use)).try_build().error == procspace::Errno::exists);
    }
    SECTION("by data that come after it") {
        world.init->fork(2).data(AtEnd(use)).data(1).build();
    }
    SECTION("by the drop of a living thread") {
        world.init->new_thread(2).data(AtEnd(use)).build();
    }
    SECTION("by the drop of a thread that owned its process alone") {
        auto child = world.init->fork(2).data(AtEnd(use)).build();
        auto thread = child->new_thread(2).build();
        child->exit();
        child->free();
        child.reset();
        thread.reset();
    }
    CHECK(destroyed == 1);
}

PROCSPACE_TRAITS_TEST_CASE("Topology: a payload may hold handles and let go of them while it is destroyed",
                           "[process][topology][P2]") {
    World<TestType> world;
    auto other = world.init->fork(3).build();
    auto group = world.init->fork(4).build()->create_group();
    auto thread = other->new_thread(5).build();
    auto child = world.init->fork(2).data(AtEnd([other, group, thread] { thread->exit(3); })).build();
    group.reset();
    thread.reset();
    child->exit();
    child->free();
    CHECK(support::tids(other->threads()) == support::Pids{5});
    child.reset();
    CHECK(other->threads().empty());
    CHECK(other->exit_code() == 3);
}

PROCSPACE_TRAITS_TEST_CASE("Topology: payloads that use their neighbours while the tree ends find them reaped",
                           "[process][topology][P2][P10]") {
    int destroyed = 0;
    {
        World<TestType> world;
        const auto using_the_tree = [&destroyed, &tree = world.tree](const auto& weak) {
            return AtEnd([&destroyed, &tree, weak] {
                ++destroyed;
                for (Pid pid = 1; pid < 40; ++pid)
                    if (const auto found = tree.find_process(pid))
                        CHECK(found->children().size() < 10);
                if (const auto other = weak.lock()) {
                    CHECK(other->parent() == nullptr);
                    CHECK(other->group() == nullptr);
                    CHECK(other->children().empty());
                    CHECK(other->fork(50).try_build().error == procspace::Errno::no_process);
                    CHECK(other->create_group() == nullptr);
                    other->exit();
                    CHECK(other->state() == procspace::ProcessState::reaped);
                    CHECK_FALSE(other->free());
                }
            });
        };
        using Weak = std::weak_ptr<typename World<TestType>::Process>;
        // Processes end in the order of their numbers, level by level, so some payloads come before and some after the
        // others.
        const auto ten = world.init->fork(10).build();
        const auto twenty = ten->fork(20).build();
        world.init->fork(2).data(using_the_tree(Weak(ten))).build();
        world.init->fork(15).data(using_the_tree(Weak(twenty))).build();
        twenty->fork(30).data(using_the_tree(Weak(ten))).build();
        twenty->fork(5).data(using_the_tree(Weak(twenty))).build();
    }
    CHECK(destroyed == 4);
}
