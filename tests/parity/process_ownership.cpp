// Seed 002, statement by statement: who owns whom. One case for each row of table.tsv.
#include <procspace/process/tree.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/world.hpp"

#include <memory>
#include <thread>
#include <vector>

using support::Pids;
using support::Tracked;
using World = support::World<support::DepthFailing>;

namespace {

template <class T>
std::weak_ptr<T> weak(const std::shared_ptr<T>& handle) {
    return handle;
}

void exit_and_free(const World::ProcessHandle& process) {
    process->exit();
    CHECK(process->free());
}

} // namespace

TEST_CASE("Ownership: an object lives until the last of its owners lets go", "[parity][seed:002-1]") {
    World world;
    const std::size_t alive = Tracked::alive();
    auto first = world.init->fork(2).data(Tracked(1)).build();
    auto second = first;
    exit_and_free(first);
    first.reset();
    CHECK(Tracked::alive() == alive + 1);
    second.reset();
    CHECK(Tracked::alive() == alive);
}

TEST_CASE("Ownership: a weak reference does not keep an object", "[parity][seed:002-2]") {
    World world;
    const auto process = weak(world.init->fork(2).build());
    REQUIRE_FALSE(process.expired());
    exit_and_free(process.lock());
    CHECK(process.expired());
}

TEST_CASE("Ownership: a process owns its children", "[parity][seed:002-3]") {
    World world;
    const auto parent = world.init->fork(2).build();
    const auto child = weak(parent->fork(3).build());
    CHECK_FALSE(child.expired());
    CHECK(parent->children().front() == child.lock());
}

TEST_CASE("Ownership: a process does not own its parent", "[parity][seed:002-4]") {
    World world;
    auto parent = world.init->fork(2).build();
    const auto child = parent->fork(3).build();
    const auto former = weak(parent);
    exit_and_free(parent);
    parent.reset();
    CHECK(former.expired());
    CHECK(child->parent() == world.init);
}

TEST_CASE("Ownership: a process owns its group", "[parity][seed:002-5]") {
    World world;
    const auto process = world.init->fork(2).build();
    const auto group = weak(process->create_group());
    CHECK_FALSE(group.expired());
    process->move_to_group(world.init->group());
    CHECK(group.expired());
}

TEST_CASE("Ownership: a group owns its session", "[parity][seed:002-6]") {
    World world;
    const auto process = world.init->fork(2).build();
    const auto session = weak(process->create_session()->first);
    auto group = process->group();
    exit_and_free(process);
    CHECK_FALSE(session.expired());
    group.reset();
    CHECK(session.expired());
}

TEST_CASE("Ownership: a session does not own its groups", "[parity][seed:002-7]") {
    World world;
    const auto process = world.init->fork(2).build();
    const auto session = process->create_session()->first;
    const auto group = weak(process->group());
    exit_and_free(process);
    CHECK(group.expired());
}

TEST_CASE("Ownership: a group does not own its processes", "[parity][seed:002-8]") {
    World world;
    const auto process = weak(world.init->fork(2).build());
    const auto group = process.lock()->create_group();
    exit_and_free(process.lock());
    CHECK(process.expired());
}

TEST_CASE("Ownership: a thread group does not own its threads", "[parity][seed:002-9]") {
    World world;
    const auto thread = weak(world.init->new_thread(2).build());
    CHECK(thread.expired());
    CHECK(world.init->threads().empty());
}

TEST_CASE("Ownership: a thread owns its process", "[parity][seed:002-10]") {
    World world;
    auto process = world.init->fork(2).build();
    const auto thread = process->new_thread(2).build();
    const auto former = weak(process);
    exit_and_free(process);
    process.reset();
    CHECK(thread->process() == former.lock());
    CHECK_FALSE(former.expired());
}

