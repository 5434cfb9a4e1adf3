#include <procspace/resource/arc_array.hpp>

#include "support/catch.hpp"
#include "support/counting_atomic.hpp"
#include "support/tracked.hpp"
#include "support/traits.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
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

constexpr std::size_t count = 3;

void begin(void* body) {
    ::new (body) TrackedThrowing(8);
}
void end(void* body) {
    static_cast<TrackedThrowing*>(body)->~TrackedThrowing();
}

/// Resources with places in joint blocks, as the registry gives them: `add` some, then `place` them.
class Resources {
public:
    template <class... Args>
    void add(Args... args) {
        all_.emplace_back("test", args...);
    }
    void add_tracked(std::size_t times = 1) {
        for (; times != 0; --times)
            add(Layout::of<TrackedThrowing>(), begin, end);
    }
    void place() {
        procspace::JointPlaces places;
        for (const Resource& resource : all_)
            places.add(resource);
    }

    class Walk {
    public:
        explicit Walk(const std::deque<Resource>& all) : next_(all.begin()), end_(all.end()) {}
        const Resource* next() { return next_ != end_ ? &*next_++ : nullptr; }

    private:
        std::deque<Resource>::const_iterator next_;
        std::deque<Resource>::const_iterator end_;
    };
    template <class Traits>
    [[nodiscard]] bool fill(ArcsOf<Traits>& arcs) const {
        return arcs.fill(all_.size(), Walk(all_));
    }
    const Resource& operator[](std::size_t i) const { return all_[i]; }
    /// Returns how many blocks their values have.
    template <class Traits>
    std::size_t blocks() const {
        const auto begins_one = [](const Resource& resource) {
            return !procspace::BasicJointBlock<Traits>::used || resource.place() == 0 || resource.joint_size() != 0;
        };
        return static_cast<std::size_t>(std::count_if(all_.begin(), all_.end(), begins_one));
    }

private:
    std::deque<Resource> all_;
};

/// Three values, as a namespace makes them.
const Resources& three() {
    static const Resources* const made = [] {
        auto* const resources = new Resources;
        resources->add_tracked(count);
        resources->place();
        return resources;
    }();
    return *made;
}
template <class Traits>
[[nodiscard]] bool fill(ArcsOf<Traits>& arcs) {
    return three().fill<Traits>(arcs);
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
    REQUIRE(arcs.push_new(three()[0]));
    REQUIRE(arcs.push_new(three()[0]));
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
        // The array, and one for each value, or one for those that have begun.
        CHECK(support::CountingMemory::live_blocks() ==
              blocks + (procspace::BasicJointBlock<TestType>::used ? n != 1 ? 2 : 1 : n));
    }
    CHECK(support::Tracked::alive() == alive);
}

TEST_CASE("ArcArray: out of memory anywhere is told, with nothing left once the array is gone",
          "[resource][arc_array]") {
    const std::size_t alive = support::Tracked::alive();
    for (std::size_t n = 1; n <= 2; ++n) { // the array, the values
        ArcsOf<DepthFailing> arcs;
        const FailNth::Armed armed(n);
        CHECK_FALSE(fill(arcs));
        CHECK(arcs.size() == 0);
    }
    CHECK(support::Tracked::alive() == alive);
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
    // For the one that is shared, and for the block that it keeps.
    const std::size_t wanted = procspace::BasicJointBlock<TestType>::used ? 2 : 1;
    CHECK(support::AtomicLog::count(support::AtomicOp::read_modify_write) == wanted);
    support::AtomicLog::clear();
    other.release();
    CHECK(support::AtomicLog::count(support::AtomicOp::read_modify_write) == 0);
}

TEMPLATE_TEST_CASE("ArcArray: values end the last one first", "[resource][arc_array]", NullCounting, DepthFailing) {
    static std::vector<const void*> ended;
    ended.clear();
    Resources noted;
    for (std::size_t i = 0; i < count; ++i)
        noted.add(
            Layout::of<int>(), [](void* body) { ::new (body) int(8); }, [](void* body) { ended.push_back(body); });
    noted.place();
    ArcsOf<TestType> arcs;
    REQUIRE(noted.fill<TestType>(arcs));
    const std::vector<const void*> wanted{arcs[2].body(), arcs[1].body(), arcs[0].body()};
    arcs.release();
    CHECK(ended == wanted);
}

