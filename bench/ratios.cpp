#include "ratios.hpp"

#include "measure.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ostream>

namespace bench {
namespace {

constexpr const char* reference_name = "reference/lock_inc_dec";

void reference(benchmark::State& state) {
    std::atomic<long> count{1};
    use(&count);
    for (auto _ : state) {
        count.fetch_add(1, std::memory_order_relaxed);
        use(&count);
        count.fetch_sub(1, std::memory_order_release);
        use(&count);
    }
    if (count != 1)
        state.SkipWithError("the count is not what it was");
}

/// Returns the value below which `share` of the sorted values lie, interpolated.
double quantile(const std::vector<double>& sorted, double share) {
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// The middle half of the repetitions.
struct Summary {
    double low;
    double median;
    double high;

    explicit Summary(std::vector<double> values) {
        std::sort(values.begin(), values.end());
        low = quantile(values, 0.25);
        median = quantile(values, 0.5);
        high = quantile(values, 0.75);
    }
};

/// Each repetition of one against each of the other: the order in which they ran is random, so none belong together.
Summary ratio(const std::vector<double>& ours, const std::vector<double>& others) {
    std::vector<double> ratios;
    ratios.reserve(ours.size() * others.size());
    for (const double mine : ours)
        for (const double other : others)
            ratios.push_back(mine / other);
    return Summary(std::move(ratios));
}

/// Google Benchmark 1.8 gave a new name to the same thing.
template <class Run>
bool found_wrong(const Run& run) {
    if constexpr (requires { run.error_occurred; })
        return run.error_occurred;
    else
        return static_cast<int>(run.skipped) != 0;
}
template <class Run>
std::string complaint(const Run& run) {
    if constexpr (requires { run.error_message; })
        return run.error_message;
    else
        return run.skip_message;
}

void print_times(const std::vector<double>* times, const std::vector<double>* reference_times) {
    if (times == nullptr || reference_times == nullptr) {
        std::printf("  %8s      ", "-");
        return;
    }
    const Summary own(*times);
    const double pair = Summary(*reference_times).median;
    std::printf("  %8.2f +-%2.0f%%", own.median / pair, 50 * (own.high - own.low) / own.median);
}

} // namespace

Table::Table() {
    benchmark::RegisterBenchmark(reference_name, reference);
}

void Table::add(const std::string& operation, const Side& ours, const std::vector<Side>& peers) {
    benchmark::RegisterBenchmark(ours.name.c_str(), ours.run);
    for (const Side& peer : peers) {
        const bool registered =
            std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) { return line.peer == peer.name; });
        if (peer.run && !registered)
            benchmark::RegisterBenchmark(peer.name.c_str(), peer.run);
        lines_.push_back({operation, ours.name, peer.name, !peer.run});
    }
}

bool RatioReporter::ReportContext(const Context& context) {
    PrintBasicContext(&GetErrorStream(), context);
    GetErrorStream()
        << "If a warning above says that the library was built as DEBUG: it speaks of Google Benchmark itself, "
           "as Debian and Ubuntu\nbuild it. The loops that are timed are compiled here.\n";
#ifndef __OPTIMIZE__
    GetErrorStream() << "***WARNING*** This program was compiled without optimisation: the figures say nothing.\n";
#endif
    GetErrorStream().flush();
    return true;
}

void RatioReporter::ReportRuns(const std::vector<Run>& runs) {
    for (const Run& run : runs) {
        if (run.run_type != Run::RT_Iteration)
            continue;
        const std::string name = run.benchmark_name();
        if (found_wrong(run)) {
            failed_ = true;
            GetErrorStream() << name << ": " << complaint(run) << std::endl;
        } else {
            measured_[name].push_back(run.GetAdjustedCPUTime());
        }
    }
}

auto RatioReporter::times(const std::string& name) const -> const Times* {
    const auto place = measured_.find(name);
    return place != measured_.end() ? &place->second : nullptr;
}

void RatioReporter::Finalize() {
    const Times* const reference_times = times(reference_name);
    std::size_t repetitions = 0;
    int width = 9;
    for (const auto& line : table_.lines_)
        width = std::max(width, static_cast<int>(line.operation.size()));
    for (const auto& entry : measured_)
        repetitions = std::max(repetitions, entry.second.size());

    std::printf("\n%-*s  %14s  %14s  %20s  peer\n", width, "operation", "ours, xR", "peer, xR", "ours / peer");
    for (const auto& line : table_.lines_) {
        const Times* const ours = times(line.ours);
        const Times* const peer = times(line.peer);
        if (ours == nullptr && peer == nullptr)
            continue; // not asked for
        std::printf("%-*s", width, line.operation.c_str());
        print_times(ours, reference_times);
        print_times(peer, reference_times);
        if (ours != nullptr && peer != nullptr) {
            const Summary all = ratio(*ours, *peer);
            const double medians = Summary(*ours).median / Summary(*peer).median;
            std::printf("  %5.2f (%5.2f..%5.2f)", medians, all.low, all.high);
        } else {
            std::printf("  %5s %14s", "-", "");
        }
        std::printf("  %s%s\n", line.peer.c_str(), line.missing ? " (missing: its headers were not found)" : "");
    }

    std::printf(
        "\nMedians of %zu interleaved repetitions, +- half of the middle half; in brackets the middle half of the "
        "ratios.\n",
        repetitions);
    if (reference_times != nullptr)
        std::printf("1 xR = %.1f ns here: one uncontended atomic increment and one decrement, on one thread.\n",
                    Summary(*reference_times).median);
    else
        std::printf("No xR: the filter left %s out.\n", reference_name);
    std::fflush(stdout);
}

} // namespace bench
