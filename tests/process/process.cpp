#include <procspace/process/process.hpp>

#include "support/catch.hpp"
#include "support/global_new.hpp"
#include "support/tally_atomic.hpp"
#include "support/tracked.hpp"
#include "support/world.hpp"

#include <type_traits>
#include <utility>

using procspace::Pid;
using procspace::ProcessInfo;
using procspace::ProcessState;
using support::Pids;
using support::Tracked;
using support::World;

namespace {

struct LoadCounting : support::DepthFailing {
    template <class U>
    using Atomic = support::TallyAtomic<U>;
};

} // namespace

PROCSPACE_TRAITS_TEST_CASE("Process: the details that users compile against have the types that are promised",
                           "[process]") {
    using W = World<TestType>;
    using Process = typename W::Process;
    STATIC_REQUIRE(std::is_same_v<Pid, std::uint32_t>);
    STATIC_REQUIRE(std::is_same_v<decltype(std::declval<Process>().parent()), std::shared_ptr<Process>>);
    STATIC_REQUIRE(std::is_same_v<decltype(std::declval<Process>().children()), std::vector<std::shared_ptr<Process>>>);
    STATIC_REQUIRE(std::is_same_v<decltype(std::declval<Process>().group()), std::shared_ptr<typename W::Group>>);
    STATIC_REQUIRE(std::is_same_v<decltype(std::declval<Process>().session()), std::shared_ptr<typename W::Session>>);
    STATIC_REQUIRE(
        std::is_same_v<decltype(std::declval<Process>().threads()), std::vector<std::shared_ptr<typename W::Thread>>>);
    STATIC_REQUIRE(std::is_same_v<
                   decltype(std::declval<Process>().create_session()),
                   std::optional<std::pair<std::shared_ptr<typename W::Session>, std::shared_ptr<typename W::Group>>>>);
    STATIC_REQUIRE(
        std::is_same_v<decltype(std::declval<Process>().create_group()), std::shared_ptr<typename W::Group>>);
    STATIC_REQUIRE(std::is_same_v<decltype(std::declval<const Process>().template data<int>()), const int*>);
    STATIC_REQUIRE(std::is_same_v<decltype(std::declval<Process>().template data<int>()), int*>);
    STATIC_REQUIRE(std::is_same_v<decltype(std::declval<Process>().exit_code()), int>);
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Process>);
    STATIC_REQUIRE_FALSE(std::is_move_constructible_v<Process>);
}

PROCSPACE_TRAITS_TEST_CASE("Process: children are given in ascending order whatever the order of their birth",
                           "[process]") {
    World<TestType> world;
    for (const Pid pid : {9U, 4U, 700U, 5U})
        world.init->fork(pid).build();
    CHECK(support::pids(world.init->children()) == Pids{4, 5, 9, 700});
}