namespace {
constexpr std::size_t many = 120; // more than one joint block is for

/// Resources that are constants, that end by a destructor, and that are too large for a joint block, in turns.
class Turns {
public:
    explicit Turns(std::size_t first) : first_(first) {
        for (std::size_t i = 0; i < many; ++i) {
            if (is_large(i))
                resources.add(Layout{300, 8}, begin, end);
            else if (is_constant(i))
                resources.add(Layout::of<int>(),
                              procspace::Initialiser::of<int>([](void* body) { ::new (body) int(8); },
                                                              []<class T>() { return T(8); }),
                              nullptr);
            else
                resources.add_tracked();
        }
        resources.place();
    }
    [[nodiscard]] bool is_large(std::size_t i) const { return (i + first_) % 10 == 9; }
    [[nodiscard]] bool is_constant(std::size_t i) const { return !is_large(i) && (i + first_) % 2 == 0; }
    [[nodiscard]] std::size_t tracked() const {
        std::size_t n = 0;
        for (std::size_t i = 0; i < many; ++i)
            n += is_constant(i) ? 0 : 1;
        return n;
    }

    Resources resources;

private:
    std::size_t first_;
};
} // namespace

TEMPLATE_TEST_CASE("ArcArray: constants stand beside other values and large ones in any number of blocks",
                   "[resource][arc_array]", NullCounting, DepthFailing) {
    const std::size_t alive = support::Tracked::alive();
    const std::size_t blocks = support::CountingMemory::live_blocks();
    for (std::size_t turn = 0; turn < 10; ++turn) {
        const Turns turns(turn);
        ArcsOf<TestType> arcs;
        REQUIRE(turns.resources.fill<TestType>(arcs));
        REQUIRE(arcs.size() == many);
        CHECK(support::Tracked::alive() == alive + turns.tracked());
        CHECK(support::CountingMemory::live_blocks() == blocks + 1 + turns.resources.blocks<TestType>());
        for (std::size_t i = 0; i < many; ++i) {
            CHECK(&arcs[i].resource() == &turns.resources[i]);
            CHECK(arcs[i].use_count() == 1);
            if (turns.is_constant(i))
                CHECK(*arcs[i].template body_as<int>() == 8);
            else
                CHECK(arcs[i].template body_as<TrackedThrowing>()->value == 8);
        }
        TrackedThrowing::throw_in_destructor(many / 4);
        CHECK_THROWS_AS(arcs.release(), support::TrackedError);
        CHECK(support::Tracked::alive() == alive);
        CHECK(support::CountingMemory::live_blocks() == blocks);
    }
}

TEST_CASE("ArcArray: a failure among constants, other values and large ones leaves nothing behind",
          "[resource][arc_array][R4]") {
    const std::size_t alive = support::Tracked::alive();
    const std::size_t blocks = support::CountingMemory::live_blocks();
    for (std::size_t turn = 0; turn < 10; ++turn) {
        const Turns turns(turn);
        const std::size_t allocations = 1 + turns.resources.blocks<DepthFailing>();
        for (std::size_t n = 1; n <= allocations; ++n) {
            {
                ArcsOf<DepthFailing> arcs;
                const FailNth::Armed armed(n);
                CHECK_FALSE(turns.resources.fill<DepthFailing>(arcs));
            }
            CHECK(support::CountingMemory::live_blocks() == blocks);
            CHECK(support::Tracked::alive() == alive);
        }
        for (std::size_t n = 1; n <= turns.tracked(); ++n) {
            {
                ArcsOf<DepthFailing> arcs;
                TrackedThrowing::throw_in_constructor(n);
                CHECK_THROWS_AS(turns.resources.fill<DepthFailing>(arcs), support::TrackedError);
                CHECK(support::Tracked::alive() == alive + n - 1);
            }
            CHECK(support::CountingMemory::live_blocks() == blocks);
            CHECK(support::Tracked::alive() == alive);
        }
    }
}
