#include <procspace/process/numbers.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <vector>

using procspace::Errno;
using procspace::NumberBits;
using procspace::NumberHook;
using procspace::NumberRole;
using procspace::Pid;
using procspace::ProcessId;
using procspace::ProcessState;
using support::CountingMemory;
using support::World;

namespace {

using Table = procspace::NumberTable<CountingMemory, 1 << 18>;

/// A table whose blocks never run out, with hooks of its own.
struct Filled {
    Table table;
    Table::Blocks blocks;
    std::vector<std::unique_ptr<NumberHook>> hooks;

    void add(Pid number) {
        hooks.push_back(std::make_unique<NumberHook>(NumberRole::pid, number));
        REQUIRE(blocks.try_fill());
        REQUIRE(table.enter(*hooks.back(), blocks, true) == Errno::ok);
    }
};

} // namespace

TEST_CASE("NumberBits: finds the first set and the first clear bit from any place", "[process][numbers]") {
    NumberBits bits;
    CHECK(bits.first_set(0) == NumberBits::size);
    CHECK(bits.first_clear(0) == 0);
    for (const unsigned i : {0U, 63U, 64U, 200U, 255U})
        bits.set(i);
    CHECK(bits.first_set(1) == 63);
    CHECK(bits.first_set(65) == 200);
    CHECK(bits.first_set(201) == 255);
    CHECK(bits.first_clear(63) == 65);
    CHECK(bits.first_clear(255) == NumberBits::size);
    CHECK(bits.first_set(256) == NumberBits::size);
    for (unsigned i = 0; i < NumberBits::size; ++i)
        bits.set(i);
    CHECK(bits.first_clear(0) == NumberBits::size);
    bits.clear(70);
    CHECK(bits.first_clear(0) == 70);
}

TEST_CASE("NumberTable: its blocks agree with each other, whatever comes and goes", "[process][numbers][P7]") {
    constexpr Pid last = (1 << 16) + 300; // four leaves of two branches are at stake
    constexpr Pid first = (1 << 16) - 300;
    Table table;
    std::vector<std::unique_ptr<NumberHook>> hooks;
    std::mt19937 random(7);
    const auto below = [&](std::size_t limit) { return static_cast<unsigned>(random() % limit); };
    for (int step = 0; step < 6000; ++step) {
        Table::Blocks blocks;
        const bool fills = step / 1500 % 2 == 0;
        if (hooks.empty() || below(8) < (fills ? 7U : 1U)) {
            const Pid from = first + below(last - first);
            const Pid found = table.first_free(from, last);
            const Pid number = found != 0 ? found : table.first_free(first, last);
            if (number == 0)
                continue;
            REQUIRE(blocks.try_fill());
            hooks.push_back(std::make_unique<NumberHook>(NumberRole::pid, number));
            REQUIRE(table.enter(*hooks.back(), blocks, true) == Errno::ok);
        } else {
            std::swap(hooks[below(hooks.size())], hooks.back());
            table.leave(*hooks.back(), blocks, below(2) != 0);
            hooks.pop_back();
        }
        if (!table.is_sound())
            FAIL("after step " << step);
    }
    Table::Blocks blocks;
    for (const auto& hook : hooks)
        table.leave(*hook, blocks, false);
    CHECK(table.is_sound());
    CHECK(table.first_used(1) == 0);
}

