// Every pair of operations on a small tree, and some triples, in every schedule with at most three preemptions (two
// under a sanitizer and for triples). What they return and the tree that they leave must be what some order of their
// steps, one after the other, would have given; the invariants must hold, whoever has a zombie must have been told of
// it, and nothing may be left behind. A step is a call of the library: most operations have one.
//
// The program ends with 0 if all is well. Built against headers with a known defect it must find it: see
// CMakeLists.txt.

#include "support/explorer.hpp"
#include "support/tree_invariants.hpp"

#include <procspace/debug/format.hpp>
#include <procspace/debug/invariants.hpp>
#include <procspace/process/exec.hpp>
#include <procspace/process/wait.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

using procspace::Pid;

#if defined(PROCSPACE_FIBERS_ASAN) || defined(PROCSPACE_FIBERS_TSAN)
constexpr std::size_t preemptions = 2; // every step costs 20 times as much there
#else
constexpr std::size_t preemptions = 3;
#endif

std::string running; // the pair that is being explored

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "%s: %s\n", running.c_str(), what.c_str());
    std::fflush(stderr);
    std::_Exit(1);
}

/// The heap, with a balance. Must not be used under the lock. What was returned is no address of anything, and stays
/// out of use until the tree has gone: who still follows a pointer in it is seen.
struct BalanceMemory {
    struct Block {
        void* p;
        std::size_t size, align;
    };
    inline static long blocks = 0; // plain: all runs in one thread
    inline static std::vector<Block> returned;

    static void* allocate(std::size_t size, std::size_t align) noexcept {
        if (support::ExploredLock::held_here())
            fail("allocation under the lock");
        ++blocks;
        return procspace::HeapMemory::allocate(size, align);
    }
    static void deallocate(void* p, std::size_t size, std::size_t align) noexcept {
        if (support::ExploredLock::held_here())
            fail("deallocation under the lock");
        --blocks;
        std::memset(p, 0xDD, size);
        returned.push_back({p, size, align});
    }
    static void end() noexcept {
        for (const Block& block : returned)
            procspace::HeapMemory::deallocate(block.p, block.size, block.align);
        returned.clear();
    }
};

/// Data of every process and thread: destroyed once, and not under the lock.
struct Payload {
    inline static long alive = 0;
    Payload() noexcept { born(); }
    Payload(Payload&&) noexcept { born(); }
    Payload& operator=(Payload&&) noexcept = default;
    ~Payload() {
        if (support::ExploredLock::held_here())
            fail("a destructor under the lock");
        --alive;
    }

private:
    static void born() {
        if (support::ExploredLock::held_here())
            fail("a constructor under the lock");
        ++alive;
    }
};

/// Who was told of a child: by the effects, which nobody delivers by hand here.
struct Told {
    inline static std::size_t of_children[32] = {};
};

struct Traits : procspace::DefaultTraits {
    using Lock = support::ExploredLock;
    using Memory = BalanceMemory;
    using ProcessData = Payload;
    using ThreadData = Payload;
    template <class U>
    using Atomic = support::ExploredAtomic<U>;
    [[noreturn]] static void panic(const char* what, procspace::Location) { fail(std::string("panic: ") + what); }
    template <class E>
    static void effect(const E& effect) {
        if (support::ExploredLock::held_here())
            fail("an effect under the lock");
        if (effect.kind == procspace::EffectKind::signal && effect.signal == procspace::Signal::chld &&
            effect.id.pid < std::size(Told::of_children))
            ++Told::of_children[effect.id.pid];
    }
};

using Process = procspace::BasicProcess<Traits>;
using ProcessHandle = std::shared_ptr<Process>;
using Thread = procspace::BasicThread<Traits>;
using Group = procspace::BasicProcessGroup<Traits>;

