// The tools of tests/support. The hidden cases do wrong on purpose: CMakeLists.txt runs each and requires that it
// fails.
#include "support/catch.hpp"
#include "support/counting_memory.hpp"
#include "support/depth_lock.hpp"
#include "support/tracked.hpp"

#include <new>
#include <type_traits>

using support::CountingMemory;
using support::DepthLock;
using support::FailNth;
using support::Tracked;

TEST_CASE("Support: a leaked block is found", "[.][leaked_block]") {
    CHECK(CountingMemory::allocate(8, 8) != nullptr);
}

TEST_CASE("Support: an object that is never destroyed is found", "[.][leaked_tracked]") {
    alignas(Tracked) static unsigned char bytes[sizeof(Tracked)];
    ::new (static_cast<void*>(bytes)) Tracked(1);
    SUCCEED();
}

TEST_CASE("Support: an allocation under a lock is found", "[.][allocation_under_lock]") {
    DepthLock lock;
    lock.lock();
    void* const p = CountingMemory::allocate(8, 8);
    lock.unlock();
    CountingMemory::deallocate(p, 8, 8);
    SUCCEED();
}

TEST_CASE("Support: a destructor under a lock is found", "[.][destructor_under_lock]") {
    DepthLock lock;
    alignas(Tracked) unsigned char bytes[sizeof(Tracked)];
    auto* const value = ::new (static_cast<void*>(bytes)) Tracked(1);
    lock.lock();
    value->~Tracked();
    lock.unlock();
    SUCCEED();
}

TEST_CASE("Support: a constructor with a pool's cache is found", "[.][constructor_with_cache]") {
    const support::CacheMark cache;
    const Tracked value(1);
    SUCCEED();
}

TEST_CASE("Support: a block returned with another size is found", "[.][wrong_size]") {
    CountingMemory::deallocate(CountingMemory::allocate(8, 8), 16, 8);
    SUCCEED();
}

TEST_CASE("Support: a lock taken twice ends the program", "[.][double_lock]") {
    DepthLock lock;
    lock.lock();
    lock.lock();
}

TEST_CASE("Support: FailNth refuses exactly the n-th allocation", "[core][support]") {
    const FailNth::Armed armed(2);
    void* const first = FailNth::allocate(8, 8);
    CHECK(first != nullptr);
    CHECK(FailNth::allocate(8, 8) == nullptr);
    void* const third = FailNth::allocate(8, 8);
    CHECK(third != nullptr);
    FailNth::deallocate(first, 8, 8);
    FailNth::deallocate(third, 8, 8);
}

TEST_CASE("Support: Tracked throws at exactly the n-th construction", "[core][support]") {
    Tracked::throw_in_constructor(2);
    const Tracked first;
    CHECK_THROWS_AS(Tracked(), support::TrackedError);
    const Tracked third;
    CHECK(third.value == 0);
}