TEST_CASE("NumberTable: passes over full leaves and branches to the first free number", "[process][numbers][P7]") {
    Filled filled;
    for (Pid number = 1; number <= 66'000; ++number) // all of the first branch, and a part of the second
        filled.add(number);
    CHECK(filled.table.first_free(1, 1 << 18) == 66'001);
    CHECK(filled.table.first_free(300, 65'999) == 0);
    filled.table.leave(*filled.hooks[40'000], filled.blocks, true);
    CHECK(filled.table.first_free(1, 1 << 18) == 40'001);
    CHECK(filled.table.first_free(40'002, 1 << 18) == 66'001);
    CHECK(filled.table.first_used(40'001) == 40'002);
    CHECK(filled.table.first_used(66'001) == 0);
    CHECK(filled.table.first_free(1 << 18, 1 << 18) == 1 << 18);
}

TEST_CASE("NumberTable: a leaf that was kept while it was empty is as any other when it is full",
          "[process][numbers]") {
    Filled filled;
    filled.add(70'000);
    filled.table.leave(*filled.hooks[0], filled.blocks, true); // its leaf is the one that is kept
    const Pid first = 70'000 / 256 * 256;
    for (Pid number = first; number < first + 256; ++number)
        filled.add(number);
    CHECK(filled.table.first_free(first, first + 255) == 0);
    filled.table.leave(*filled.hooks[8], filled.blocks, true);
    CHECK(filled.table.first_free(first, first + 255) == first + 7);
    CHECK(filled.table.is_sound());
}

TEST_CASE("NumberTable: needs blocks where no number was used, and says so before it changes anything",
          "[process][numbers][P7]") {
    Table table;
    Table::Blocks none;
    Table::Blocks some;
    NumberHook hook(NumberRole::pid, 5);
    CHECK(table.enter(hook, none, true) == Errno::no_memory);
    CHECK(table.roles(5) == nullptr);
    REQUIRE(some.try_fill());
    CHECK(table.enter(hook, some, true) == Errno::ok);
    NumberHook neighbour(NumberRole::pid, 6);
    CHECK(table.enter(neighbour, none, true) == Errno::ok);
    NumberHook same(NumberRole::pgid, 5);
    CHECK(table.enter(same, none, true) == Errno::exists);
    CHECK(table.enter(same, none, false) == Errno::ok);
    CHECK(table.find(5, NumberRole::pgid) == &same);
    CHECK(table.find(5, NumberRole::pid) == &hook);
    CHECK(table.find(5, NumberRole::sid) == nullptr);
    CHECK(table.roles((1 << 18) + 1) == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessTree: numbers are given cyclically", "[process][numbers][P7]") {
    procspace::BasicProcessTree<TestType> tree(320);
    const auto init = tree.new_init(1).build();
    for (Pid pid = 2; pid <= 320; ++pid) {
        const auto child = init->fork().build();
        REQUIRE(child->pid() == pid);
        if (pid == 5 || pid == 310 || pid == 315) {
            child->exit();
            child->free();
        }
    }
    CHECK(init->fork().build()->pid() == 310); // not 5: below 300 is for the first processes of a system
    CHECK(init->fork().build()->pid() == 315);
    CHECK(init->fork().try_build().error == Errno::again);
    CHECK(init->new_thread().try_build().error == Errno::again);
    CHECK(init->fork(5).try_build()); // who asks for it gets it
    CHECK(support::panic_of([&] { init->fork().build(); }) == "build: all numbers are in use");
    CHECK(procspace::check_invariants(tree).rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessTree: below 300 numbers are given again until one beyond was",
                           "[process][numbers][P7]") {
    procspace::BasicProcessTree<TestType> tree(320);
    const auto init = tree.new_init(1).build();
    const auto second = init->fork().build();
    const auto third = init->fork().build();
    for (Pid pid = 4; pid <= 320; ++pid)
        static_cast<void>(init->fork(pid).build());
    second->exit();
    second->free();
    CHECK(third->pid() == 3);
    CHECK(init->fork().build()->pid() == 2);
    CHECK(init->fork().try_build().error == Errno::again);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessTree: a number just given up is not given again at once", "[process][numbers][P7]") {
    World<TestType> world;
    Pid last = 1;
    for (int i = 0; i < 5; ++i) {
        const auto child = world.init->fork().build();
        CHECK(child->pid() == last + 1);
        last = child->pid();
        child->exit();
        child->free();
    }
    const auto thread = world.init->new_thread().build();
    CHECK(thread->tid() == last + 1);
    thread->exit(0);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessTree: numbers beyond its highest are invalid", "[process][numbers]") {
    procspace::BasicProcessTree<TestType> tree(50);
    const auto init = tree.new_init(1).build();
    CHECK(init->fork(51).try_build().error == Errno::invalid);
    CHECK(init->new_thread(51).try_build().error == Errno::invalid);
    CHECK(init->fork(50).try_build());
    World<TestType> world;
    CHECK(world.init->fork((1 << 22) + 1).try_build().error == Errno::invalid);
    CHECK(world.init->fork(1 << 22).try_build());
    using Tree = procspace::BasicProcessTree<TestType>;
    CHECK(support::panic_of([] { Tree none(0); }) == "a ProcessTree's highest number is from 1 to max_number");
}

PROCSPACE_TRAITS_TEST_CASE("ProcessTree: next is a cursor over the numbers in one role", "[process][numbers]") {
    World<TestType> world;
    std::vector<std::shared_ptr<typename World<TestType>::Thread>> threads;
    for (Pid pid = 10; pid < 600; pid += 3)
        world.init->fork(pid).build();
    const auto leader = world.tree.find_process(400);
    leader->create_session();
    threads.push_back(leader->new_thread(70'000).build());
    const auto all = [&](NumberRole role) {
        std::vector<Pid> numbers;
        for (Pid pid = 1; (pid = world.tree.next(role, pid)) != 0; ++pid)
            numbers.push_back(pid);
        return numbers;
    };
    const auto pids = all(NumberRole::pid);
    CHECK(pids.size() == 198);
    CHECK(std::is_sorted(pids.begin(), pids.end()));
    CHECK(all(NumberRole::sid) == std::vector<Pid>{1, 400}); // past more than one lock hold takes
    CHECK(all(NumberRole::pgid) == std::vector<Pid>{1, 400});
    CHECK(all(NumberRole::tid) == std::vector<Pid>{70'000});
    const auto counts = world.tree.counts();
    CHECK(counts.processes == 198);
    CHECK(counts.threads == 1);
    CHECK(counts.groups == 2);
    CHECK(counts.sessions == 2);
}

TEST_CASE("ProcessTree: nothing is kept when all was reaped, wherever its numbers were",
          "[process][numbers][trap:12]") {
    World<support::DepthFailing> world;
    const std::size_t bytes = CountingMemory::live_bytes();
    std::vector<Pid> pids;
    for (Pid i = 0; i < 2000; ++i)
        pids.push_back(world.init->fork(2 + i * 1031).build()->pid());
    CHECK(CountingMemory::live_bytes() > bytes);
    for (const Pid pid : pids) {
        const auto child = world.tree.find_process(pid);
        child->create_session();
        child->exit();
        child->free();
    }
    CHECK(CountingMemory::live_bytes() == bytes);
}

TEST_CASE("ProcessTree: a process that comes and goes alone asks the memory for itself only", "[process][numbers]") {
    World<support::DepthFailing> world;
    const auto neighbour = world.init->fork(2).build();
    const auto live = [&] {
        const auto child = world.init->fork(100'000).build();
        child->exit();
        child->free();
    };
    live();
    const std::size_t allocations = CountingMemory::allocations();
    for (int i = 0; i < 10; ++i)
        live();
    CHECK(CountingMemory::allocations() == allocations + 10);
}

PROCSPACE_TRAITS_TEST_CASE("ProcessId: names one process for ever, whoever has its number later",
                           "[process][numbers][trap:36][P6]") {
    World<TestType> world;
    auto child = world.init->fork(2).build();
    const ProcessId id = child->id();
    CHECK(world.tree.state_of(id) == ProcessState::living);
    CHECK(world.tree.find_process(id) == child);
    child->exit();
    CHECK(world.tree.state_of(id) == ProcessState::zombie);
    CHECK(world.tree.find_process(id) == child);
    child->free();
    CHECK(world.tree.state_of(id) == ProcessState::reaped);
    child.reset();
    const auto namesake = world.init->fork(2).build();
    CHECK(world.tree.state_of(id) == ProcessState::reaped);
    CHECK(world.tree.find_process(id) == nullptr);
    CHECK(namesake->id() != id);
    CHECK(namesake->id().pid == id.pid);
}

PROCSPACE_TRAITS_TEST_CASE("PreparedProcess: has a reserved number and is in no table until it is published",
                           "[process][builder][P7][trap:35]") {
    World<TestType> world;
    const auto parent = world.init->fork(2).build();
    auto prepared = parent->fork(5).data(7).prepare();
    REQUIRE(prepared);
    CHECK(prepared.value.pid() == 5);
    CHECK(*prepared.value.template data<int>() == 7);
    CHECK(world.tree.find_process(5) == nullptr);
    CHECK(world.init->fork(5).try_build().error == Errno::exists);
    CHECK(parent->children().empty());
    SECTION("published") {
        const auto group = parent->create_group(); // after it was prepared, before it is published
        const auto child = prepared.value.publish();
        REQUIRE(child);
        CHECK(child.value->group() == group);
        CHECK(child.value->parent() == parent);
        CHECK(world.tree.find_process(5) == child.value);
    }
    SECTION("dropped: everything is undone") {
        prepared.value = procspace::BasicPreparedProcess<TestType>(procspace::NoValue{});
        CHECK(world.init->fork(5).try_build());
    }
    SECTION("refused, since the parent has exited") {
        parent->exit();
        CHECK(prepared.value.publish().error == Errno::no_process);
        CHECK(world.tree.find_process(5) == nullptr);
    }
    SECTION("refused, since the group exit of the parent has begun") {
        parent->group_exit(1);
        CHECK(prepared.value.publish().error == Errno::no_process);
    }
    CHECK(world.check().rule == nullptr);
}

PROCSPACE_TRAITS_TEST_CASE("PreparedThread: has a reserved number and is in no table until it is published",
                           "[process][thread][P7][trap:14]") {
    World<TestType> world;
    const auto child = world.init->fork(2).build();
    const bool leads = GENERATE(false, true);
    auto prepared = child->new_thread(leads ? 2 : 3).data(7).prepare();
    REQUIRE(prepared);
    CHECK(prepared.value.tid() == (leads ? 2 : 3));
    CHECK(child->thread_count() == 0);
    CHECK(world.tree.find_thread(prepared.value.tid()) == nullptr);
    SECTION("published") {
        const auto thread = prepared.value.publish();
        REQUIRE(thread);
        CHECK(child->threads() == std::vector{thread.value});
        CHECK(thread.value->exit(1));
    }
    SECTION("dropped: the number is free") {
        prepared.value = procspace::BasicPreparedThread<TestType>(procspace::NoValue{});
        const auto thread = child->new_thread(leads ? 2 : 3).try_build();
        CHECK(thread);
    }
    SECTION("refused once a group exit has begun") {
        child->group_exit(1);
        CHECK(prepared.value.publish().error == Errno::no_process);
    }
    SECTION("refused when the process has exited") {
        child->exit();
        child->free();
        CHECK(prepared.value.publish().error == Errno::no_process);
    }
    CHECK(world.check().rule == nullptr);
}

TEST_CASE("PreparedGroup and PreparedSession: the second step needs no memory", "[process][jobs][trap:9]") {
    World<support::DepthFailing> world;
    const auto child = world.init->fork(2).build();
    auto group = world.tree.prepare_group();
    auto session = world.tree.prepare_session();
    REQUIRE(group);
    REQUIRE(session);
    {
        const support::FailNth::Armed armed(1);
        CHECK(child->create_group(std::move(group.value)).value->pgid() == 2);
        child->move_to_group(world.init->group());
        CHECK(child->create_session(std::move(session.value)).value.first->sid() == 2);
        CHECK(world.tree.prepare_group().error == Errno::no_memory);
    }
    for (const std::size_t n : {1U, 2U}) {
        const support::FailNth::Armed armed(n);
        CHECK(world.tree.prepare_session().error == Errno::no_memory);
    }
}
