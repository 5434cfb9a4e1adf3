#include <procspace/process/process_jobs.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

#include <new>

using procspace::Errno;
using support::Pids;
using support::World;

PROCSPACE_TRAITS_TEST_CASE("Process: create_group moves it into a new group of the same session",
                           "[process][jobs][P4]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto group = child->create_group();
    REQUIRE(group != nullptr);
    CHECK(group->pgid() == 2);
    CHECK(child->group() == group);
    CHECK(child->pgid() == 2);
    CHECK(child->sid() == 1);
    CHECK(group->session() == world.init->session());
    CHECK(support::pids(group->processes()) == Pids{2});
    CHECK(support::pids(world.init->group()->processes()) == Pids{1});
    CHECK(support::pgids(world.init->session()->process_groups()) == Pids{1, 2});
}

PROCSPACE_TRAITS_TEST_CASE("Process: create_group gives null where there is nothing to create",
                           "[process][jobs][trap:13]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto refused = [](const auto& process) {
        const bool null = process->create_group() == nullptr;
        return null && process->try_create_group().error == Errno::permission;
    };
    SECTION("the leader of its own group") {
        const auto group = child->create_group();
        CHECK(refused(child));
        CHECK(child->group() == group);
    }
    SECTION("a session leader") {
        child->create_session();
        CHECK(refused(child));
        CHECK(refused(world.init));
    }
    SECTION("a zombie") {
        child->exit();
        CHECK(refused(child));
        CHECK(child->pgid() == 1);
    }
    SECTION("a reaped process") {
        child->exit();
        child->free();
        CHECK(refused(child));
    }
}

PROCSPACE_TRAITS_TEST_CASE("Process: create_group twice gives one group", "[process][jobs][trap:3][trap:20]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto group = child->create_group(); // as the child itself does, and again as its parent does
    CHECK(child->create_group() == nullptr);
    CHECK(world.tree.find_group(2) == group);
    CHECK(support::pgids(world.init->session()->process_groups()) == Pids{1, 2});
}

PROCSPACE_TRAITS_TEST_CASE("Process: create_group joins the group with its number that it left before",
                           "[process][jobs][P7][trap:5]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    auto group = child->create_group();
    SECTION("others are still in it") {
        const auto member = child->fork(3).build();
        CHECK(child->move_to_group(world.init->group()));
        CHECK(child->create_group() == group);
        CHECK(support::pids(group->processes()) == Pids{2, 3});
    }
    SECTION("it is empty and somebody holds a handle") {
        CHECK(child->move_to_group(world.init->group()));
        CHECK(group->processes().empty());
        CHECK(world.tree.find_group(2) == group);
        CHECK(child->create_group() == group);
        CHECK(support::pids(group->processes()) == Pids{2});
    }
    SECTION("it is empty and nobody holds a handle: a new one") {
        CHECK(child->move_to_group(world.init->group()));
        group.reset();
        CHECK(world.tree.find_group(2) == nullptr);
        group = child->create_group();
        CHECK(child->group() == group);
    }
    CHECK(support::pgids(world.init->session()->process_groups()) == Pids{1, 2});
}

PROCSPACE_TRAITS_TEST_CASE("Process: create_session moves it into a new session and a new group",
                           "[process][jobs][P4]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto grandchild = child->fork(3).build();
    const auto created = child->create_session();
    REQUIRE(created);
    CHECK(created->first->sid() == 2);
    CHECK(created->second->pgid() == 2);
    CHECK(created->second->session() == created->first);
    CHECK(child->session() == created->first);
    CHECK(child->group() == created->second);
    CHECK(child->sid() == 2);
    CHECK(child->pgid() == 2);
    CHECK(support::pgids(created->first->process_groups()) == Pids{2});
    CHECK(support::pids(created->second->processes()) == Pids{2});
    CHECK(grandchild->sid() == 1); // only the process itself moves
    CHECK(world.tree.find_session(2) == created->first);
    CHECK(child->parent() == world.init);
}

PROCSPACE_TRAITS_TEST_CASE("Process: create_session is refused where its number is taken",
                           "[process][jobs][P7][trap:3]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto refused = [](const auto& process) {
        const bool none = !process->create_session().has_value();
        return none && process->try_create_session().error == Errno::permission;
    };
    SECTION("by its own session") {
        child->create_session();
        CHECK(refused(child));
        CHECK(refused(world.init));
    }
    SECTION("by its own group") {
        child->create_group();
        CHECK(refused(child));
    }
    SECTION("by the group that it left to others") {
        child->create_group();
        const auto member = child->fork(3).build();
        child->move_to_group(world.init->group());
        CHECK(refused(child));
        CHECK(child->pgid() == 1);
        member->move_to_group(world.init->group());
        CHECK(child->create_session()); // empty now
    }
    SECTION("a zombie") {
        child->exit();
        CHECK(refused(child));
    }
    SECTION("a reaped process") {
        child->exit();
        child->free();
        CHECK(refused(child));
    }
}

