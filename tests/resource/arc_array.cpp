#include <procspace/resource/arc_array.hpp>

#include "support/catch.hpp"
#include "support/counting_atomic.hpp"
#include "support/tracked.hpp"
#include "support/traits.hpp"

#include <cstddef>
#include <new>
#include <vector>

using procspace::Layout;
using procspace::Resource;
using support::DepthFailing;
using support::FailNth;
using support::NullCounting;
using support::TrackedThrowing;

namespace {

template <class Traits>
using ArcsOf = procspace::BasicArcArray<Traits>;

constinit const Resource descriptor(
    "tracked", Layout::of<TrackedThrowing>(), [](void* body) { ::new (body) TrackedThrowing(8); },
    [](void* body) { static_cast<TrackedThrowing*>(body)->~TrackedThrowing(); });

constexpr std::size_t count = 3;

/// The same resource, several times.
class Walk {
public:
    explicit Walk(const Resource& resource, std::size_t times = count) : resource_(&resource), left_(times) {}
    const Resource* next() { return left_-- != 0 ? resource_ : nullptr; }

private:
    const Resource* resource_;
    std::size_t left_;
};

/// Three values, as a namespace makes them.
template <class Traits>
[[nodiscard]] bool fill(ArcsOf<Traits>& arcs) {
    return arcs.fill(count, Walk(descriptor));
}

} // namespace

TEMPLATE_TEST_CASE("ArcArray: holds what was pushed in that order, in one allocation", "[resource][arc_array]",
                   NullCounting, DepthFailing) {
    using Arcs = ArcsOf<TestType>;
    const std::size_t before = support::CountingMemory::allocations();
    Arcs arcs;
    REQUIRE(arcs.reserve(3));
    CHECK(support::CountingMemory::allocations() == before + 1);
    CHECK(arcs.size() == 0);
    REQUIRE(arcs.push_new(descriptor));
    REQUIRE(arcs.push_new(descriptor));
    arcs.push_shared(arcs[0]);
    CHECK(arcs.size() == 3);
    CHECK(arcs[0].same_as(arcs[2]));
    CHECK(arcs[0].use_count() == 2);
    CHECK_FALSE(arcs[0].same_as(arcs[1]));
    CHECK(support::CountingMemory::allocations() == before + 3);
    Arcs none;
    CHECK(none.reserve(0));
    CHECK(support::CountingMemory::allocations() == before + 3);
}

TEMPLATE_TEST_CASE("ArcArray: try_resize makes empty elements", "[resource][arc_array]", NullCounting, DepthFailing) {
    using Arcs = ArcsOf<TestType>;
    Arcs arcs;
    REQUIRE(arcs.try_resize(2));
    CHECK(arcs.size() == 2);
    CHECK_FALSE(arcs[0]);
    CHECK_FALSE(arcs[1]);
}

TEMPLATE_TEST_CASE("ArcArray: release lets the first exception of a destructor out and gives up all the same",
                   "[resource][arc_array][trap:38]", NullCounting, DepthFailing) {
    using Arcs = ArcsOf<TestType>;
    const std::size_t alive = support::Tracked::alive();
    Arcs arcs;
    REQUIRE(fill(arcs));
    TrackedThrowing::throw_in_destructor(2);
    CHECK_THROWS_AS(arcs.release(), support::TrackedError);
    CHECK(arcs.size() == 0);
    CHECK(support::Tracked::alive() == alive);
}

TEMPLATE_TEST_CASE("ArcArray: one that is given up on the way keeps exceptions of destructors to itself",
                   "[resource][arc_array][trap:38]", NullCounting, DepthFailing) {
    using Arcs = ArcsOf<TestType>;
    const std::size_t alive = support::Tracked::alive();
    {
        Arcs arcs;
        REQUIRE(fill(arcs));
        TrackedThrowing::throw_in_destructor(1);
    }
    CHECK(support::Tracked::alive() == alive);
}

TEMPLATE_TEST_CASE("ArcArray: an initialiser that throws leaves the values before it, and no block behind",
                   "[resource][arc_array][trap:38]", NullCounting, DepthFailing) {
    const std::size_t alive = support::Tracked::alive();
    const std::size_t blocks = support::CountingMemory::live_blocks();
    for (std::size_t n = 1; n <= count; ++n) {
        ArcsOf<TestType> arcs;
        TrackedThrowing::throw_in_constructor(n);
        CHECK_THROWS_AS(fill(arcs), support::TrackedError);
        CHECK(arcs.size() == n - 1);
        CHECK(support::Tracked::alive() == alive + n - 1);
        CHECK(support::CountingMemory::live_blocks() == blocks + n); // the array, and one for each
    }
    CHECK(support::Tracked::alive() == alive);
}

TEST_CASE("ArcArray: out of memory anywhere is told, with nothing left once the array is gone",
          "[resource][arc_array]") {
    const std::size_t constructed = support::Tracked::constructed();
    for (std::size_t n = 1; n <= count + 1; ++n) {
        ArcsOf<DepthFailing> arcs;
        const FailNth::Armed armed(n);
        CHECK_FALSE(fill(arcs));
        CHECK(arcs.size() == 0);
    }
    CHECK(support::Tracked::constructed() == constructed); // no value is begun before all have a block
}

TEMPLATE_TEST_CASE("ArcArray: values with other owners stay when the array is released", "[resource][arc_array]",
                   NullCounting, DepthFailing) {
    const std::size_t alive = support::Tracked::alive();
    ArcsOf<TestType> arcs;
    REQUIRE(fill(arcs));
    ArcsOf<TestType> other;
    REQUIRE(other.reserve(2));
    other.push_shared(arcs[2]);
    other.push_shared(arcs[0]);
    arcs.release();
    CHECK(support::Tracked::alive() == alive + 2);
    CHECK(other[0].use_count() == 1);
    other.release();
    CHECK(support::Tracked::alive() == alive);
}