/// The small tree.
///
///     1 init -- 2 parent -- 3 child, threads 3 and 9 -- 7 grandchild
///           |          \--- 4 zombie
///           |--- 5 leader of group 5, thread 5
///           |--- 6 former leader of group 6, which is empty and held by a handle
///           |--- 15 leader of group 15, to which there is no handle
///           \--- 10 subreaper -- 11 -- 12
struct Stage {
    procspace::BasicProcessTree<Traits> tree;
    ProcessHandle init = tree.new_init(1).build();
    ProcessHandle parent = init->fork(2).build();
    ProcessHandle child = parent->fork(3).build();
    ProcessHandle zombie = parent->fork(4).build();
    ProcessHandle leader = init->fork(5).build();
    ProcessHandle former = init->fork(6).build();
    ProcessHandle grandchild = child->fork(7).build();
    std::shared_ptr<Thread> first = child->new_thread(3).build();
    std::shared_ptr<Thread> second = child->new_thread(9).build();
    std::shared_ptr<Thread> only = leader->new_thread(5).build();
    std::shared_ptr<Group> group = leader->create_group();
    std::shared_ptr<Group> emptied = former->create_group();
    ProcessHandle subreaper = init->fork(10).build();
    ProcessHandle under = subreaper->fork(11).build();
    ProcessHandle below = under->fork(12).build();
    ProcessHandle lone = init->fork(15).build();
    ProcessHandle forked[3]{}; // what the operations have made
    std::shared_ptr<Thread> started[3]{};

    Stage() {
        std::fill(std::begin(Told::of_children), std::end(Told::of_children), 0);
        zombie->exit();
        lone->create_group();
        subreaper->set_child_subreaper(true);
        former->move_to_group(init->group());
    }

    /// What both functions have left, in words.
    std::string describe() {
        std::string text;
        std::vector<ProcessHandle> all{init,   parent,     child,     zombie, leader,
                                       former, grandchild, subreaper, under,  below};
        for (const auto& process : forked)
            if (process)
                all.push_back(process);
        for (const auto& process : all)
            text += to_string(*process) + " in " + (process->group() ? to_string(*process->group()) : "no group") +
                    (process->is_child_subreaper() ? " subreaper" : "") +
                    (process->is_group_exited() ? " exited\n" : "\n");
        for (const Pid sid : {1U, 3U, 6U})
            if (const auto session = tree.find_session(sid))
                text += to_string(*session) + "\n";
        for (const auto& process : all)
            process->for_each_child([&](const procspace::ProcessInfo& info) {
                if (info.state == procspace::ProcessState::zombie && Told::of_children[process->pid()] == 0)
                    text += "BROKEN: a zombie that its parent was not told of, number " + std::to_string(info.pid);
            });
        const procspace::TreeCounts counts = tree.counts();
        text += std::to_string(counts.processes) + " processes, " + std::to_string(counts.threads) + " threads\n";
        if (const auto broken = support::TreeInvariants<Traits>::check(tree, all); broken.rule != nullptr)
            text += "BROKEN: " + std::string(broken.rule) + ", number " + std::to_string(broken.number) + "\n";
        return text;
    }
};

std::string word(bool yes) {
    return yes ? "yes" : "no";
}
template <class T>
std::string word(const procspace::Result<T>& result) {
    return std::to_string(static_cast<int>(result.error));
}

/// Calls `f` for a thread that the other operation may let go of: with a handle of its own.
template <class F>
std::string with(std::shared_ptr<Thread> thread, F f) {
    return thread ? word(f(*thread)) : "gone";
}

/// Says what a wait found.
std::string word(const procspace::WaitAnswer& answer) {
    return std::to_string(static_cast<int>(answer.outcome)) + " of " + std::to_string(answer.event.pid);
}

/// An operation of one of the functions that run at once, from 0. Each step returns its outcome in words.
struct Operation {
    using Step = std::string (*)(Stage& stage, int thread);
    const char* name;
    Step steps[2];

    Operation(const char* its_name, Step first, Step second = nullptr) : name(its_name), steps{first, second} {}
    [[nodiscard]] int count() const { return steps[1] != nullptr ? 2 : 1; }
    [[nodiscard]] std::string run(Stage& stage, int thread) const {
        std::string text = steps[0](stage, thread);
        return steps[1] != nullptr ? text + " " + steps[1](stage, thread) : text;
    }
};

