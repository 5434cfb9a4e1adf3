#include <procspace/core/config.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <thread>

TEST_CASE("config: the compiler's exceptions and library are seen as they are", "[core][config]") {
    STATIC_REQUIRE(procspace::has_exceptions);
    STATIC_REQUIRE(procspace::is_hosted);
    bool caught = false;
    PROCSPACE_TRY {
        PROCSPACE_THROW(1);
    }
    PROCSPACE_CATCH(int) {
        caught = true;
    }
    CHECK(caught);
}

TEST_CASE("thread_pointer: tells two living threads apart and stays the same in one", "[core][config]") {
    const void* const mine = procspace::thread_pointer();
    CHECK(procspace::thread_pointer() == mine);
    const void* other = nullptr;
    std::thread([&other] { other = procspace::thread_pointer(); }).join();
#if defined(__x86_64__) || defined(__aarch64__)
    REQUIRE(mine != nullptr);
    CHECK(other != nullptr);
    CHECK(other != mine);
#else
    CHECK(mine == nullptr);
#endif
}

TEST_CASE("cpu_relax: a loop with it sees what another thread stores", "[core][config]") {
    std::atomic<bool> go{false};
    std::thread setter([&go] { go.store(true, std::memory_order_release); });
    while (!go.load(std::memory_order_acquire))
        procspace::cpu_relax();
    setter.join();
    CHECK(go.load(std::memory_order_relaxed));
}
