// A listener for every Catch2 program of the suite: add this file to SOURCES. When a case ends, no block of
// CountingMemory and no Tracked may be alive that was not alive when it began, and there must be no violation. If there
// is, the program says so and ends with status 3: an assertion cannot stand outside of a case.

#if __has_include(<catch2/reporters/catch_reporter_event_listener.hpp>)
#include <catch2/catch_test_case_info.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
#include <catch2/reporters/catch_reporter_registrars.hpp>
#else
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include <catch2/catch.hpp>
#endif

#include "counting_memory.hpp"
#include "tracked.hpp"
#include "violations.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace {

#if __has_include(<catch2/reporters/catch_reporter_event_listener.hpp>)
using ListenerBase = Catch::EventListenerBase;
#else
using ListenerBase = Catch::TestEventListenerBase;
#endif

class BalanceListener : public ListenerBase {
public:
    using ListenerBase::ListenerBase;

    void testCaseStarting(const Catch::TestCaseInfo&) override {
        blocks_ = support::CountingMemory::live_blocks();
        tracked_ = support::Tracked::alive();
        support::Violations::take();
    }

    void testCaseEnded(const Catch::TestCaseStats& stats) override {
        const std::size_t blocks = support::CountingMemory::live_blocks();
        const std::size_t tracked = support::Tracked::alive();
        const char* const violation = support::Violations::first();
        if (blocks == blocks_ && tracked == tracked_ && violation == nullptr)
            return;
        std::cout.flush();
        std::fprintf(
            stderr,
            "\nbalance of \"%s\": blocks %zu, before %zu; tracked objects %zu, before %zu; %zu violations%s%s\n",
            name(stats), blocks, blocks_, tracked, tracked_, support::Violations::count(),
            violation != nullptr ? ", the first: " : "", violation != nullptr ? violation : "");
        std::fflush(stderr);
        std::_Exit(3);
    }

private:
    template <class Stats>
    static const char* name(const Stats& stats) {
        if constexpr (requires { stats.testInfo->name; })
            return stats.testInfo->name.c_str(); // 3.x
        else
            return stats.testInfo.name.c_str(); // 2.x
    }

    std::size_t blocks_ = 0;
    std::size_t tracked_ = 0;
};

} // namespace

CATCH_REGISTER_LISTENER(BalanceListener)