/// A watcher is no single section: it returns the empty string, and complains by itself.
std::string watch_group(Stage& stage, int) {
    const auto group = stage.child->group();
    if (group == nullptr && stage.child->state() != procspace::ProcessState::reaped)
        fail("for a moment in no group");
    std::size_t memberships = 0;
    for (const Pid pgid : {stage.child->pgid()})
        if (const auto found = stage.tree.find_group(pgid))
            ++memberships;
    if (memberships == 0)
        fail("its group is not found by its number");
    return "";
}
std::string watch_exit(Stage& stage, int) {
    const bool zombie = stage.child->is_zombie();
    const bool grandchild_elsewhere = stage.grandchild->ppid() != 3;
    if (zombie && (!grandchild_elsewhere || !stage.child->children().empty() || !stage.child->threads().empty()))
        fail("a zombie with children or threads is seen");
    if (stage.grandchild->parent() == nullptr)
        fail("for a moment without a parent");
    return "";
}

const Operation operations[] = {
    {"watch the group", watch_group},
    {"watch the exit", watch_exit},
    {"children of the parent",
     [](Stage& s, int) {
         std::string text;
         for (const auto& child : s.parent->children())
             text += std::to_string(child->pid()) + " ";
         return text;
     }},
    {"members of group 1",
     [](Stage& s, int) {
         std::string text;
         s.init->group()->for_each_process(
             [&](const procspace::ProcessInfo& p) { text += std::to_string(p.pid) + " "; });
         return text;
     }},
    {"exit of the parent", [](Stage& s, int) { return word(s.parent->exit().reaper != nullptr); }},
    {"exit of the child", [](Stage& s, int) { return word(s.child->exit().reaper != nullptr); }},
    {"exit and free of the parent", [](Stage& s, int) { return word(s.parent->exit().reaper != nullptr); },
     [](Stage& s, int) { return word(s.parent->free()); }},
    {"exit and free of the child", [](Stage& s, int) { return word(s.child->exit().reaper != nullptr); },
     [](Stage& s, int) { return word(s.child->free()); }},
    {"free of the zombie", [](Stage& s, int) { return word(s.zombie->free()); }},
    {"wait of the parent", [](Stage& s, int) { return word(wait_poll(*s.parent, procspace::WaitSelector::any())); }},
    {"wait of the parent for the zombie",
     [](Stage& s, int) { return word(wait_poll(*s.parent, procspace::WaitSelector::child(4))); }},
    {"wait of init for group 1",
     [](Stage& s, int) { return word(wait_poll(*s.init, procspace::WaitSelector::group(1))); }},
    {"claim of the zombie and its return",
     [](Stage& s, int) {
         procspace::BasicWaitClaim<Traits> claim;
         const auto answer = wait_claim(*s.parent, procspace::WaitSelector::any(), {}, claim);
         if (claim)
             claim.rollback();
         return answer.outcome == procspace::WaitOutcome::event ? std::string("claimed") : std::string();
     }},
    {"exit of the parent to the subreaper",
     [](Stage& s, int) { return word(s.parent->exit(s.subreaper).reaper != nullptr); }},
    {"no children for the parent",
     [](Stage& s, int) { return s.parent->set_child_policy({.ignored = true}), std::string(); }},
    {"stop of the child", [](Stage& s, int) { return word(!s.child->stop(19).empty()); }},
    {"end of the child's stop", [](Stage& s, int) { return word(!s.child->resume().empty()); }},
    {"fork of any number",
     [](Stage& s, int me) {
         auto built = s.parent->fork().try_build();
         s.forked[me] = built.value;
         return word(built) + (built ? std::to_string(built.value->pid()) : "");
     }},
    {"fork of 20 in two steps",
     [](Stage& s, int me) {
         auto prepared = s.child->fork(20).prepare();
         if (!prepared)
             return word(prepared);
         auto built = prepared.value.publish();
         s.forked[me] = built.value;
         return word(built);
     }},
    {"exec of thread 9 in two steps",
     [](Stage& s, int) {
         if (s.second == nullptr)
             return std::string("gone");
         const auto mine = s.second;
         auto exec = procspace::begin_exec(mine);
         return exec ? word(exec.value.finish()) : word(exec);
     }},
    {"fork of 20 from the parent",
     [](Stage& s, int me) {
         auto built = s.parent->fork(20).try_build();
         s.forked[me] = built.value;
         return word(built);
     }},
    {"fork of 20 from the child",
     [](Stage& s, int me) {
         auto built = s.child->fork(20).try_build();
         s.forked[me] = built.value;
         return word(built);
     }},
    {"thread 20 of the child",
     [](Stage& s, int me) {
         auto built = s.child->new_thread(20).try_build();
         s.started[me] = built.value;
         return word(built);
     }},
    {"create_group of the child", [](Stage& s, int) { return word(s.child->try_create_group()); }},
    {"create_session of the child", [](Stage& s, int) { return word(s.child->try_create_session()); }},
    {"move of the child to group 5", [](Stage& s, int) { return word(s.child->move_to_group(s.group)); }},
    {"move of the leader to group 1", [](Stage& s, int) { return word(s.leader->move_to_group(s.init->group())); }},
    {"exit of thread 3", [](Stage& s, int) { return with(s.first, [](Thread& t) { return t.exit(11); }); }},
    {"exit of thread 9", [](Stage& s, int) { return with(s.second, [](Thread& t) { return t.exit(12); }); }},
    {"exit of an only thread", [](Stage& s, int) { return with(s.only, [](Thread& t) { return t.exit(15); }); }},
    {"exec of thread 9", [](Stage& s, int) { return with(s.second, [](Thread& t) { return t.exec(); }); }},
    {"drop of thread 9", [](Stage& s, int) { return s.second.reset(), std::string(); }},
    {"group_exit of the child", [](Stage& s, int) { return word(s.child->group_exit(13)); }},
    {"group_exit of the child with another code", [](Stage& s, int) { return word(s.child->group_exit(14)); }},
    {"subreaper mark of the parent", [](Stage& s, int) { return s.parent->set_child_subreaper(true), std::string(); }},
    {"exit of the subreaper", [](Stage& s, int) { return word(s.subreaper->exit().reaper != nullptr); }},
    {"exit of the subreaper's child", [](Stage& s, int) { return word(s.under->exit().reaper != nullptr); }},
    {"set_pgid of a lone leader to its number", [](Stage& s, int) { return word(s.lone->set_pgid(15)); }},
    {"move of the lone leader to group 1", [](Stage& s, int) { return word(s.lone->move_to_group(s.init->group())); }},
    {"set_pgid of the child to 5", [](Stage& s, int) { return word(s.child->set_pgid(5)); }},
    {"exit of the child to the subreaper",
     [](Stage& s, int) { return word(s.child->exit(s.subreaper).reaper != nullptr); }},
    {"drop of the empty group", [](Stage& s, int) { return s.emptied.reset(), std::string(); }},
    {"create_group of the former leader", [](Stage& s, int) { return word(s.former->try_create_group()); }},
    {"create_session of the former leader", [](Stage& s, int) { return word(s.former->try_create_session()); }},
    {"move of the child to the empty group",
     [](Stage& s, int) {
         const auto group = s.tree.find_group(6);
         return group ? word(s.child->move_to_group(group)) : "gone";
     }},
};

