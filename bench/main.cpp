// bench_procspace: prints the table of ratios. Takes the options of Google Benchmark; --benchmark_out=FILE keeps each
// repetition.

#include "ratios.hpp"

#include <cstdio>
#include <thread>
#include <vector>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace {

/// Makes libstdc++ count the owners of a shared_ptr as it does in any program with threads. Before the first thread it
/// counts without atomic operations, and a peer would look twice as fast as it is. Returns false when that did not
/// help.
bool become_multithreaded() {
    std::thread([] {}).join();
#if __has_include(<sys/single_threaded.h>)
    return __libc_single_threaded == 0;
#else
    return true;
#endif
}

} // namespace

int main(int argc, char** argv) {
    if (!become_multithreaded()) {
        std::fputs("bench_procspace: this C library forgets that there was a thread: shared_ptr would be flattered\n",
                   stderr);
        return 1;
    }

    // Many short repetitions in random order: a neighbour's load then hits all of them alike. The user's options come
    // later and win.
    char repetitions[] = "--benchmark_repetitions=21";
    char interleaving[] = "--benchmark_enable_random_interleaving=true";
    char min_time[] = "--benchmark_min_time=0.02";
    std::vector<char*> arguments{argv[0], repetitions, interleaving, min_time};
    arguments.insert(arguments.end(), argv + 1, argv + argc);
    auto count = static_cast<int>(arguments.size());
    arguments.push_back(nullptr);
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data()))
        return 2;

    bench::Table table;
    bench::add_resources(table);
    bench::add_processes(table);
    bench::add_posix(table);
    bench::RatioReporter reporter(table);
    const bool found = benchmark::RunSpecifiedBenchmarks(&reporter) > 0;
    benchmark::Shutdown();
    return found && !reporter.failed() ? 0 : 1;
}
