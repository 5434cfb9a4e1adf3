#include <procspace/debug/format.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

#include <sstream>
#include <string>

using procspace::ProcessState;
using procspace::to_string;
using support::World;

namespace {

/// A stream that uses the tree while it is written to, as a console does that has a process of its own.
template <class Traits>
struct TreeUsingSink {
    World<Traits>& world;
    std::string text{};

    TreeUsingSink& operator<<(const std::string& line) {
        const auto helper = world.init->fork(500).build();
        helper->exit();
        CHECK(helper->free());
        text += line;
        return *this;
    }
};

} // namespace

TEST_CASE("Format: each state has its word", "[process][format]") {
    CHECK(std::string(to_string(ProcessState::living)) == "living");
    CHECK(std::string(to_string(ProcessState::zombie)) == "zombie");
    CHECK(std::string(to_string(ProcessState::reaped)) == "reaped");
    CHECK(std::string(to_string(static_cast<ProcessState>(9))) == "invalid");
}

PROCSPACE_TRAITS_TEST_CASE("Format: a process prints its numbers and state and code and whom it knows",
                           "[process][format]") {
    World<TestType> world;
    const auto child = world.init->fork(5).build();
    CHECK(to_string(*child) ==
          "Process(pid=5, ppid=1, pgid=1, sid=1, state=living, exit_code=0, threads=[], children=[])");
    const auto leader = child->new_thread(5).build();
    const auto thread = child->new_thread(7).build();
    const auto first = child->fork(9).build();
    const auto second = child->fork(8).build();
    child->create_group();
    CHECK(to_string(*child) ==
          "Process(pid=5, ppid=1, pgid=5, sid=1, state=living, exit_code=0, threads=[5, 7], children=[9, 8])");
    child->group_exit(-7);
    child->exit();
    CHECK(to_string(*child) ==
          "Process(pid=5, ppid=1, pgid=5, sid=1, state=zombie, exit_code=-7, threads=[], children=[])");
    child->free();
    CHECK(to_string(*child) ==
          "Process(pid=5, ppid=0, pgid=5, sid=1, state=reaped, exit_code=-7, threads=[], children=[])");
}

PROCSPACE_TRAITS_TEST_CASE("Format: a session and a group and a thread print their numbers", "[process][format]") {
    World<TestType> world;
    const auto child = world.init->fork(5).build();
    const auto group = child->create_group();
    const auto member = child->fork(6).build();
    const auto thread = child->new_thread(7).build();
    CHECK(to_string(*world.init->session()) == "Session(sid=1, process_groups=[1, 5])");
    CHECK(to_string(*group) == "ProcessGroup(pgid=5, sid=1, processes=[5, 6])");
    CHECK(to_string(*thread) == "Thread(tid=7, pid=5)");
}

PROCSPACE_TRAITS_TEST_CASE("Format: a stream gets the same text and can be written on", "[process][format]") {
    World<TestType> world;
    const auto thread = world.init->new_thread(1).build();
    std::ostringstream out;
    static_cast<std::ostream&>(out) << *world.init << "; " << *world.init->group() << "; " << *world.init->session()
                                    << "; " << *thread;
    CHECK(out.str() == to_string(*world.init) + "; " + to_string(*world.init->group()) + "; " +
                           to_string(*world.init->session()) + "; " + to_string(*thread));
}

PROCSPACE_TRAITS_TEST_CASE("Format: a stream may use the tree that it is printing", "[process][format][P2][trap:7]") {
    World<TestType> world;
    const auto thread = world.init->new_thread(1).build();
    for (procspace::Pid pid = 2; pid < 60; ++pid)
        world.init->fork(pid).build()->create_group();
    TreeUsingSink<TestType> sink{world};
    sink << *world.init << *world.init->group() << *world.init->session() << *thread;
    CHECK(sink.text == to_string(*world.init) + to_string(*world.init->group()) + to_string(*world.init->session()) +
                           to_string(*thread));
}