using Operations = std::vector<const Operation*>;

/// Those that must be one step to be compared with an order of steps; the others only keep the invariants.
bool comparable(const Operations& all) {
    return std::none_of(all.begin(), all.end(), [](const Operation* one) {
        return std::strstr(one->name, "in two steps") != nullptr || std::strstr(one->name, "and its return") != nullptr;
    });
}

struct Outcome {
    std::string results[3];
    std::string tree;
    friend bool operator==(const Outcome&, const Outcome&) = default;
    [[nodiscard]] std::string text() const {
        return "[" + results[0] + "] [" + results[1] + "] [" + results[2] + "]\n" + tree;
    }
};

/// Looks at the tree, takes it down and requires that nothing is left.
void finish(std::optional<Stage>& stage, Outcome& outcome) {
    outcome.tree = stage->describe();
    stage.reset();
    if (outcome.tree.find("BROKEN") != std::string::npos)
        fail("an invariant is broken\n" + outcome.text());
    if (BalanceMemory::blocks != 0 || Payload::alive != 0)
        fail("something is left");
    BalanceMemory::end();
}

/// Adds what each order gives in which the steps of all can come, those of `order` having come already.
void add_orders(const Operations& all, std::vector<std::size_t> order, std::vector<Outcome>& outcomes) {
    const auto done = [&order](std::size_t who) { return std::count(order.begin(), order.end(), who); };
    bool complete = true;
    for (std::size_t next = 0; next < all.size(); ++next)
        if (done(next) < all[next]->count()) {
            complete = false;
            order.push_back(next);
            add_orders(all, order, outcomes);
            order.pop_back();
        }
    if (!complete)
        return;
    std::optional<Stage> stage(std::in_place);
    Outcome outcome;
    int steps[3] = {};
    for (const std::size_t who : order) {
        std::string& text = outcome.results[who];
        text += steps[who] > 0 ? " " : "";
        text += all[who]->steps[steps[who]](*stage, static_cast<int>(who));
        ++steps[who];
    }
    finish(stage, outcome);
    outcomes.push_back(outcome);
}

