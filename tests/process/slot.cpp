#include <procspace/process/slot.hpp>

#include "support/catch.hpp"
#include "support/counting_memory.hpp"
#include "support/tracked.hpp"

#include <cstdint>
#include <map>

using procspace::MemoryBlock;
using procspace::SlotAllocator;
using procspace::SlotSize;
using support::CountingMemory;
using support::FailNth;
using support::Tracked;

namespace {

struct alignas(128) Wide {
    explicit Wide(int its_value) : value(its_value) {}
    int value;
};

} // namespace

TEST_CASE("try_make_shared: makes the object in one block of the policy", "[process][slot]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    const std::size_t allocations = CountingMemory::allocations();
    const auto made = procspace::try_make_shared<Tracked, CountingMemory>(7);
    REQUIRE(made != nullptr);
    CHECK(made->value == 7);
    CHECK(CountingMemory::live_blocks() == blocks + 1);
    CHECK(CountingMemory::allocations() == allocations + 1);
}

TEST_CASE("try_make_shared: an over-aligned object stands at its alignment", "[process][slot]") {
    const auto made = procspace::try_make_shared<Wide, CountingMemory>(3);
    REQUIRE(made != nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(made.get()) % alignof(Wide) == 0);
    CHECK(made->value == 3);
}

TEST_CASE("try_make_shared: without memory it gives null and constructs nothing", "[process][slot][trap:48]") {
    const std::size_t constructed = Tracked::constructed();
    const FailNth::Armed armed(1);
    CHECK(procspace::try_make_shared<Tracked, FailNth>(7) == nullptr);
    CHECK(Tracked::constructed() == constructed);
}

TEST_CASE("try_make_shared: what the constructor throws passes through and the block goes back", "[process][slot]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    Tracked::throw_in_constructor(1);
    CHECK_THROWS_AS((procspace::try_make_shared<Tracked, CountingMemory>(7)), support::TrackedError);
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("try_make_shared: a weak handle keeps the block but not the object", "[process][slot]") {
    const std::size_t alive = Tracked::alive();
    const std::size_t blocks = CountingMemory::live_blocks();
    std::weak_ptr<Tracked> weak;
    weak = procspace::try_make_shared<Tracked, CountingMemory>(1);
    CHECK(Tracked::alive() == alive);
    CHECK(CountingMemory::live_blocks() == blocks + 1);
    weak.reset();
    CHECK(CountingMemory::live_blocks() == blocks);
}

TEST_CASE("SlotAllocator: hands out the block that it was given and returns it with its full size", "[process][slot]") {
    using Slot = SlotSize<long>;
    MemoryBlock<CountingMemory> block(Slot::bytes, Slot::align);
    void* const bytes = block.get();
    SlotAllocator<long, CountingMemory, Slot::bytes, Slot::align, Slot::bytes> allocator(block.release());
    long* const place = allocator.allocate(1);
    CHECK(place == bytes);
    allocator.deallocate(place, 1); // CountingMemory compares the size
}

TEST_CASE("SlotAllocator: all of them are equal since any of them may return a block", "[process][slot]") {
    using Slot = SlotSize<long>;
    MemoryBlock<CountingMemory> block(Slot::bytes, Slot::align);
    SlotAllocator<long, CountingMemory, Slot::bytes, Slot::align, Slot::bytes> with(block.release());
    const SlotAllocator<char, CountingMemory, Slot::bytes, Slot::align, Slot::bytes> rebound(with);
    SlotAllocator<long, CountingMemory, Slot::bytes, Slot::align, Slot::bytes> without;
    CHECK(with == without);
    CHECK(decltype(without)(rebound) == with);
    without.deallocate(with.allocate(1), 1);
}
