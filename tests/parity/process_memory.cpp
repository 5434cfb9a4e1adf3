// Seed 003, statement by statement: how the memory of the process half is managed. One case for each row of table.tsv.
#include <procspace/process/tree.hpp>

#include "support/catch.hpp"
#include "support/tracked.hpp"
#include "support/world.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>

using procspace::Pid;
using support::CountingMemory;
using support::Pids;
using support::Tracked;
using World = support::World<support::DepthFailing>;

namespace {

std::string irq_steps;

struct Irq {
    static int save_and_disable() noexcept {
        irq_steps += "disable ";
        return 7;
    }
    static void restore(int state) noexcept { irq_steps += "restore " + std::to_string(state) + " "; }
};

} // namespace

TEST_CASE("Memory: children are kept while their parent exists", "[parity][seed:003-1]") {
    World world;
    const std::size_t alive = Tracked::alive();
    world.init->fork(2).data(Tracked(1)).build();
    CHECK(Tracked::alive() == alive + 1);
}

TEST_CASE("Memory: a parent is not kept by its children", "[parity][seed:003-2]") {
    World world;
    const std::size_t alive = Tracked::alive();
    auto parent = world.init->fork(2).data(Tracked(1)).build();
    const auto child = parent->fork(3).build();
    parent->exit();
    parent->free();
    parent.reset();
    CHECK(Tracked::alive() == alive);
    CHECK(child->state() == procspace::ProcessState::living);
}

TEST_CASE("Memory: a group is kept while a process is in it", "[parity][seed:003-3]") {
    World world;
    const auto child = world.init->fork(2).build();
    child->create_group();
    CHECK(world.tree.find_group(2) != nullptr);
    child->exit();
    CHECK(world.tree.find_group(2) != nullptr);
    child->free();
    CHECK(world.tree.find_group(2) == nullptr);
}

TEST_CASE("Memory: a session is kept while a group is in it", "[parity][seed:003-4]") {
    World world;
    const auto leader = world.init->fork(2).build();
    leader->create_session();
    const auto member = leader->fork(3).build();
    member->create_group();
    leader->exit();
    leader->free();
    CHECK(world.tree.find_session(2) == member->session());
    member->exit();
    member->free();
    CHECK(world.tree.find_session(2) == nullptr);
}

TEST_CASE("Memory: processes end whether or not their group does", "[parity][seed:003-5]") {
    World world;
    const std::size_t alive = Tracked::alive();
    const auto group = world.init->group();
    for (Pid pid = 2; pid < 5; ++pid) {
        const auto child = world.init->fork(pid).data(Tracked(1)).build();
        child->exit();
        child->free();
    }
    CHECK(Tracked::alive() == alive);
    CHECK(support::pids(group->processes()) == Pids{1});
}

