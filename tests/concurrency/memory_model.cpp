// The model that count_model.cpp relies on, tried on the small programs for which the C++20 memory model's answer is
// known: which outcomes are allowed, which are not, and what is a race. Each is also tried without the reduction.
#include "support/memory_model.hpp"

#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace {

using support::MemoryModel;
using support::ModelAtomic;
using support::ModelCell;
using support::ModelScenario;

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;
constexpr auto acq_rel = std::memory_order_acq_rel;

std::optional<ModelAtomic<int>> x;
std::optional<ModelAtomic<int>> y;
std::optional<ModelCell> data;
ModelCell* block = nullptr; // in memory that stays when it has ended
int result[4];              // what the threads read

void make() {
    x.emplace(0);
    y.emplace(0);
    data.emplace("the data");
    for (int& one : result)
        one = 0;
}
void end() {
    x.reset();
    y.reset();
    data.reset();
}
void make_block() {
    block = ::new (MemoryModel::allocate(sizeof(ModelCell), alignof(ModelCell))) ModelCell("the block");
}
/// Message passing: the data is written before, and read only after, the flag was seen with `value`.
void send(std::memory_order order) {
    data->write();
    x->store(1, order);
}
void receive(int value, std::memory_order order) {
    if (x->load(order) == value)
        data->read();
}

struct Litmus {
    const char* name;
    std::vector<std::function<void()>> threads;
    std::set<std::string> outcomes; // the four results of each allowed execution, as digits; checked unless empty
    const char* violation;          // part of what must be reported, or null
    bool final_values = false;      // results 0 and 1 are the last values of x and y
};