PROCSPACE_TRAITS_TEST_CASE("Process: create_session retires an emptied group with its number",
                           "[process][jobs][P7][trap:5]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto other = world.init->fork(3).build();
    const auto retired = child->create_group();
    child->move_to_group(world.init->group());
    const auto created = child->create_session();
    REQUIRE(created);
    CHECK(created->second != retired);
    CHECK(world.tree.find_group(2) == created->second);
    CHECK_FALSE(other->move_to_group(retired));
    CHECK(other->pgid() == 1);
    CHECK(support::pgids(world.init->session()->process_groups()) == Pids{1});
}

PROCSPACE_TRAITS_TEST_CASE("Process: a retired group that ends leaves the number to its successor",
                           "[process][jobs][P6]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    auto retired = child->create_group();
    child->move_to_group(world.init->group());
    const auto created = child->create_session();
    retired.reset();
    CHECK(world.tree.find_group(2) == created->second);
    CHECK(world.tree.find_session(2) == created->first);
    CHECK(world.init->fork(2).try_build().error == Errno::exists);
}

PROCSPACE_TRAITS_TEST_CASE("Process: move_to_group leaves the old group and joins the new one",
                           "[process][jobs][P4][trap:19]") {
    World<TestType> world;
    const auto leader = world.init->fork(2).build();
    const auto group = leader->create_group();
    const auto child = world.init->fork(3).build();
    CHECK(child->move_to_group(group));
    CHECK(child->group() == group);
    CHECK(child->pgid() == 2);
    CHECK(child->sid() == 1);
    CHECK(support::pids(group->processes()) == Pids{2, 3});
    CHECK(support::pids(world.init->group()->processes()) == Pids{1});
}

PROCSPACE_TRAITS_TEST_CASE("Process: move_to_group says true for the group where it is already", "[process][jobs]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    CHECK(child->move_to_group(world.init->group()));
    CHECK(world.init->move_to_group(world.init->group())); // even for a session leader
    CHECK(support::pids(world.init->group()->processes()) == Pids{1, 2});
}

PROCSPACE_TRAITS_TEST_CASE("Process: move_to_group is refused", "[process][jobs][trap:3]") {
    World<TestType> world;
    const auto leader = world.init->fork(2).build();
    const auto group = leader->create_group();
    const auto child = world.init->fork(3).build();
    SECTION("into a group of another session") {
        const auto created = world.init->fork(4).build()->create_session();
        CHECK_FALSE(child->move_to_group(created->second));
    }
    SECTION("into a group of another tree") {
        World<TestType> other;
        CHECK_FALSE(child->move_to_group(other.init->group()));
    }
    SECTION("for a session leader") {
        const auto session = child->create_session();
        const auto member = child->fork(5).build();
        const auto second = member->create_group();
        CHECK_FALSE(child->move_to_group(second));
        CHECK(child->pgid() == 3);
    }
    SECTION("for a zombie") {
        child->exit();
        CHECK_FALSE(child->move_to_group(group));
        CHECK_FALSE(child->move_to_group(world.init->group())); // even to where it is
        CHECK(child->pgid() == 1);
    }
    SECTION("for a reaped process") {
        child->exit();
        child->free();
        CHECK_FALSE(child->move_to_group(group));
    }
    CHECK(support::pids(group->processes()) == Pids{2});
}

