// Lives of processes and threads beside the straight port.

#include "ratios.hpp"
#include "straight_port.hpp"

#include <procspace/core/pool.hpp>
#include <procspace/core/thread_local_pool.hpp>
#include <procspace/process/tree.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace bench {
namespace {

using procspace::Pid;

constexpr Pid init_pid = 1;
constexpr Pid parent_pid = 2;

/// Numbers as a kernel gives them: ascending, from the lowest free one again after the highest.
class Numbers {
public:
    explicit Numbers(Pid lowest) noexcept : lowest_(lowest), next_(lowest) {}

    Pid next() noexcept {
        constexpr Pid highest = 1 << 22;
        const Pid number = next_;
        next_ = number < highest ? number + 1 : lowest_;
        return number;
    }

private:
    Pid lowest_;
    Pid next_;
};

struct PoolTraits : procspace::DefaultTraits {
    using Memory = procspace::PoolMemory<procspace::ThreadCached<>>;
};

/// A tree with a parent in it that is not init: the library's.
template <class Traits>
class Ours {
public:
    Ours() : init_(tree_.new_init(init_pid).build()), parent_(init_->fork(parent_pid).build()) {}

    [[nodiscard]] auto fork(Pid pid) { return parent_->fork(pid).build(); }
    [[nodiscard]] auto new_thread(Pid tid) { return parent_->new_thread(tid).build(); }
    [[nodiscard]] auto parent() const { return parent_; }
    [[nodiscard]] std::size_t children() const { return parent_->children().size(); }
    [[nodiscard]] std::size_t orphans() const { return init_->children().size(); }
    [[nodiscard]] std::size_t threads() const { return parent_->threads().size(); }

private:
    procspace::BasicProcessTree<Traits> tree_; // ends last: it outlives the handles
    std::shared_ptr<procspace::BasicProcess<Traits>> init_;
    std::shared_ptr<procspace::BasicProcess<Traits>> parent_;
};
using Heap = Ours<procspace::DefaultTraits>;
using Pool = Ours<PoolTraits>;

/// The same in the straight port.
class Port {
public:
    Port() : parent_(straight_port::Process::new_init(init_pid)->fork(parent_pid)) {}
    ~Port() { straight_port::Process::init() = nullptr; }
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    [[nodiscard]] auto fork(Pid pid) { return parent_->fork(pid); }
    [[nodiscard]] auto new_thread(Pid tid) { return parent_->new_thread(tid); }
    [[nodiscard]] auto parent() const { return parent_; }
    [[nodiscard]] std::size_t children() const { return parent_->child_count(); }
    [[nodiscard]] std::size_t orphans() const { return straight_port::Process::init()->child_count(); }
    [[nodiscard]] std::size_t threads() const { return parent_->thread_count(); }

private:
    std::shared_ptr<straight_port::Process> parent_;
};

/// fork, exit, free, and the end of the last handle, among siblings that live on.
template <class Tree>
void process_life(benchmark::State& state, std::size_t siblings) {
    Tree tree;
    Numbers numbers(parent_pid + 1 + static_cast<Pid>(siblings));
    for (Pid i = 0; i < siblings; ++i)
        static_cast<void>(tree.fork(parent_pid + 1 + i));
    bool all_died = true;
    for (auto _ : state) {
        const auto child = tree.fork(numbers.next());
        child->exit();
        all_died &= child->is_zombie();
        child->free();
    }
    if (!all_died || tree.children() != siblings)
        state.SkipWithError("the parent is not left with the siblings alone");
}

/// new_thread, exit, and the end of the last handle, in a process whose other threads live on.
template <class Tree>
void thread_life(benchmark::State& state, std::size_t living) {
    Tree tree;
    Numbers numbers(parent_pid + 1 + static_cast<Pid>(living));
    std::vector<decltype(tree.new_thread(0))> others;
    for (Pid i = 0; i < living; ++i)
        others.push_back(tree.new_thread(parent_pid + 1 + i));
    std::int64_t last = 0;
    for (auto _ : state) {
        const auto thread = tree.new_thread(numbers.next());
        last += thread->exit(0);
    }
    if (last != (living == 0 ? state.iterations() : 0) || tree.threads() != living)
        state.SkipWithError("exit() was wrong about the last thread");
}

template <class Process>
auto live(Process& parent, Pid pid) {
    if constexpr (requires { parent.fork(pid).build(); })
        return parent.fork(pid).build();
    else
        return parent.fork(pid);
}

/// The same while another thread does the same, each under a parent of its own or both under one.
template <class Tree>
void process_life_beside_another(benchmark::State& state, bool same_parent) {
    Tree tree;
    const auto other_parent = same_parent ? tree.parent() : tree.fork(parent_pid + 1);
    std::atomic<bool> stop{false};
    std::atomic<bool> started{false};
    std::thread other([&] {
        Numbers numbers(1 << 21); // none that the first thread gets to
        while (!stop.load(std::memory_order_relaxed)) {
            auto child = live(*other_parent, numbers.next());
            child->exit();
            child->free();
            started.store(true, std::memory_order_relaxed);
        }
    });
    while (!started.load(std::memory_order_relaxed))
        std::this_thread::yield();
    Pid number = parent_pid + 2;
    for (auto _ : state) {
        const auto child = tree.fork(number);
        number = number < 1 << 20 ? number + 1 : parent_pid + 2;
        child->exit();
        child->free();
    }
    stop.store(true, std::memory_order_relaxed);
    other.join();
    if (tree.children() != (same_parent ? 0U : 1U))
        state.SkipWithError("a child is left");
}

/// The exit of a parent: what it costs for each of its children.
template <class Tree>
void exit_with_children(benchmark::State& state, Pid children) {
    Tree tree;
    std::vector<decltype(tree.fork(0))> all;
    const auto init_children = tree.orphans();
    while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(children))) {
        state.PauseTiming();
        const auto parent = tree.fork(parent_pid + 1);
        for (Pid i = 0; i < children; ++i)
            all.push_back(live(*parent, parent_pid + 2 + i));
        state.ResumeTiming();
        parent->exit();
        state.PauseTiming();
        parent->free();
        if (tree.orphans() != init_children + children)
            state.SkipWithError("init did not get the children");
        for (const auto& child : all) {
            child->exit();
            child->free();
        }
        all.clear();
        state.ResumeTiming();
    }
}