TEST_CASE("Ownership: containers live as long as anything in them needs them", "[parity][seed:002-11]") {
    World world;
    const auto leader = world.init->fork(2).build();
    const auto session = weak(leader->create_session()->first);
    const auto group = weak(leader->group());
    const auto member = leader->fork(3).build();
    exit_and_free(leader);
    CHECK_FALSE(group.expired());
    CHECK_FALSE(session.expired());
    exit_and_free(member);
    CHECK(group.expired());
    CHECK(session.expired());
}

TEST_CASE("Ownership: children stay valid while the parent exists whoever else lets go of them",
          "[parity][seed:002-12]") {
    World world;
    const auto parent = world.init->fork(2).build();
    for (procspace::Pid pid = 3; pid < 6; ++pid)
        parent->fork(pid).build();
    CHECK(support::pids(parent->children()) == Pids{3, 4, 5});
}

TEST_CASE("Ownership: the maps have locks and can be used from two threads", "[parity][seed:002-13]") {
    World world;
    const auto fork_many = [&world](procspace::Pid from) {
        for (procspace::Pid pid = from; pid < from + 200; ++pid)
            world.init->fork(pid).build()->create_group();
    };
    std::thread other([&] { fork_many(1000); });
    fork_many(2000);
    other.join();
    CHECK(world.init->children().size() == 400);
    CHECK(world.init->session()->process_groups().size() == 401);
}

TEST_CASE("Ownership: a new process is in the group of its parent and listed there", "[parity][seed:002-14]") {
    World world;
    const auto parent = world.init->fork(2).build();
    const auto group = parent->create_group();
    const auto child = parent->fork(3).build();
    CHECK(child->group() == group);
    CHECK(support::pids(group->processes()) == Pids{2, 3});
}

TEST_CASE("Ownership: a new process is its parent's child and knows its parent", "[parity][seed:002-15]") {
    World world;
    const auto child = world.init->fork(2).build();
    CHECK(world.init->children() == std::vector{child});
    CHECK(child->parent() == world.init);
}

TEST_CASE("Ownership: a new group has its session and is listed there", "[parity][seed:002-16]") {
    World world;
    const auto group = world.init->fork(2).build()->create_group();
    CHECK(group->session() == world.init->session());
    CHECK(support::pgids(group->session()->process_groups()) == Pids{1, 2});
}

TEST_CASE("Ownership: a process without a parent gets a session and a group with its number", "[parity][seed:002-17]") {
    World world;
    CHECK(world.init->session()->sid() == 1);
    CHECK(world.init->group()->pgid() == 1);
    CHECK(world.init->group()->session() == world.init->session());
}

TEST_CASE("Ownership: a process without a parent becomes init once and for all", "[parity][seed:002-18]") {
    World world;
    CHECK(world.tree.init() == world.init);
    CHECK(support::panic_of([&] { world.tree.new_init(2).build(); }) == "this tree has an init already");
}

TEST_CASE("Ownership: exit marks a process as a zombie", "[parity][seed:002-19]") {
    World world;
    const auto child = world.init->fork(2).build();
    CHECK_FALSE(child->is_zombie());
    child->exit();
    CHECK(child->is_zombie());
}

TEST_CASE("Ownership: exit gives the children to init", "[parity][seed:002-20]") {
    World world;
    const auto parent = world.init->fork(2).build();
    parent->fork(3).build();
    parent->exit();
    CHECK(support::pids(world.init->children()) == Pids{2, 3});
}

TEST_CASE("Ownership: exit takes the children from the process that exits", "[parity][seed:002-21]") {
    World world;
    const auto parent = world.init->fork(2).build();
    parent->fork(3).build();
    parent->exit();
    CHECK(parent->children().empty());
}

TEST_CASE("Ownership: children whose parent has exited know init as their parent", "[parity][seed:002-22]") {
    World world;
    const auto parent = world.init->fork(2).build();
    const auto child = parent->fork(3).build();
    parent->exit();
    CHECK(child->parent() == world.init);
}

