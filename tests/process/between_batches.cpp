// What others see, and may do, while the children of an exiting process are handed over: the lock is free after each
// batch of them, and a lock that then runs a function stands for the other threads.

#include <procspace/process/process_exit.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

#include <functional>
#include <utility>
#include <vector>

using procspace::Errno;
using procspace::Pid;
using procspace::ProcessState;

namespace {

/// Runs `next` once, after the unlock that comes when `countdown` others have gone by.
class InterruptedLock {
public:
    void lock() noexcept {}
    void unlock() {
        if (next && countdown-- == 0)
            std::exchange(next, nullptr)();
    }
    inline static std::function<void()> next;
    inline static int countdown = 0;
};

struct Traits : support::PanicTraits {
    using Lock = InterruptedLock;
    using Memory = support::CountingMemory;
};

/// 1 init -- 2 subreaper -- 3 parent -- 100 to 139, the even ones dead
struct Family : support::World<Traits> {
    ProcessHandle reaper = init->fork(2).build();
    ProcessHandle parent = reaper->fork(3).build();

    Family() {
        reaper->set_child_subreaper(true);
        for (Pid pid = 100; pid < 140; ++pid)
            if (const auto child = parent->fork(pid).build(); pid % 2 == 0)
                child->exit();
    }

    /// Lets the parent exit, and `f` come after so many batches.
    template <class F>
    auto exit_interrupted(int batches, F f) {
        bool came = false;
        InterruptedLock::countdown = batches - 1;
        InterruptedLock::next = [&] {
            came = true;
            f();
        };
        auto effects = parent->exit();
        CHECK(came);
        return effects;
    }
};

} // namespace

TEST_CASE("Process: one that is handing over its children is no zombie yet and takes part in nothing",
          "[process][exit][P1][P5][trap:2][trap:21]") {
    Family family;
    const int batches = GENERATE(1, 2);
    family.exit_interrupted(batches, [&] {
        CHECK(family.check().rule == nullptr); // every rule holds in between
        CHECK(family.parent->state() == ProcessState::living);
        CHECK(family.parent->children().size() == 40U - 16U * static_cast<unsigned>(batches));
        CHECK(family.parent->fork(200).try_build().error == Errno::no_process);
        CHECK(family.parent->new_thread(3).try_build().error == Errno::no_process);
        CHECK(support::panic_of([&] { family.parent->free(); }) == "free: the process has not exited");
        CHECK_FALSE(family.parent->group_exit(1));
        CHECK(family.parent->create_group() == nullptr);
        family.parent->exit(); // a second one changes nothing
    });
    CHECK(family.parent->is_zombie());
    CHECK(family.reaper->children().size() == 41);
    CHECK(family.check({family.parent}).rule == nullptr);
}

TEST_CASE("Process: a reaper that exits meanwhile gets no more children", "[process][exit][P9][trap:16][trap:17]") {
    Family family;
    const auto effects = family.exit_interrupted(1, [&] { family.reaper->exit(); });
    CHECK(family.reaper->is_zombie());
    CHECK(family.reaper->children().empty());
    CHECK(family.init->children().size() == 42); // with the first batch, handed on
    CHECK(effects.reaper == family.init);
    CHECK(family.check({family.parent, family.reaper}).rule == nullptr);
}

TEST_CASE("Process: a former reaper that ends meanwhile ends outside of the lock", "[process][exit][P2][trap:6]") {
    Family family;
    family.exit_interrupted(1, [&] {
        family.reaper->exit();
        family.reaper->free();
        family.reaper.reset(); // the effects are its last owner
    });
    CHECK(family.init->children().size() == 41);
    CHECK(family.check({family.parent}).rule == nullptr);
}

TEST_CASE("Process: a child that is reaped meanwhile is handed to nobody", "[process][exit][trap:1]") {
    Family family;
    family.exit_interrupted(1, [&] {
        CHECK(family.tree.find_process(138)->free()); // of the parent still
        CHECK(family.tree.find_process(100)->free()); // of the reaper already
        family.tree.find_process(139)->exit();
    });
    CHECK(family.reaper->children().size() == 39);
    CHECK(family.tree.find_process(139)->parent() == family.reaper);
    CHECK(family.check({family.parent}).rule == nullptr);
}

TEST_CASE("ProcessBuilder: a parent that was reaped is not mistaken for who has its number now",
          "[process][builder][P6][trap:23][trap:36]") {
    support::World<Traits> world;
    auto parent = world.init->fork(2).build();
    auto builder = parent->fork(5);
    auto thread_builder = parent->new_thread(6);
    auto prepared = parent->fork(7).prepare();
    parent->exit();
    parent->free();
    parent.reset();
    const auto namesake = world.init->fork(2).build();
    CHECK(builder.try_build().error == Errno::no_process);
    CHECK(thread_builder.try_build().error == Errno::no_process);
    CHECK(prepared.value.publish().error == Errno::no_process);
    CHECK(namesake->children().empty());
    CHECK(namesake->threads().empty());
    CHECK(world.tree.find_process(5) == nullptr);
    CHECK(world.check().rule == nullptr);
}