/// move_to_group, there and back, among many members.
void move(benchmark::State& state, Pid members) {
    procspace::ProcessTree tree;
    const auto init = tree.new_init(init_pid).build();
    const auto leader = init->fork(parent_pid).build();
    const auto here = leader->create_group();
    const auto there = init->group();
    for (Pid i = 0; i < members; ++i)
        static_cast<void>((i % 2 == 0 ? init : leader)->fork(parent_pid + 1 + i).build());
    const auto mover = init->fork().build();
    bool moved = true;
    for (auto _ : state) {
        moved &= mover->move_to_group(here);
        moved &= mover->move_to_group(there);
    }
    if (!moved)
        state.SkipWithError("a move was refused");
}

/// What it would cost with ordered maps of the standard library: a node out of one and into the other.
void move_map_node(benchmark::State& state, Pid members) {
    std::map<Pid, std::weak_ptr<int>> here, there;
    const auto owner = std::make_shared<int>(0);
    for (Pid i = 0; i < members; ++i)
        (i % 2 == 0 ? here : there).emplace(i, owner);
    there.emplace(members, owner);
    for (auto _ : state) {
        here.insert(here.end(), there.extract(members));
        there.insert(there.end(), here.extract(members));
    }
    if (here.size() + there.size() != members + 1)
        state.SkipWithError("a member is lost");
}

} // namespace

void add_processes(Table& table) {
    const auto life = []<class Tree>(std::type_identity<Tree>, std::size_t siblings) {
        return [=](benchmark::State& state) { process_life<Tree>(state, siblings); };
    };
    const auto threads = []<class Tree>(std::type_identity<Tree>, std::size_t living) {
        return [=](benchmark::State& state) { thread_life<Tree>(state, living); };
    };
    constexpr std::type_identity<Heap> heap;
    constexpr std::type_identity<Pool> pool;
    constexpr std::type_identity<Port> port;
    for (const std::size_t siblings : {std::size_t{0}, std::size_t{1'000}, std::size_t{100'000}}) {
        const std::string count = std::to_string(siblings);
        const std::string name = "/fork_exit_free/siblings:" + count;
        table.add("process life, " + count + " siblings", {"Process" + name, life(heap, siblings)},
                  {{"straight_port" + name, life(port, siblings)}});
        table.add("the same, pool memory", {"Process/pool" + name, life(pool, siblings)},
                  {{"straight_port" + name + "/again", life(port, siblings)}});
    }
    table.add("process life, 1000000 siblings", {"Process/fork_exit_free/siblings:1000000", life(heap, 1'000'000)},
              {{"Process/fork_exit_free/siblings:0/again", life(heap, 0)}});
    for (const bool same : {false, true}) {
        const std::string name = std::string("/fork_exit_free/two_threads/") + (same ? "same_parent" : "own_parents");
        table.add(same ? "process life, 2 threads, one parent" : "process life, 2 threads, own parents",
                  {"Process" + name, [=](benchmark::State& state) { process_life_beside_another<Heap>(state, same); }},
                  {{"straight_port" + name,
                    [=](benchmark::State& state) { process_life_beside_another<Port>(state, same); }}});
    }
    for (const std::size_t living : {std::size_t{0}, std::size_t{1'000}, std::size_t{10'000}}) {
        const std::string count = std::to_string(living);
        const std::string name = "/new_exit/living:" + count;
        table.add("thread life, " + count + " others living", {"Thread" + name, threads(heap, living)},
                  {{"straight_port" + name, threads(port, living)}});
        table.add("the same, pool memory", {"Thread/pool" + name, threads(pool, living)},
                  {{"straight_port" + name + "/again", threads(port, living)}});
    }
    for (const Pid children : {Pid{1'000}, Pid{100'000}}) {
        const std::string count = std::to_string(children);
        const std::string name = "/exit/children:" + count;
        table.add(
            "exit, for each of " + count + " children",
            {"Process" + name, [=](benchmark::State& state) { exit_with_children<Heap>(state, children); }},
            {{"straight_port" + name, [=](benchmark::State& state) { exit_with_children<Port>(state, children); }}});
    }
    for (const Pid members : {Pid{2}, Pid{100'000}}) {
        const std::string count = std::to_string(members);
        table.add("two moves between groups, " + count + " members",
                  {"Process/move_to_group/members:" + count, [=](benchmark::State& state) { move(state, members); }},
                  {{"std_map/node_handles/members:" + count,
                    [=](benchmark::State& state) { move_map_node(state, members); }}});
    }
}

} // namespace bench