const Litmus litmus_tests[] = {
    {"store buffering: both threads may miss the other's store",
     {[] {
          x->store(1, release);
          result[0] = y->load(acquire);
      },
      [] {
          y->store(1, release);
          result[1] = x->load(acquire);
      }},
     {"0000", "0100", "1000", "1100"},
     nullptr},
    {"message passing: relaxed, the flag may be seen before the value",
     {[] {
          y->store(1, relaxed);
          x->store(1, relaxed);
      },
      [] {
          result[0] = x->load(relaxed);
          result[1] = y->load(relaxed);
      }},
     {"0000", "0100", "1000", "1100"},
     nullptr},
    {"message passing: with release and acquire it may not",
     {[] {
          y->store(1, relaxed);
          x->store(1, release);
      },
      [] {
          result[0] = x->load(acquire);
          result[1] = y->load(relaxed);
      }},
     {"0000", "0100", "1100"},
     nullptr},
    {"message passing: release and acquire order plain data",
     {[] { send(release); }, [] { receive(1, acquire); }},
     {},
     nullptr},
    {"message passing: without release the data races",
     {[] { send(relaxed); }, [] { receive(1, acquire); }},
     {},
     "a use of the data by thread 2 races with a change by thread 1"},
    {"message passing: without acquire the data races",
     {[] { send(release); }, [] { receive(1, relaxed); }},
     {},
     "a use of the data by thread 2 races with a change by thread 1"},
    {"causality: what a middle thread passes on with release and acquire is seen by the third",
     {[] { x->store(1, relaxed); },
      [] {
          result[0] = x->load(relaxed);
          y->store(1, release);
      },
      [] {
          result[1] = y->load(acquire);
          result[2] = x->load(relaxed);
      }},
     {"0000", "0010", "0100", "0110", "1000", "1010", "1110"}, // and not 110-: seen by the second, not by the third
     nullptr},
    {"release sequence: a relaxed read-modify-write passes the release on",
     {[] { send(release); }, [] { x->fetch_add(1, relaxed); }, [] { receive(2, acquire); }},
     {},
     nullptr},
    {"release sequence: so do two",
     {[] { send(release); },
      [] {
          x->fetch_add(1, relaxed);
          x->fetch_add(1, relaxed);
      },
      [] { receive(3, acquire); }},
     {},
     nullptr},
    {"release sequence: a relaxed load and store do not",
     {[] { send(release); }, [] { x->store(x->load(relaxed) + 1, relaxed); }, [] { receive(2, acquire); }},
     {},
     "a use of the data by thread 3 races with a change by thread 1"},
    {"release sequence: a relaxed store of the releasing thread does not (it did before C++20)",
     {[] {
          send(release);
          x->store(2, relaxed);
      },
      [] { receive(2, acquire); }},
     {},
     "a use of the data by thread 2 races with a change by thread 1"},
    {"release sequence: a read-modify-write with release has both releases",
     {[] { send(release); },
      [] {
          y->store(1, relaxed);
          x->fetch_add(1, release);
      },
      [] {
          if (x->load(acquire) == 2) {
              data->read();
              result[0] = y->load(relaxed) + 1;
          }
      }},
     {"0000", "2000"}, // and not 1: y missed
     nullptr},
    {"coherence: one thread reads one object never backwards",
     {[] {
          x->store(1, relaxed);
          x->store(2, relaxed);
      },
      [] {
          result[0] = x->load(relaxed);
          result[1] = x->load(relaxed);
      }},
     {"0000", "0100", "0200", "1100", "1200", "2200"},
     nullptr},
    {"modification order: a store may come before one that was made earlier",
     {[] {
          x->store(1, relaxed);
          y->store(2, relaxed);
      },
      [] {
          y->store(1, relaxed);
          x->store(2, relaxed);
      }},
     {"1100", "1200", "2100", "2200"},
     nullptr,
     true},
    {"atomicity: read-modify-writes of two threads never read the same",
     {[] { result[0] = x->fetch_add(1, relaxed); }, [] { result[1] = x->fetch_add(1, relaxed); }},
     {"0100", "1000"},
     nullptr},
    {"atomicity: a store never comes between the read and the write of another thread",
     {[] { x->fetch_add(2, acq_rel); }, [] { x->store(5, relaxed); }},
     {"5000", "7000"},
     nullptr,
     true},
    {"atomicity: a load and a store in its place lose updates",
     {[] { x->store(x->load(relaxed) + 1, relaxed); }, [] { x->store(x->load(relaxed) + 1, relaxed); }},
     {"1000", "2000"},
     nullptr,
     true},
    {"atomicity: three threads count to three",
     {[] { x->fetch_add(1, relaxed); }, [] { x->fetch_add(1, relaxed); }, [] { x->fetch_sub(-1, relaxed); }},
     {"3000"},
     nullptr,
     true},
    {"a race: two writes", {[] { data->write(); }, [] { data->write(); }}, {}, "races with a change by thread"},
    {"a race: a read and a write, the read first",
     {[] {
          data->read();
          x->store(1, relaxed);
      },
      [] {
          if (x->load(acquire) == 1)
              data->write();
      }},
     {},
     "a change of the data by thread 2 races with a use by thread 1"},
    {"no race: two reads", {[] { data->read(); }, [] { data->read(); }}, {}, nullptr},
    {"an access after the end",
     {[] {
         make_block();
         block->~ModelCell();
         block->read();
     }},
     {},
     "a use of the block by thread 1 after its end"},
    {"a second end",
     {[] {
         make_block();
         block->~ModelCell();
         block->~ModelCell();
     }},
     {},
     "the end of the block by thread 1 after its end"},
    {"a block returned twice",
     {[] {
         void* const bytes = support::ModelMemory::allocate(8, 8);
         support::ModelMemory::deallocate(bytes, 8, 8);
         support::ModelMemory::deallocate(bytes, 8, 8);
     }},
     {},
     "a block is returned twice"},
    {"an atomic access that is not ordered before the end of the atomic",
     {[] {
          x->store(1, relaxed);
          y->store(1, relaxed);
      },
      [] {
          if (y->load(acquire) == 1)
              x.reset();
      }},
     {},
     "the end of the atomic by thread 2 races with a use by thread 1"},
    {"a leak", {make_block}, {}, "the block is never destroyed"},
};

std::string outcome_of(const Litmus& litmus) {
    if (litmus.final_values) {
        result[0] = x->load(relaxed);
        result[1] = y->load(relaxed);
    }
    std::string text;
    for (const int one : result)
        text += std::to_string(one);
    return text;
}

bool check(const Litmus& litmus, bool cutting) {
    std::set<std::string> outcomes;
    const ModelScenario scenario{make, litmus.threads, [&] {
                                     outcomes.insert(outcome_of(litmus));
                                     end();
                                 }};
    const support::Exploration explored = MemoryModel(cutting).explore(scenario);
    std::printf("%6zu executions, %6zu cut: %s\n", explored.executions, explored.cut, litmus.name);
    if (litmus.violation != nullptr ? explored.violation.find(litmus.violation) == std::string::npos
                                    : !explored.violation.empty()) {
        std::printf("  reported: '%s'\n", explored.violation.c_str());
        return false;
    }
    if (litmus.outcomes.empty() || outcomes == litmus.outcomes)
        return true;
    std::printf("  outcomes:");
    for (const std::string& one : outcomes)
        std::printf(" %s", one.c_str());
    std::printf("\n");
    return false;
}

} // namespace

int main() {
    std::size_t failed = 0;
    for (const Litmus& litmus : litmus_tests)
        for (const bool cutting : {true, false})
            failed += check(litmus, cutting) ? 0u : 1u;
    std::printf("%zu failed\n", failed);
    return failed == 0 ? 0 : 1;
}