PROCSPACE_TRAITS_TEST_CASE("Process: an emptied group can be joined again while a handle lives",
                           "[process][jobs][P7]") {
    World<TestType> world;
    const auto leader = world.init->fork(2).build();
    const auto group = leader->create_group();
    leader->exit();
    leader->free();
    CHECK(group->processes().empty());
    CHECK(world.init->fork(2).try_build().error == Errno::exists); // the number is still a pgid
    const auto child = world.init->fork(3).build();
    CHECK(child->move_to_group(group));
    CHECK(child->pgid() == 2);
    CHECK(support::pids(group->processes()) == Pids{3});
    CHECK(world.check({leader}).rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("Process: the group that it was the last to leave ends", "[process][jobs][P7]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    child->create_session();
    std::weak_ptr<typename World<TestType>::Group> group = child->group();
    std::weak_ptr<typename World<TestType>::Session> session = child->session();
    child->exit();
    CHECK_FALSE(group.expired()); // a zombie is still a member
    child->free();
    CHECK(group.expired());
    CHECK(session.expired());
    CHECK(world.tree.find_session(2) == nullptr);
    CHECK(world.init->fork(2).try_build()); // all roles of the number are gone
}

TEST_CASE("Process: out of memory leaves it in its group and session", "[process][jobs]") {
    World<support::DepthFailing> world;
    const auto child = world.init->fork(2).build();
    const auto unchanged = [&] {
        return child->group() == world.init->group() && world.check().rule == nullptr && child->pgid() == 1 &&
               world.tree.find_group(2) == nullptr && world.tree.find_session(2) == nullptr;
    };
    {
        const support::FailNth::Armed armed(1);
        CHECK(child->try_create_group().error == Errno::no_memory);
        CHECK(unchanged());
    }
    for (std::size_t n = 1; n <= 2; ++n) {
        const support::FailNth::Armed armed(n);
        CHECK(child->try_create_session().error == Errno::no_memory);
        CHECK(unchanged());
    }
    support::FailNth::arm(1);
    CHECK_THROWS_AS(child->create_group(), std::bad_alloc);
    support::FailNth::arm(1);
    CHECK_THROWS_AS(child->create_session(), std::bad_alloc);
    support::FailNth::arm(0);
    CHECK(unchanged());
}

PROCSPACE_TRAITS_TEST_CASE("Process: set_pgid moves it into the group with the number", "[process][jobs][P4]") {
    World<TestType> world;
    const auto leader = world.init->fork(2).build();
    const auto child = world.init->fork(3).build();
    SECTION("of another") {
        const auto group = leader->create_group();
        CHECK(child->set_pgid(2));
        CHECK(child->group() == group);
    }
    SECTION("its own for which there is no group") {
        CHECK(child->set_pgid(3));
        CHECK(child->pgid() == 3);
        CHECK(support::pids(child->group()->processes()) == Pids{3});
    }
    SECTION("its own for which there is one") {
        const auto group = child->create_group();
        child->move_to_group(world.init->group());
        CHECK(child->set_pgid(3));
        CHECK(child->group() == group);
    }
    SECTION("where it is already") {
        CHECK(child->set_pgid(1));
        CHECK(child->pgid() == 1);
        leader->create_group();
        CHECK(leader->set_pgid(2));
        CHECK(leader->pgid() == 2);
    }
    SECTION("also as a zombie") {
        leader->create_group();
        child->exit();
        CHECK(child->set_pgid(2));
        CHECK(child->pgid() == 2);
        CHECK(child->set_pgid(3));
        CHECK(support::pids(child->group()->processes()) == Pids{3});
    }
}

PROCSPACE_TRAITS_TEST_CASE("Process: set_pgid is refused", "[process][jobs]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto other = world.init->fork(3).build();
    SECTION("for a number that is no group") {
        CHECK(child->set_pgid(3).error == Errno::permission);
        CHECK(child->set_pgid(99).error == Errno::permission);
    }
    SECTION("for a group of another session") {
        other->create_session();
        CHECK(child->set_pgid(3).error == Errno::permission);
    }
    SECTION("for a session leader") {
        child->create_session();
        const auto member = child->fork(4).build();
        member->create_group();
        CHECK(child->set_pgid(4).error == Errno::permission); // although it is of its session
        CHECK(child->set_pgid(1).error == Errno::permission);
        CHECK(child->set_pgid(2).error == Errno::permission);
        CHECK(child->pgid() == 2);
    }
    SECTION("once it was reaped") {
        child->exit();
        child->free();
        CHECK(child->set_pgid(1).error == Errno::no_process);
        CHECK(child->set_pgid(2).error == Errno::no_process);
    }
}

PROCSPACE_TRAITS_TEST_CASE("Process: set_pgid moves a zombie as well, into its own group or another",
                           "[process][jobs][P4]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto sibling = world.init->fork(3).build();
    sibling->create_group();
    child->exit();
    CHECK(child->set_pgid(2));
    CHECK(child->pgid() == 2);
    CHECK(support::pids(child->group()->processes()) == Pids{2});
    CHECK(child->set_pgid(2)); // already there
    CHECK(child->set_pgid(3));
    CHECK(support::pids(sibling->group()->processes()) == Pids{2, 3});
    CHECK(child->free());
    CHECK(support::pids(sibling->group()->processes()) == Pids{3});
}

PROCSPACE_TRAITS_TEST_CASE("Process: set_pgid says why it moves nothing", "[process][jobs]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const auto leader = world.init->fork(3).build();
    leader->create_session();
    SECTION("a session leader") {
        CHECK(leader->set_pgid(3).error == Errno::permission);
        CHECK(leader->set_pgid(1).error == Errno::permission);
    }
    SECTION("a group of another session") {
        CHECK(child->set_pgid(3).error == Errno::permission);
    }
    SECTION("no such group") {
        CHECK(child->set_pgid(77).error == Errno::permission);
    }
    SECTION("a reaped process") {
        child->exit();
        child->free();
        CHECK(child->set_pgid(2).error == Errno::no_process);
        CHECK(child->set_pgid(1).error == Errno::no_process);
    }
    CHECK(child->pgid() == 1);
}