PROCSPACE_TRAITS_TEST_CASE("Process: a zombie stays among the children until it is reaped", "[process][P4]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    child->exit();
    CHECK(support::pids(world.init->children()) == Pids{2});
    CHECK(child->parent() == world.init);
    child->free();
    CHECK(world.init->children().empty());
    CHECK(child->parent() == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("Process: const access gives const data", "[process]") {
    World<TestType> world;
    const auto child = world.init->fork(2).data(Tracked(7)).build();
    const auto& constant = std::as_const(*child);
    REQUIRE(constant.template data<Tracked>() != nullptr);
    CHECK(constant.template data<Tracked>() == child->template data<Tracked>());
    CHECK(constant.template data<int>() == nullptr);
    CHECK(child->template data<const Tracked>() == child->template data<Tracked>());
}

PROCSPACE_TRAITS_TEST_CASE("Process: a handle that outlives the reap keeps number and code and data but no relation",
                           "[process][P4][trap:12]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    const auto child = parent->fork(3).data(Tracked(7)).build();
    child->create_session();
    child->new_thread(3).build()->exit(4);
    child->exit();
    const auto group = child->group();
    child->free();
    CHECK(child->state() == ProcessState::reaped);
    CHECK_FALSE(child->is_zombie());
    CHECK(child->pid() == 3);
    CHECK(child->exit_code() == 4);
    CHECK(child->template data<Tracked>()->value == 7);
    CHECK(child->pgid() == 3);
    CHECK(child->sid() == 3);
    CHECK(child->ppid() == 0);
    CHECK(child->parent() == nullptr);
    CHECK(child->group() == nullptr);
    CHECK(child->session() == nullptr);
    CHECK(child->children().empty());
    CHECK(child->threads().empty());
    CHECK(group->processes().empty());
    CHECK(world.tree.find_process(3) == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("Process: a handle to a reaped process keeps its parent's memory not", "[process][P4]") {
    World<TestType> world;
    const std::size_t alive = Tracked::alive();
    auto parent = world.init->fork(2).data(Tracked(1)).build();
    const auto child = parent->fork(3).build();
    child->exit();
    child->free();
    parent->exit();
    parent->free();
    parent.reset();
    CHECK(Tracked::alive() == alive);
}

PROCSPACE_TRAITS_TEST_CASE("Process: info is the record of all its numbers", "[process]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    parent->create_session();
    const auto child = parent->fork(3).build();
    child->create_group();
    const ProcessInfo info = child->info();
    CHECK(info.pid == 3);
    CHECK(info.ppid == 2);
    CHECK(info.pgid == 3);
    CHECK(info.sid == 2);
    CHECK(info.state == ProcessState::living);
    child->exit();
    CHECK(child->info().state == ProcessState::zombie);
}

TEST_CASE("Process: its numbers and states and exit code are read without the lock", "[process][P3]") {
    World<LoadCounting> world;
    const auto child = world.init->fork(2).build();
    const unsigned long sections = support::DepthLock::sections();
    support::AtomicTally::clear();
    static_cast<void>(child->pid() + child->ppid() + child->pgid() + child->sid());
    static_cast<void>(child->is_init() || child->is_zombie() || child->is_group_exited());
    static_cast<void>(child->is_child_subreaper());
    static_cast<void>(child->exit_code());
    static_cast<void>(child->info());
    CHECK(support::DepthLock::sections() == sections);
    CHECK(support::AtomicTally::writes == 0);
    CHECK(support::AtomicTally::loads > 0);
    static_cast<void>(child->parent());
    CHECK(support::DepthLock::sections() == sections + 1);
}

TEST_CASE("Process: every mutator is one section of the lock", "[process][P1][trap:1][trap:3]") {
    World<support::DepthFailing> world;
    const auto child = world.init->fork(2).build();
    const auto other = world.init->fork(3).build();
    const auto thread = other->new_thread(7).build();
    const auto group = other->create_group();
    const auto sections = [](auto&& f) {
        const unsigned long before = support::DepthLock::sections();
        f();
        return support::DepthLock::sections() - before;
    };
    CHECK(sections([&] { child->move_to_group(group); }) == 1);
    CHECK(sections([&] { child->set_child_subreaper(true); }) == 1);
    CHECK(sections([&] { child->group_exit(3); }) == 1);
    CHECK(sections([&] { thread->exec(); }) == 1);
    CHECK(sections([&] { thread->exit(0); }) == 1);
    CHECK(sections([&] { child->exit(); }) == 1);
    CHECK(sections([&] { child->free(); }) == 1);
    auto builder = other->fork(9);
    std::shared_ptr<World<support::DepthFailing>::Process> forked;
    CHECK(sections([&] { forked = builder.build(); }) == 1);
    auto threads = forked->new_thread(9);
    std::shared_ptr<World<support::DepthFailing>::Thread> leader;
    CHECK(sections([&] { leader = threads.build(); }) == 1);
    const auto last = other->fork(10).build();
    CHECK(sections([&] { CHECK(last->create_session()); }) == 1);
    World<support::DepthFailing> elsewhere; // its relations are under another lock: not even looked at
    const auto foreign = elsewhere.init->group();
    CHECK(sections([&] { CHECK_FALSE(forked->move_to_group(foreign)); }) == 0);
}

PROCSPACE_TRAITS_TEST_CASE("Process: for_each_child passes every child of a thread once, the eldest first",
                           "[process][P11]") {
    World<TestType> world;
    const auto count = GENERATE(0U, 1U, 31U, 32U, 33U, 64U, 100U);
    Pids born;
    for (Pid pid = 0; pid < count; ++pid)
        born.push_back(world.init->fork(1000 - pid * 2).build()->pid());
    Pids seen;
    world.init->for_each_child([&](const ProcessInfo& info) {
        seen.push_back(info.pid);
        CHECK(info.ppid == 1);
    });
    CHECK(seen == born);
}

PROCSPACE_TRAITS_TEST_CASE("Process: for_each_child lets children come and go from inside the callback",
                           "[process][P11][P2]") {
    World<TestType> world;
    for (Pid pid = 10; pid < 110; ++pid)
        world.init->fork(pid).build();
    Pids seen;
    world.init->for_each_child([&](const ProcessInfo& info) {
        seen.push_back(info.pid);
        const auto child = world.tree.find_process(info.pid);
        REQUIRE(child != nullptr);
        child->exit();
        child->free(); // the cursor's own entry goes
        if (info.pid == 20)
            world.init->fork(5).build(); // younger than all: seen, as the next
        if (info.pid == 30)
            world.init->fork(500).build();
    });
    REQUIRE(seen.size() == 102);
    CHECK(std::is_sorted(seen.begin(), seen.begin() + 100));
    CHECK(seen[100] == 5);
    CHECK(seen[101] == 500);
    CHECK(world.init->children().empty());
}

PROCSPACE_TRAITS_TEST_CASE("Process: for_each_thread passes the living threads in ascending order", "[process][P11]") {
    World<TestType> world;
    std::vector<std::shared_ptr<typename World<TestType>::Thread>> threads;
    for (Pid tid = 200; tid > 100; --tid)
        threads.push_back(world.init->new_thread(tid).build());
    threads.front()->exit(0);
    Pids seen;
    world.init->for_each_thread([&](Pid tid) { seen.push_back(tid); });
    CHECK(seen == support::tids(world.init->threads()));
    CHECK(seen.size() == 99);
}

TEST_CASE("Process: for_each_child and its kin allocate nothing", "[process][P11]") {
    World<support::DepthFailing> world;
    for (Pid pid = 10; pid < 80; ++pid)
        world.init->fork(pid).build();
    const auto thread = world.init->new_thread(1).build();
    const auto group = world.init->group();
    const auto session = group->session();
    const std::size_t policy = support::CountingMemory::allocations();
    const std::size_t global = support::global_allocations();
    std::size_t seen = 0;
    world.init->for_each_child([&](const ProcessInfo&) { ++seen; });
    world.init->for_each_thread([&](Pid) { ++seen; });
    group->for_each_process([&](const ProcessInfo&) { ++seen; });
    session->for_each_process_group([&](Pid) { ++seen; });
    const std::size_t global_after = support::global_allocations();
    CHECK(global_after == global);
    CHECK(support::CountingMemory::allocations() == policy);
    CHECK(seen == 70 + 1 + 71 + 1);
}

TEST_CASE("Process: a snapshot grows outside of the lock and looks again", "[process][P11][trap:9]") {
    World<support::DepthFailing> world; // DepthLock and the global operator new see an allocation under it
    for (Pid pid = 10; pid < 110; ++pid)
        world.init->fork(pid).build();
    const unsigned long sections = support::DepthLock::sections();
    const auto children = world.init->children();
    CHECK(children.size() == 100);
    CHECK(support::DepthLock::sections() == sections + 2);
    CHECK(world.init->group()->processes().size() == 101);
}