TEST_CASE("Memory: groups end whether or not their session does", "[parity][seed:003-6]") {
    World world;
    const auto child = world.init->fork(2).build();
    const std::size_t blocks = CountingMemory::live_blocks();
    child->create_group();
    child->move_to_group(world.init->group());
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("Memory: a process is kept while a thread of it is", "[parity][seed:003-7]") {
    World world;
    const std::size_t alive = Tracked::alive();
    auto child = world.init->fork(2).data(Tracked(1)).build();
    auto thread = child->new_thread(2).build();
    child->exit();
    child->free();
    child.reset();
    CHECK(Tracked::alive() == alive + 1);
    CHECK(thread->process()->data<Tracked>()->value == 1);
    thread.reset();
    CHECK(Tracked::alive() == alive);
}

TEST_CASE("Memory: threads end whether or not their process does", "[parity][seed:003-8]") {
    World world;
    const std::size_t alive = Tracked::alive();
    auto thread = world.init->new_thread(2).data(Tracked(1)).build();
    thread->exit(0);
    thread.reset();
    CHECK(Tracked::alive() == alive);
    CHECK(world.init->threads().empty());
}

TEST_CASE("Memory: a strong map inserts and removes and lists", "[parity][seed:003-9]") {
    procspace::StrongMap<int, Tracked, CountingMemory> map;
    map.insert(2, std::make_shared<Tracked>(20));
    map.insert(1, std::make_shared<Tracked>(10));
    REQUIRE(map.values().size() == 2);
    CHECK(map.values()[0]->value == 10);
    CHECK(map.remove(1)->value == 10);
    CHECK(map.values()[0]->value == 20);
}

TEST_CASE("Memory: a weak map inserts and removes and upgrades and lists", "[parity][seed:003-10]") {
    procspace::WeakMap<int, Tracked, CountingMemory> map;
    const auto kept = std::make_shared<Tracked>(10);
    map.insert(1, kept);
    map.insert(2, std::make_shared<Tracked>(20));
    CHECK(map.upgrade(1) == kept);
    CHECK(map.upgrade(2) == nullptr);
    CHECK(map.values() == std::vector{kept});
    CHECK(map.remove(1));
    CHECK(map.upgrade(1) == nullptr);
}

TEST_CASE("Memory: the lock masks interrupts while it is held", "[parity][seed:003-11]") {
    irq_steps.clear();
    procspace::SpinNoIrq<Irq> lock;
    {
        const procspace::LockGuard guard(lock);
        irq_steps += "section ";
    }
    CHECK(irq_steps == "disable section restore 7 ");
}

TEST_CASE("Memory: new_init and fork begin a builder", "[parity][seed:003-12]") {
    World world;
    using Builder = procspace::BasicProcessBuilder<support::DepthFailing>;
    STATIC_REQUIRE(std::is_same_v<decltype(world.tree.new_init(1)), Builder>);
    STATIC_REQUIRE(std::is_same_v<decltype(world.init->fork(2)), Builder>);
    const auto builder = world.init->fork(2);
    CHECK(world.init->children().empty());
}

TEST_CASE("Memory: data gives the process the user's own", "[parity][seed:003-13]") {
    World world;
    const auto child = world.init->fork(2).data(std::string("mine")).build();
    REQUIRE(child->data<std::string>() != nullptr);
    CHECK(*child->data<std::string>() == "mine");
}

TEST_CASE("Memory: build gives a shared handle", "[parity][seed:003-14]") {
    World world;
    auto child = world.init->fork(2).build();
    STATIC_REQUIRE(std::is_same_v<decltype(child), World::ProcessHandle>);
    CHECK(child.use_count() == 2); // the other is its parent's
}

TEST_CASE("Memory: build makes session and group for init", "[parity][seed:003-15]") {
    World::Tree tree;
    const auto init = tree.new_init(42).build();
    CHECK(init->session()->sid() == 42);
    CHECK(init->group()->pgid() == 42);
}

TEST_CASE("Memory: build gives a child the group of its parent", "[parity][seed:003-16]") {
    World world;
    const auto parent = world.init->fork(2).build();
    const auto created = parent->create_session();
    const auto child = parent->fork(3).build();
    CHECK(child->group() == created->second);
    CHECK(child->session() == created->first);
}

TEST_CASE("Memory: build puts the process into its group without giving it to the group", "[parity][seed:003-17]") {
    World world;
    auto child = world.init->fork(2).build();
    CHECK(support::pids(world.init->group()->processes()) == Pids{1, 2});
    CHECK(child.use_count() == 2); // this one and the parent's
}

TEST_CASE("Memory: build of init fills the place that init_proc reads", "[parity][seed:003-18]") {
    // The only case of this program with the default tree, which lives as long as the program.
    const auto init = procspace::Process::new_init(1).build();
    CHECK(procspace::init_proc() == init);
    CHECK(init->is_init());
}

TEST_CASE("Memory: build gives a child to its parent", "[parity][seed:003-19]") {
    World world;
    const auto child = world.init->fork(2).build();
    CHECK(world.init->children() == std::vector{child});
}

TEST_CASE("Memory: the zombie mark is read without a lock", "[parity][seed:003-20]") {
    World world;
    const auto child = world.init->fork(2).build();
    child->exit();
    const unsigned long sections = support::DepthLock::sections();
    CHECK(child->is_zombie());
    CHECK(support::DepthLock::sections() == sections);
}

TEST_CASE("Memory: the children of a zombie are init's", "[parity][seed:003-21]") {
    World world;
    const auto parent = world.init->fork(2).build();
    const auto child = parent->fork(3).build();
    parent->exit();
    CHECK(child->parent() == world.init);
    CHECK(world.check({parent, child}).rule == nullptr);
}

TEST_CASE("Memory: a zombie has let go of a part of what it had", "[parity][seed:003-22]") {
    World world;
    const auto child = world.init->fork(2).data(Tracked(1)).build();
    const auto thread = child->new_thread(2).build();
    child->group_exit(9);
    child->exit();
    CHECK(child->threads().empty());
    CHECK(child->exit_code() == 9);
    CHECK(child->group() == world.init->group());
    CHECK(child->data<Tracked>() != nullptr);
}

TEST_CASE("Memory: free completes the cleanup", "[parity][seed:003-23]") {
    World world;
    const std::size_t blocks = CountingMemory::live_blocks();
    auto child = world.init->fork(2).build();
    child->exit();
    CHECK(child->free());
    CHECK_FALSE(child->free());
    child.reset();
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("Memory: free of a process that has not exited is a panic", "[parity][seed:003-24]") {
    World world;
    const auto child = world.init->fork(2).build();
    CHECK(support::panic_of([&] { child->free(); }) == "free: the process has not exited");
}

TEST_CASE("Memory: what stands higher is kept by what stands lower", "[parity][seed:003-25]") {
    World world;
    auto child = world.init->fork(2).build();
    child->create_session();
    auto thread = child->new_thread(2).build();
    child.reset();
    CHECK(thread->process()->group()->session()->sid() == 2);
}

TEST_CASE("Memory: what is shared may be changed by two threads at once", "[parity][seed:003-26]") {
    World world;
    std::atomic<int> reaped{0};
    const auto live_and_die = [&](Pid from) {
        for (Pid pid = from; pid < from + 200; ++pid) {
            const auto child = world.init->fork(pid).build();
            child->create_session();
            child->exit();
            reaped += child->free() ? 1 : 0;
        }
    };
    std::thread other([&] { live_and_die(1000); });
    live_and_die(2000);
    other.join();
    CHECK(reaped == 400);
    CHECK(world.init->children().empty());
}

TEST_CASE("Memory: a builder publishes a process or a thread only when it is whole", "[parity][seed:003-27]") {
    World world;
    auto builder = world.init->fork(2);
    auto thread_builder = world.init->new_thread(3);
    CHECK(world.tree.find_process(2) == nullptr);
    CHECK(world.tree.find_thread(3) == nullptr);
    CHECK(builder.build()->group() == world.init->group());
    CHECK(thread_builder.build()->process() == world.init);
}

TEST_CASE("Memory: a zombie is not cleaned up before it is freed", "[parity][seed:003-28]") {
    World world;
    const std::size_t alive = Tracked::alive();
    world.init->fork(2).data(Tracked(1)).build()->exit();
    CHECK(Tracked::alive() == alive + 1);
    const auto zombie = world.init->children().front();
    CHECK(zombie->is_zombie());
    CHECK(zombie->fork(3).try_build().error == procspace::Errno::no_process);
    CHECK(zombie->new_thread(3).try_build().error == procspace::Errno::no_process);
    CHECK(zombie->create_group() == nullptr);
}
