#include <procspace/core/traits.hpp>

#include "support/catch.hpp"
#include "support/counting_atomic.hpp"
#include "support/traits.hpp"

#include <cstddef>
#include <new>
#include <type_traits>

using procspace::DefaultTraits;
using procspace::ValidTraits;

namespace {

template <class T>
concept names_a_provider = requires { typename T::CurrentNs; };

struct NotALock {};
struct WrongLock : DefaultTraits {
    using Lock = NotALock;
};

struct ThrowingHeap {
    static void* allocate(std::size_t size, std::size_t) { return ::operator new(size); } // not noexcept
    static void deallocate(void* p, std::size_t, std::size_t) noexcept { ::operator delete(p); }
};
struct WrongMemory : DefaultTraits {
    using Memory = ThrowingHeap;
};

struct Pinned {
    Pinned() = default;
    Pinned(const Pinned&) = delete;
    Pinned& operator=(const Pinned&) = delete;
};
struct WrongProcessData : DefaultTraits {
    using ProcessData = Pinned;
};
struct WrongThreadData : DefaultTraits {
    using ThreadData = Pinned;
};

template <class U>
struct NoFetch {
    U load(std::memory_order) const;
    void store(U, std::memory_order);
};
struct WrongAtomic : DefaultTraits {
    template <class U>
    using Atomic = NoFetch<U>;
};

template <class U>
struct NoExchange : NoFetch<U> {
    U fetch_add(U, std::memory_order);
    U fetch_sub(U, std::memory_order);
};
struct AtomicWithoutExchange : DefaultTraits {
    template <class U>
    using Atomic = NoExchange<U>;
};

struct WrongPanic : DefaultTraits {
    static void panic(int);
};

struct OtherAtomic : DefaultTraits {
    template <class U>
    using Atomic = support::CountingAtomic<U>;
};

struct OtherData : DefaultTraits {
    using ProcessData = int;
    using ThreadData = support::NullCounting*;
};

} // namespace

TEST_CASE("ValidTraits: the default and whatever overrides a policy rightly are valid", "[core][traits]") {
    STATIC_REQUIRE(ValidTraits<DefaultTraits>);
    STATIC_REQUIRE(ValidTraits<support::NullCounting>);
    STATIC_REQUIRE(ValidTraits<support::SpinHeap>);
    STATIC_REQUIRE(ValidTraits<support::DepthFailing>);
    STATIC_REQUIRE(ValidTraits<OtherAtomic>);
    STATIC_REQUIRE(ValidTraits<OtherData>);
    SUCCEED();
}

TEST_CASE("ValidTraits: each policy of the wrong form is refused", "[core][traits]") {
    STATIC_REQUIRE_FALSE(ValidTraits<WrongLock>);
    STATIC_REQUIRE_FALSE(ValidTraits<WrongMemory>);
    STATIC_REQUIRE_FALSE(ValidTraits<WrongProcessData>);
    STATIC_REQUIRE_FALSE(ValidTraits<WrongThreadData>);
    STATIC_REQUIRE_FALSE(ValidTraits<WrongAtomic>);
    STATIC_REQUIRE_FALSE(ValidTraits<AtomicWithoutExchange>);
    STATIC_REQUIRE_FALSE(ValidTraits<WrongPanic>);
    SUCCEED();
}

TEST_CASE("DefaultTraits: the policies are those that the documentation names", "[core][traits]") {
    STATIC_REQUIRE(std::is_same_v<DefaultTraits::Lock, procspace::SpinLock>);
    STATIC_REQUIRE(std::is_same_v<DefaultTraits::Memory, procspace::HeapMemory>);
    STATIC_REQUIRE(std::is_same_v<DefaultTraits::ProcessData, procspace::AnyData>);
    STATIC_REQUIRE(std::is_same_v<DefaultTraits::ThreadData, procspace::AnyData>);
    STATIC_REQUIRE(std::is_same_v<DefaultTraits::Atomic<int>, std::atomic<int>>);
    STATIC_REQUIRE_FALSE(names_a_provider<DefaultTraits>);
    CHECK(DefaultTraits::execution_context() == procspace::thread_pointer());
}

TEST_CASE("raise_no_memory: throws std::bad_alloc where exceptions exist", "[core][traits]") {
    CHECK_THROWS_AS(procspace::raise_no_memory<support::PanicTraits>(procspace::Location::current()), std::bad_alloc);
}
