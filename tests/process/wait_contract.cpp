// What wait.hpp promises to who sleeps: while the token is the same so is the answer, and whoever was told "none yet"
// is woken when there is another answer. Random trees, of which all waiters are asked after each step.

#include <procspace/process/wait.hpp>

#include "support/catch.hpp"
#include "support/world.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <utility>
#include <vector>

using procspace::CloneChildren;
using procspace::Pid;
using procspace::WaitAnswer;
using procspace::WaitOptions;
using procspace::WaitOutcome;
using procspace::WaitSelector;

namespace {

/// Remembers whose waiters are woken.
struct Waking : support::PanicTraits {
    using Memory = support::CountingMemory;
    template <class E>
    static void effect(const E& effect) {
        if (effect.kind == procspace::EffectKind::wake)
            woken.insert(effect.id.pid);
    }
    inline static std::set<Pid> woken;
};

class Sleepers : support::World<Waking> {
public:
    explicit Sleepers(unsigned seed) : random_(seed) { begin(*init); }

    /// Does something. Adoption aside, stops and changes of group do not belong here: see wait.hpp.
    void step() {
        const auto process = tree.find_process(tree.next(procspace::NumberRole::pid, 1 + number(20)));
        if (process == nullptr)
            return;
        Waking::woken.clear();
        const auto all_threads = process->threads();
        switch (number(10)) {
        case 0:
        case 1:
        case 2:
            fork(*process, all_threads);
            break;
        case 3:
            if (auto thread = process->new_thread().try_build())
                threads_.push_back(std::move(thread.value));
            break;
        case 4:
            if (process != init && !all_threads.empty())
                all_threads[number(all_threads.size())]->exit(0);
            break;
        case 5:
            if (process != init)
                process->exit();
            break;
        case 6:
            claims_.emplace_back();
            if (wait_claim(*process, WaitSelector::any(), all_, claims_.back()).outcome != WaitOutcome::event)
                claims_.pop_back();
            break;
        case 7:
            if (!claims_.empty()) {
                static_cast<void>(number(2) == 0 ? claims_.back().commit() : claims_.back().rollback());
                claims_.pop_back();
            }
            break;
        case 8:
            static_cast<void>(wait_poll(*process, WaitSelector::any(), all_));
            break;
        default:
            process->set_child_policy({.ignored = number(4) == 0, .no_wait = number(4) == 0});
            process->set_child_subreaper(number(2) == 0);
        }
    }

    /// Asks for each thread, and compares with what it was told before the step.
    void ask() {
        std::map<Pid, WaitAnswer> answers;
        for (Pid tid = 0; (tid = tree.next(procspace::NumberRole::tid, tid + 1)) != 0;)
            if (const auto thread = tree.find_thread(tid))
                for (const bool own : {false, true}) {
                    WaitOptions options = all_;
                    options.peek = true;
                    options.thread = tid;
                    options.own_children = own;
                    const auto& process = *thread->process();
                    const Pid sleeper = 2 * tid + (own ? 1 : 0);
                    const WaitAnswer now = wait_poll(*thread->process(), WaitSelector::any(), options);
                    if (const auto before = told_.find(sleeper); before != told_.end() &&
                                                                 before->second.outcome == WaitOutcome::none &&
                                                                 now.outcome != WaitOutcome::none) {
                        CHECK(now.token != before->second.token);
                        CHECK(Waking::woken.contains(process.pid()));
                        ++changed;
                    }
                    answers.emplace(sleeper, now);
                }
        told_.swap(answers);
    }

    std::size_t changed = 0;

private:
    Pid number(std::size_t below) { return static_cast<Pid>(random_() % below); }
    void begin(Process& process) { threads_.push_back(process.new_thread(process.pid()).build()); }
    void fork(Process& parent, const std::vector<std::shared_ptr<Thread>>& all_threads) {
        procspace::ForkOptions options{.exit_signal = number(3) == 0 ? 10 : 17};
        if (!all_threads.empty())
            options.thread = all_threads[number(all_threads.size())]->tid();
        if (const auto child = parent.fork().options(options).try_build(); child && number(3) != 0)
            begin(*child.value);
    }

    static constexpr WaitOptions all_{.clones = CloneChildren::all};
    std::mt19937 random_;
    std::vector<std::shared_ptr<Thread>> threads_;
    std::vector<procspace::BasicWaitClaim<Waking>> claims_;
    std::map<Pid, WaitAnswer> told_; // by thread, for all children and for its own
};

} // namespace

TEST_CASE("wait: who was told that there is nothing yet is woken when there is, and when nobody is left",
          "[process][wait][trap:25]") {
    std::size_t changed = 0;
    for (unsigned seed = 0; seed < 300; ++seed) {
        Sleepers world(seed);
        for (int i = 0; i < 200; ++i) {
            world.step();
            world.ask();
        }
        changed += world.changed;
    }
    CHECK(changed > 1000); // it has something to look at
}