[[noreturn]] void disagree(const std::string& schedule, const Outcome& outcome, const std::vector<Outcome>& allowed) {
    std::string text = "as in no order of them, schedule " + schedule + "\n" + outcome.text();
    for (const Outcome& other : allowed)
        text += "--- one order gives\n" + other.text();
    fail(text);
}

std::size_t explore(support::Explorer& explorer, const Operations& all) {
    running.clear();
    for (const Operation* one : all)
        running += (running.empty() ? "" : " | ") + std::string(one->name);
    std::vector<Outcome> allowed;
    add_orders(all, {}, allowed);
    std::optional<Stage> stage;
    Outcome outcome;
    std::vector<support::Explorer::Function> functions;
    for (std::size_t who = 0; who < all.size(); ++who)
        functions.emplace_back([&, who] { outcome.results[who] = all[who]->run(*stage, static_cast<int>(who)); });
    return explorer.explore([&] { stage.emplace(); }, functions,
                            [&] {
                                finish(stage, outcome);
                                if (comparable(all) && std::count(allowed.begin(), allowed.end(), outcome) == 0)
                                    disagree(explorer.schedule(), outcome, allowed);
                                return true;
                            });
}

const Operation& named(const char* name) {
    for (const Operation& one : operations)
        if (std::strcmp(one.name, name) == 0)
            return one;
    fail(std::string("no operation has the name ") + name);
}

/// Where a third one meets what the other two are about.
const char* const triples[][3] = {
    {"exit of the parent", "fork of 20 from the child", "free of the zombie"},
    {"exit of the parent", "exit of the child", "wait of init for group 1"},
    {"exit of the child", "fork of 20 from the child", "thread 20 of the child"},
    {"exit of the subreaper", "exit of the subreaper's child", "wait of init for group 1"},
    {"create_group of the child", "create_session of the child", "move of the child to group 5"},
    {"move of the child to group 5", "exit of the child", "members of group 1"},
    {"group_exit of the child", "thread 20 of the child", "exit of thread 9"},
    {"exit of thread 3", "exit of thread 9", "exec of thread 9"},
    {"drop of thread 9", "exit of thread 3", "exit of the child"},
    {"wait of the parent", "wait of the parent", "exit of the child"},
    {"drop of the empty group", "create_group of the former leader", "move of the child to the empty group"},
};

extern "C" void crashed(int) {
    static_cast<void>(!write(2, running.data(), running.size()));
    static_cast<void>(!write(2, ": crashed\n", 10));
    _exit(1);
}

} // namespace

// Without arguments all pairs and the triples; with two or three names only those.
int main(int argc, char** argv) {
    std::signal(SIGSEGV, crashed);
    std::signal(SIGABRT, crashed);
    std::size_t sets = 0;
    std::size_t schedules = 0;
    {
        support::Explorer explorer(preemptions);
        const auto run = [&](const Operations& all) {
            schedules += explore(explorer, all);
            ++sets;
        };
        if (argc > 2) {
            Operations all;
            for (int i = 1; i < argc; ++i)
                all.push_back(&named(argv[i]));
            run(all);
        } else {
            for (const Operation& a : operations)
                for (const Operation& b : operations)
                    if (&a <= &b)
                        run(Operations{&a, &b});
        }
    }
    if (argc <= 2) {
        support::Explorer explorer(2);
        for (const auto& names : triples) {
            schedules += explore(explorer, {&named(names[0]), &named(names[1]), &named(names[2])});
            ++sets;
        }
    }
    std::printf("%zu pairs and triples of operations, %zu schedules: each as if one had come after the other\n", sets,
                schedules);
    return schedules > 2 * sets ? 0 : 2;
}
