#include <procspace/core/memory.hpp>

#include "support/catch.hpp"
#include "support/counting_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

using procspace::HeapMemory;
using procspace::MemoryBlock;
using support::CountingMemory;
using support::FailNth;

// A sanitizer's heap would stop at the request that cannot be met, which is the point of a case below.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
    return "allocator_may_return_null=1";
}
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() {
    return "allocator_may_return_null=1";
}

TEST_CASE("HeapMemory: every alignment is met", "[core][memory]") {
    const auto align = static_cast<std::size_t>(1) << GENERATE(0, 3, 4, 5, 6, 12, 16);
    void* const p = HeapMemory::allocate(100, align);
    REQUIRE(p != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(p) % align == 0);
    std::memset(p, 1, 100);
    HeapMemory::deallocate(p, 100, align);
}

TEST_CASE("HeapMemory: says null when there is not that much", "[core][memory]") {
    // volatile: the compiler warns about a size that it knows.
    const volatile std::size_t too_much = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) - 4096;
    CHECK(HeapMemory::allocate(too_much, 8) == nullptr);
    CHECK(HeapMemory::allocate(too_much, 64) == nullptr);
}

TEST_CASE("MemoryBlock: returns its bytes unless they were released", "[core][memory]") {
    const std::size_t before = CountingMemory::live_blocks();
    {
        const MemoryBlock<CountingMemory> block(24, 8);
        REQUIRE(block);
        CHECK(block.get() != nullptr);
        CHECK(CountingMemory::live_blocks() == before + 1);
    }
    CHECK(CountingMemory::live_blocks() == before);

    void* kept = nullptr;
    {
        MemoryBlock<CountingMemory> block(24, 8);
        kept = block.release();
        CHECK(kept != nullptr);
        CHECK(block.release() == nullptr);
        CHECK_FALSE(block);
    }
    CHECK(CountingMemory::live_blocks() == before + 1);
    CountingMemory::deallocate(kept, 24, 8);
}

TEST_CASE("MemoryBlock: without memory it is false and returns nothing", "[core][memory]") {
    const FailNth::Armed armed(1);
    MemoryBlock<FailNth> block(24, 8);
    CHECK_FALSE(block);
    CHECK(block.release() == nullptr);
}