TEST_CASE("Ownership: init owns the children that it was given", "[parity][seed:002-23]") {
    World world;
    const auto parent = world.init->fork(2).build();
    const auto child = weak(parent->fork(3).build());
    exit_and_free(parent);
    CHECK_FALSE(child.expired());
}

TEST_CASE("Ownership: no cycle of owners keeps anything for ever", "[parity][seed:002-24]") {
    const std::size_t blocks = support::CountingMemory::live_blocks();
    {
        World world;
        const auto child = world.init->fork(2).build();
        const auto thread = child->new_thread(2).build();
        child->create_session();
        child->fork(3).build()->create_group();
    }
    CHECK(support::CountingMemory::live_blocks() == blocks);
}

TEST_CASE("Ownership: no list names what has ended", "[parity][seed:002-25]") {
    World world;
    const auto child = world.init->fork(2).build();
    child->create_group();
    child->new_thread(5).build();
    exit_and_free(child);
    CHECK(support::pids(world.init->group()->processes()) == Pids{1});
    CHECK(support::pgids(world.init->session()->process_groups()) == Pids{1});
    CHECK(child->threads().empty());
}

TEST_CASE("Ownership: handles are counted atomically across threads", "[parity][seed:002-26]") {
    World world;
    const auto copy_often = [handle = world.init] {
        for (int i = 0; i < 10000; ++i) {
            const World::ProcessHandle copy = handle; // NOLINT: the copy is the test
        }
    };
    const long owners = world.init.use_count();
    std::thread other(copy_often);
    copy_often();
    other.join();
    CHECK(world.init.use_count() == owners);
}

TEST_CASE("Ownership: a zombie stays its parent's child until free takes it away", "[parity][seed:002-27]") {
    World world;
    const auto child = world.init->fork(2).build();
    child->exit();
    CHECK(support::pids(world.init->children()) == Pids{2});
    CHECK(child->free());
    CHECK(world.init->children().empty());
}

TEST_CASE("Ownership: parent gives a strong handle or null", "[parity][seed:002-28]") {
    World world;
    const auto child = world.init->fork(2).build();
    CHECK(child->parent() == world.init);
    CHECK(world.init->parent() == nullptr);
    exit_and_free(child);
    CHECK(child->parent() == nullptr);
}

TEST_CASE("Ownership: children gives strong handles", "[parity][seed:002-29]") {
    World world;
    world.init->fork(2).build();
    const auto children = world.init->children();
    exit_and_free(children.front());
    CHECK(children.front()->pid() == 2);
}

TEST_CASE("Ownership: group gives a strong handle", "[parity][seed:002-30]") {
    World world;
    const auto child = world.init->fork(2).build();
    child->create_group();
    const auto group = child->group();
    exit_and_free(child);
    CHECK(group->pgid() == 2);
}

TEST_CASE("Ownership: session of a group gives a strong handle", "[parity][seed:002-31]") {
    World world;
    const auto child = world.init->fork(2).build();
    child->create_session();
    const auto session = child->group()->session();
    exit_and_free(child);
    CHECK(session->sid() == 2);
}

TEST_CASE("Ownership: processes of a group gives strong handles to the living entries", "[parity][seed:002-32]") {
    World world;
    const auto child = world.init->fork(2).build();
    const auto group = child->create_group();
    auto members = group->processes();
    CHECK(members == std::vector{child});
    exit_and_free(child);
    CHECK(members.front()->pid() == 2);
    CHECK(group->processes().empty());
}

TEST_CASE("Ownership: process_groups of a session gives strong handles to the living entries",
          "[parity][seed:002-33]") {
    World world;
    const auto child = world.init->fork(2).build();
    const auto session = child->create_session()->first;
    auto groups = session->process_groups();
    REQUIRE(groups.size() == 1);
    exit_and_free(child);
    CHECK(groups.front()->pgid() == 2);
    groups.clear();
    CHECK(session->process_groups().empty());
}
