#include <procspace/process/process_group.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

#include <type_traits>

using procspace::Pid;
using procspace::ProcessInfo;
using support::Pids;
using support::World;

PROCSPACE_TRAITS_TEST_CASE("ProcessGroup: lists its members with the zombies in ascending order", "[process][group]") {
    World<TestType> world;
    const auto leader = world.init->fork(5).build();
    const auto group = leader->create_group();
    const auto last = leader->fork(9).build();
    const auto first = leader->fork(2).build();
    first->exit();
    CHECK(support::pids(group->processes()) == Pids{2, 5, 9});
    first->free();
    CHECK(support::pids(group->processes()) == Pids{5, 9});
}

PROCSPACE_TRAITS_TEST_CASE("ProcessGroup: lives while it has members", "[process][group]") {
    World<TestType> world;
    auto leader = world.init->fork(5).build();
    const std::weak_ptr<typename World<TestType>::Group> group = leader->create_group();
    const auto member = leader->fork(6).build();
    leader->exit();
    leader->free();
    leader.reset();
    REQUIRE_FALSE(group.expired());
    CHECK(member->group() == group.lock());
    member->move_to_group(world.init->group());
    CHECK(group.expired());
}

PROCSPACE_TRAITS_TEST_CASE("ProcessGroup: owns its session", "[process][group]") {
    World<TestType> world;
    const auto leader = world.init->fork(5).build();
    const std::weak_ptr<typename World<TestType>::Session> session = leader->create_session()->first;
    auto group = leader->group();
    leader->exit();
    leader->free();
    CHECK(group->session() == session.lock());
    CHECK_FALSE(session.expired());
    CHECK(world.tree.find_session(5) == group->session());
    group.reset();
    CHECK(session.expired());
}

PROCSPACE_TRAITS_TEST_CASE("ProcessGroup: does not own its members", "[process][group]") {
    World<TestType> world;
    const std::weak_ptr<typename World<TestType>::Process> child = world.init->fork(5).build();
    const auto group = child.lock()->create_group();
    child.lock()->exit();
    child.lock()->free();
    CHECK(child.expired());
    CHECK(group->processes().empty());
}

PROCSPACE_TRAITS_TEST_CASE("ProcessGroup: for_each_process passes every member once in ascending order",
                           "[process][group][P11]") {
    World<TestType> world;
    const auto count = GENERATE(0U, 31U, 32U, 80U);
    for (Pid i = 0; i < count; ++i)
        world.init->fork(1000 - i).build();
    if (count > 0)
        world.tree.find_process(1000)->exit();
    Pids seen;
    world.init->group()->for_each_process([&](const ProcessInfo& info) {
        seen.push_back(info.pid);
        CHECK(info.pgid == 1);
        CHECK((info.state == procspace::ProcessState::zombie) == (info.pid == 1000));
    });
    CHECK(seen == support::pids(world.init->group()->processes()));
    CHECK(seen.size() == count + 1);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessGroup: for_each_process lets members leave from inside the callback",
                           "[process][group][P11][P2]") {
    World<TestType> world;
    const auto leader = world.init->fork(2).build();
    const auto group = leader->create_group();
    for (Pid pid = 100; pid < 200; ++pid)
        leader->fork(pid).build();
    const auto target = world.init->group();
    std::size_t seen = 0;
    group->for_each_process([&](const ProcessInfo& info) {
        ++seen;
        CHECK(world.tree.find_process(info.pid)->move_to_group(target));
    });
    CHECK(seen == 101);
    CHECK(group->processes().empty());
    CHECK(target->processes().size() == 102);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessGroup: pgid and session do not change", "[process][group]") {
    using Group = typename World<TestType>::Group;
    STATIC_REQUIRE(std::is_same_v<decltype(std::declval<const Group>().session()),
                                  const std::shared_ptr<typename World<TestType>::Session>&>);
    World<TestType> world;
    const auto leader = world.init->fork(5).build();
    const auto group = leader->create_group();
    leader->exit();
    leader->free();
    CHECK(group->pgid() == 5);
    CHECK(group->session()->sid() == 1);
}
