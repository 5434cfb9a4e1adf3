#pragma once
// The table of ratios: each operation of the library beside its peers, as multiples of one uncontended pair of atomic
// read-modify-writes (xR). Nanoseconds depend on the machine and on its load; these ratios much less.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bench {

/// One benchmark: its name in Google Benchmark, and what it runs.
struct Side {
    std::string name;
    std::function<void(benchmark::State&)> run; // empty for a peer that this build does not have
};

/// Which benchmarks stand beside each other. Registers all that it is given, and the reference.
class Table {
public:
    Table();

    /// One line for each peer. A peer without anything to run is shown as missing.
    void add(const std::string& operation, const Side& ours, const std::vector<Side>& peers);

private:
    friend class RatioReporter;

    struct Line {
        std::string operation;
        std::string ours;
        std::string peer;
        bool missing;
    };

    std::vector<Line> lines_;
};

/// Collects the repetitions and prints the table when the last one is done.
class RatioReporter : public benchmark::BenchmarkReporter {
public:
    explicit RatioReporter(const Table& table) : table_(table) {}

    bool ReportContext(const Context& context) override;
    void ReportRuns(const std::vector<Run>& runs) override;
    void Finalize() override;

    /// Returns true when the check of a benchmark found a wrong result.
    [[nodiscard]] bool failed() const noexcept { return failed_; }

private:
    using Times = std::vector<double>; // nanoseconds of processor time, one for each repetition

    [[nodiscard]] const Times* times(const std::string& name) const;

    const Table& table_;
    std::map<std::string, Times> measured_;
    bool failed_ = false;
};

void add_resources(Table& table);
void add_processes(Table& table);
void add_posix(Table& table);

} // namespace bench