namespace {
template <class Base>
struct LoggedAtomics : Base {
    template <class U>
    using Atomic = support::CountingAtomic<U>;
};
} // namespace

TEMPLATE_TEST_CASE("ArcArray: a sole owner lets go without a read-modify-write", "[resource][arc_array][R2]",
                   LoggedAtomics<NullCounting>, LoggedAtomics<DepthFailing>) {
    ArcsOf<TestType> arcs;
    REQUIRE(fill(arcs));
    ArcsOf<TestType> other;
    REQUIRE(other.reserve(1));
    other.push_shared(arcs[1]);
    support::AtomicLog::clear();
    arcs.release();
    CHECK(support::AtomicLog::count(support::AtomicOp::read_modify_write) == 1); // for the one that is shared
    support::AtomicLog::clear();
    other.release();
    CHECK(support::AtomicLog::count(support::AtomicOp::read_modify_write) == 0);
}

TEMPLATE_TEST_CASE("ArcArray: values end the last one first", "[resource][arc_array]", NullCounting, DepthFailing) {
    static std::vector<const void*> ended;
    static constinit const Resource noted(
        "noted", Layout::of<int>(), [](void* body) { ::new (body) int(8); }, [](void* body) { ended.push_back(body); });
    ended.clear();
    ArcsOf<TestType> arcs;
    REQUIRE(arcs.fill(count, Walk(noted)));
    const std::vector<const void*> wanted{arcs[2].body(), arcs[1].body(), arcs[0].body()};
    arcs.release();
    CHECK(ended == wanted);
}

namespace {
/// A resource that is a constant, and one that is not and ends by a destructor, in turns.
constinit const Resource constant("constant", Layout::of<int>(),
                                  procspace::Initialiser::of<int>([](void* body) { ::new (body) int(8); },
                                                                  []<class T>() { return T(8); }),
                                  nullptr);
constexpr std::size_t many = 70; // more than one batch is for

class Turns {
public:
    explicit Turns(std::size_t first) : i_(first) {}
    const Resource* next() { return i_++ % 2 == 0 ? &constant : &descriptor; }

private:
    std::size_t i_;
};
} // namespace

TEST_CASE("ArcArray: constants and other values stand side by side, through any number of batches",
          "[resource][arc_array]") {
    const std::size_t alive = support::Tracked::alive();
    for (std::size_t turn = 0; turn < 2; ++turn) {
        ArcsOf<DepthFailing> arcs;
        REQUIRE(arcs.fill(many, Turns(turn)));
        REQUIRE(arcs.size() == many);
        CHECK(support::Tracked::alive() == alive + many / 2);
        for (std::size_t i = 0; i < many; ++i) {
            CHECK(&arcs[i].resource() == ((i + turn) % 2 == 0 ? &constant : &descriptor));
            CHECK(arcs[i].use_count() == 1);
            if ((i + turn) % 2 == 0)
                CHECK(*arcs[i].body_as<int>() == 8);
            else
                CHECK(arcs[i].body_as<TrackedThrowing>()->value == 8);
        }
        TrackedThrowing::throw_in_destructor(many / 4);
        CHECK_THROWS_AS(arcs.release(), support::TrackedError);
        CHECK(support::Tracked::alive() == alive);
    }
}

namespace {
/// Counts the requests that are made through one batch.
struct CountedRequests : support::CountingMemory {
    inline static std::size_t most = 0;
    class Batch {
    public:
        void* allocate(const procspace::BlockSize& block) noexcept {
            count();
            return CountingMemory::allocate(block.size, block.align);
        }
        void deallocate(void* p, const procspace::BlockSize& block) noexcept {
            count();
            CountingMemory::deallocate(p, block.size, block.align);
        }

    private:
        void count() noexcept { most = ++requests_ > most ? requests_ : most; }
        std::size_t requests_ = 0;
    };
};
struct WithCountedRequests : NullCounting {
    using Memory = CountedRequests;
};
} // namespace

TEST_CASE("ArcArray: a batch is for a few dozen requests, so that what it holds is not held for long",
          "[resource][arc_array]") {
    for (const Resource* const resource : {&constant, &descriptor}) {
        CountedRequests::most = 0;
        ArcsOf<WithCountedRequests> arcs;
        REQUIRE(arcs.fill(many, Walk(*resource, many)));
        CHECK(CountedRequests::most == 32);
        CountedRequests::most = 0;
        arcs.release();
        CHECK(CountedRequests::most == 32);
    }
}

TEST_CASE("ArcArray: a failure among constants and other values leaves nothing behind", "[resource][arc_array][R4]") {
    const std::size_t alive = support::Tracked::alive();
    const std::size_t blocks = support::CountingMemory::live_blocks();
    for (std::size_t turn = 0; turn < 2; ++turn) {
        for (std::size_t n = 1; n <= many + 1; ++n) {
            ArcsOf<DepthFailing> arcs;
            const FailNth::Armed armed(n);
            CHECK_FALSE(arcs.fill(many, Turns(turn)));
        }
        CHECK(support::CountingMemory::live_blocks() == blocks);
        for (std::size_t n = 1; n <= many / 2; ++n) {
            ArcsOf<DepthFailing> arcs;
            TrackedThrowing::throw_in_constructor(n);
            CHECK_THROWS_AS(arcs.fill(many, Turns(turn)), support::TrackedError);
            CHECK(support::Tracked::alive() == alive + n - 1);
        }
        CHECK(support::CountingMemory::live_blocks() == blocks);
        CHECK(support::Tracked::alive() == alive);
    }
}
