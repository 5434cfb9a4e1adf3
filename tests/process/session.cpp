#include <procspace/process/session.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

using procspace::Errno;
using procspace::Pid;
using support::Pids;
using support::World;

PROCSPACE_TRAITS_TEST_CASE("Session: lists its groups in ascending order", "[process][session]") {
    World<TestType> world;
    for (const Pid pid : {9U, 3U, 70U})
        world.init->fork(pid).build()->create_group();
    CHECK(world.init->session()->sid() == 1);
    CHECK(support::pgids(world.init->session()->process_groups()) == Pids{1, 3, 9, 70});
}

PROCSPACE_TRAITS_TEST_CASE("Session: a group without members is listed while a handle lives", "[process][session]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    auto group = child->create_group();
    child->move_to_group(world.init->group());
    CHECK(support::pgids(world.init->session()->process_groups()) == Pids{1, 2});
    group.reset();
    CHECK(support::pgids(world.init->session()->process_groups()) == Pids{1});
}

PROCSPACE_TRAITS_TEST_CASE("Session: does not own its groups", "[process][session]") {
    World<TestType> world;
    const auto leader = world.init->fork(2).build();
    const auto session = leader->create_session()->first;
    CHECK(support::pgids(session->process_groups()) == Pids{2});
    leader->exit();
    leader->free();
    CHECK(session->process_groups().empty());
}

PROCSPACE_TRAITS_TEST_CASE("Session: its number is reserved while it lives", "[process][session][P7]") {
    World<TestType> world;
    const auto leader = world.init->fork(2).build();
    auto session = leader->create_session()->first;
    leader->exit();
    leader->free();
    CHECK(world.tree.find_session(2) == session);
    CHECK(world.init->fork(2).try_build().error == Errno::exists);
    CHECK(world.init->new_thread(2).try_build().error == Errno::exists);
    session.reset();
    CHECK(world.tree.find_session(2) == nullptr);
    CHECK(world.init->fork(2).try_build());
}

PROCSPACE_TRAITS_TEST_CASE("Session: for_each_process_group passes every group once in ascending order",
                           "[process][session][P11]") {
    World<TestType> world;
    for (Pid pid = 150; pid > 50; --pid)
        world.init->fork(pid).build()->create_group();
    Pids seen;
    world.init->session()->for_each_process_group([&](Pid pgid) {
        seen.push_back(pgid);
        if (pgid == 100) // the group of the cursor goes, and one behind it
            for (const Pid pid : {100U, 60U})
                world.tree.find_process(pid)->move_to_group(world.init->group());
    });
    CHECK(seen.size() == 101);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(world.init->session()->process_groups().size() == 99);
}
