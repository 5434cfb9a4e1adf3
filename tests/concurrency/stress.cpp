// Two threads do whatever they may to one tree, for a second. Every process that was made must be reaped once or still
// be there, and the tree must be sound. Above all it gives ThreadSanitizer something to look at. The argument is the
// seed, which is printed.

#include "support/counting_memory.hpp"
#include "support/tree_invariants.hpp"
#include "support/violations.hpp"

#include <procspace/debug/format.hpp>
#include <procspace/process/wait.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using procspace::Pid;

struct Watched : procspace::DefaultTraits {
    using Lock = support::DepthLock;
    using Memory = support::CountingMemory;
    template <class E>
    static void effect(const E& effect) {
        support::expect_unlocked("an effect under the lock");
        if (effect.process != nullptr)
            told.fetch_add(effect.process->pid() == effect.id.pid, std::memory_order_relaxed);
    }
    inline static std::atomic<long> told{0};
};

template <class Traits>
class Stress {
    using Process = std::shared_ptr<procspace::BasicProcess<Traits>>;
    using Thread = std::shared_ptr<procspace::BasicThread<Traits>>;

public:
    bool run(unsigned seed, std::chrono::milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        std::thread threads[] = {std::thread([=, this] { work(seed, end); }),
                                 std::thread([=, this] { work(seed + 1, end); })};
        for (std::thread& thread : threads)
            thread.join();
        const auto broken = support::TreeInvariants<Traits>::check(tree_);
        if (broken.rule != nullptr)
            std::fprintf(stderr, "broken: %s, number %u\n", broken.rule, broken.number);
        long left = 0;
        for (Pid pid = 2; pid <= last_pid; ++pid)
            left += tree_.find_process(pid) != nullptr;
        std::printf("%ld operations, %ld processes made, %ld reaped, %ld left\n", operations_.load(), made_.load(),
                    reaped_.load(), left);
        return broken.rule == nullptr && made_ == reaped_ + left && reaped_ > operations_ / 200;
    }

private:
    static constexpr Pid last_pid = 24;

    void work(unsigned seed, std::chrono::steady_clock::time_point end) {
        std::mt19937 random(seed);
        std::vector<Process> processes; // handles that outlive what they name
        std::vector<Thread> threads;
        long operations = 0;
        while (std::chrono::steady_clock::now() < end) {
            for (int i = 0; i < 64; ++i, ++operations)
                step(random, processes, threads);
            if (processes.size() > 16)
                processes.erase(processes.begin(), processes.begin() + 8);
            if (threads.size() > 8)
                threads.erase(threads.begin(), threads.begin() + 4);
        }
        operations_ += operations;
    }

    void step(std::mt19937& random, std::vector<Process>& processes, std::vector<Thread>& threads) {
        const auto any = [&](Pid from, Pid to) { return std::uniform_int_distribution<Pid>(from, to)(random); };
        const Process process = tree_.find_process(any(1, last_pid));
        if (process == nullptr)
            return fork(init_, any(2, last_pid), processes);
        switch (any(0, 23)) {
        case 0:
        case 1:
            return fork(process, any(2, last_pid), processes);
        case 2:
            if (!process->is_init())
                process->exit();
            return;
        case 3:
        case 4:
            if (process->is_zombie())
                reaped_ += process->free();
            return;
        case 5:
            return static_cast<void>(process->create_group());
        case 6:
            return static_cast<void>(process->create_session());
        case 7:
            if (const auto group = tree_.find_group(any(1, last_pid)))
                process->move_to_group(group);
            return;
        case 8:
            if (auto built = process->new_thread(any(1, last_pid + 20)).data(7).try_build())
                threads.push_back(std::move(built.value));
            return;
        case 9:
            if (!threads.empty())
                threads[any(0, static_cast<Pid>(threads.size()) - 1)]->exit(static_cast<int>(any(0, 99)));
            return;
        case 10:
            if (const Thread thread = tree_.find_thread(any(1, last_pid + 20)))
                thread->exec();
            return;
        case 11:
            if (!process->is_init()) // which would get no child any more
                process->group_exit(5);
            return;
        case 12:
            return process->set_child_subreaper(any(0, 1) == 1);
        case 13:
            return process->for_each_child([&](const procspace::ProcessInfo& info) { sum_ += info.pid; });
        case 14:
            for (const auto& child : process->children())
                sum_ += child->ppid();
            for (const auto& thread : process->threads())
                sum_ += thread->tid();
            return;
        case 15:
            if (const auto answer = wait_poll(*process, procspace::WaitSelector::any(), {.stopped = true});
                answer.outcome == procspace::WaitOutcome::event &&
                answer.event.change == procspace::ChildChange::exited)
                ++reaped_;
            return;
        case 16: {
            procspace::BasicWaitClaim<Traits> claim;
            static_cast<void>(wait_claim(*process, procspace::WaitSelector::any(), {}, claim));
            if (claim && any(0, 1) == 1)
                claim.commit(), ++reaped_;
            return;
        }
        case 17:
            process->stop(19);
            return static_cast<void>(process->resume());
        case 18:
            return static_cast<void>(process->stop(20));
        case 19:
            if (auto prepared = process->fork(any(2, last_pid)).data(std::string(30, 'x')).prepare())
                if (auto built = prepared.value.publish()) {
                    ++made_;
                    processes.push_back(std::move(built.value));
                }
            return;
        case 20:
            if (const Thread thread = tree_.find_thread(any(1, last_pid + 20)))
                if (auto exec = procspace::begin_exec(thread))
                    sum_ += exec.value.finish() ? 1 : 0;
            return;
        case 21:
            process->set_parent_death_signal(static_cast<int>(any(0, 20)));
            if (const auto group = process->group())
                group->broadcast([&](const Process& member) { sum_ += member->pid(); });
            return;
        case 22:
            sum_ +=
                process->details().usage.user + tree_.counts().processes + tree_.next(procspace::NumberRole::sid, 2);
            return process->charge({.user = 1, .system = 1});
        default:
            sum_ += to_string(*process).size();
            if (const auto group = process->group())
                sum_ += to_string(*group).size() + to_string(*group->session()).size();
        }
    }

    void fork(const Process& parent, Pid pid, std::vector<Process>& processes) {
        if (auto built = parent->fork(pid).data(std::string(30, 'x')).try_build()) {
            ++made_;
            processes.push_back(std::move(built.value));
        }
    }

    procspace::BasicProcessTree<Traits> tree_;
    Process init_ = tree_.new_init(1).build();
    std::atomic<long> made_{0};
    std::atomic<long> reaped_{0};
    std::atomic<long> operations_{0};
    std::atomic<std::size_t> sum_{0}; // so that nothing of it is for nothing
};

} // namespace

int main(int argc, char** argv) {
    const unsigned seed = argc > 1 ? static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)) : std::random_device()();
    std::printf("seed %u\n", seed);
    std::fflush(stdout);
    const std::chrono::milliseconds half_a_second(500);
    bool passed = Stress<procspace::DefaultTraits>().run(seed, half_a_second);
    passed = Stress<Watched>().run(seed, half_a_second) && passed;
    if (support::CountingMemory::live_blocks() != 0 || support::Violations::count() != 0) {
        std::fprintf(stderr, "%zu blocks left, %s\n", support::CountingMemory::live_blocks(),
                     support::Violations::count() != 0 ? support::Violations::first() : "no violation");
        passed = false;
    }
    return passed ? 0 : 1;
}
