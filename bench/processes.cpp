// Lives of processes and threads beside the straight port.

#include "ratios.hpp"
#include "straight_port.hpp"

#include <procspace/process/tree.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
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

/// A tree with a parent in it that is not init: the library's.
class Ours {
public:
    Ours() : init_(tree_.new_init(init_pid).build()), parent_(init_->fork(parent_pid).build()) {}

    [[nodiscard]] auto fork(Pid pid) { return parent_->fork(pid).build(); }
    [[nodiscard]] auto new_thread(Pid tid) { return parent_->new_thread(tid).build(); }
    [[nodiscard]] std::size_t children() const { return parent_->children().size(); }
    [[nodiscard]] std::size_t threads() const { return parent_->threads().size(); }

private:
    procspace::ProcessTree tree_; // ends last: it outlives the handles
    std::shared_ptr<procspace::Process> init_;
    std::shared_ptr<procspace::Process> parent_;
};

/// The same in the straight port.
class Port {
public:
    Port() : parent_(straight_port::Process::new_init(init_pid)->fork(parent_pid)) {}
    ~Port() { straight_port::Process::init() = nullptr; }
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    [[nodiscard]] auto fork(Pid pid) { return parent_->fork(pid); }
    [[nodiscard]] auto new_thread(Pid tid) { return parent_->new_thread(tid); }
    [[nodiscard]] std::size_t children() const { return parent_->child_count(); }
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

} // namespace

void add_processes(Table& table) {
    for (const std::size_t siblings : {std::size_t{0}, std::size_t{1'000}, std::size_t{100'000}}) {
        const std::string count = std::to_string(siblings);
        const std::string name = "/fork_exit_free/siblings:" + count;
        table.add("process life, " + count + " siblings",
                  {"Process" + name, [=](benchmark::State& state) { process_life<Ours>(state, siblings); }},
                  {{"straight_port" + name, [=](benchmark::State& state) { process_life<Port>(state, siblings); }}});
    }
    for (const std::size_t living : {std::size_t{0}, std::size_t{1'000}}) {
        const std::string count = std::to_string(living);
        const std::string name = "/new_exit/living:" + count;
        table.add("thread life, " + count + " others living",
                  {"Thread" + name, [=](benchmark::State& state) { thread_life<Ours>(state, living); }},
                  {{"straight_port" + name, [=](benchmark::State& state) { thread_life<Port>(state, living); }}});
    }
}

} // namespace bench
