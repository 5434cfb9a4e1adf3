#include <procspace/core/pool.hpp>
#include <procspace/core/size_classes.hpp>
#include <procspace/core/thread_local_pool.hpp>

#include "support/catch.hpp"
#include "support/counting_memory.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <utility>
#include <vector>

using procspace::PoolCache;
using procspace::PoolMemory;
using procspace::size_classes;
using procspace::SizeClasses;
using support::CountingMemory;
using support::FailNth;

namespace {

struct Block {
    unsigned char* bytes;
    std::size_t size;
    std::size_t align;
    unsigned char mark;
};

// Fills a block, and tells later whether another one was written over it.
template <class Pool>
Block filled(std::size_t size, std::size_t align, unsigned char mark) {
    auto* const bytes = static_cast<unsigned char*>(Pool::allocate(size, align));
    if (bytes != nullptr)
        std::memset(bytes, mark, size);
    return {bytes, size, align, mark};
}
bool intact(const Block& block) {
    for (std::size_t i = 0; i < block.size; ++i)
        if (block.bytes[i] != block.mark)
            return false;
    return true;
}

template <int>
struct TestPool : procspace::DefaultPool {
    using Upstream = FailNth;
    static constexpr std::size_t slab_bytes = 4096;
};

// A cache as a kernel has one for each processor.
template <int N>
struct OneCpu : TestPool<N> {
    struct Cache {
        PoolCache* cache() noexcept { return online ? &blocks : nullptr; }
    };
    inline static constinit PoolCache blocks{};
    inline static bool online = true;
};

template <class Pool>
std::vector<Block> blocks(std::size_t count, std::size_t size) {
    std::vector<Block> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back(filled<Pool>(size, 8, static_cast<unsigned char>(i)));
    return all;
}
template <class Pool>
void return_all(std::vector<Block>& all) {
    for (const Block& block : all)
        Pool::deallocate(block.bytes, block.size, block.align);
    all.clear();
}

// Empties the cache that the case itself has filled, if its pool has one.
void flush_own_cache(PoolMemory<TestPool<0>>) {}
void flush_own_cache(PoolMemory<OneCpu<0>>) {
    PoolMemory<OneCpu<0>>::flush(OneCpu<0>::blocks);
}
void flush_own_cache(PoolMemory<procspace::ThreadCached<TestPool<1>>>) {
    using Config = procspace::ThreadCached<TestPool<1>>;
    PoolMemory<Config>::flush(*procspace::ThreadLocalPoolCache<Config>().cache());
}

} // namespace

TEST_CASE("SizeClasses: every size has the smallest class that holds it", "[core][pool]") {
    for (std::size_t size = 1; size <= SizeClasses::largest; ++size) {
        const std::size_t index = size_classes.of(size);
        REQUIRE(index < SizeClasses::count);
        REQUIRE(size_classes.size(index) >= size);
        REQUIRE((index == 0 || size_classes.size(index - 1) < size));
    }
    CHECK(size_classes.size(SizeClasses::count - 1) == SizeClasses::largest);
    for (std::size_t index = 0; index < SizeClasses::count; ++index)
        CHECK(size_classes.cached(index) == std::min<std::size_t>(64, 4096 / size_classes.size(index)));
}

TEMPLATE_TEST_CASE("PoolMemory: blocks are aligned, apart and untouched by others", "[core][pool]",
                   PoolMemory<TestPool<0>>, PoolMemory<OneCpu<0>>, PoolMemory<procspace::ThreadCached<TestPool<1>>>) {
    std::mt19937 random(7);
    const auto pick = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    std::vector<Block> out;
    for (int step = 0; step < 20000; ++step) {
        if (out.empty() || (pick(100) < (step % 4000 < 2000 ? 60U : 40U))) {
            const std::size_t align = std::size_t{1} << pick(8); // up to 128: beyond what slabs serve
            const Block block =
                filled<TestType>(1 + pick(step % 7 == 0 ? 3000 : 300), align, static_cast<unsigned char>(step));
            REQUIRE(block.bytes != nullptr);
            REQUIRE(reinterpret_cast<std::uintptr_t>(block.bytes) % align == 0);
            out.push_back(block);
        } else {
            const std::size_t i = pick(out.size());
            REQUIRE(intact(out[i]));
            TestType::deallocate(out[i].bytes, out[i].size, out[i].align);
            out[i] = out.back();
            out.pop_back();
        }
    }
    for (const Block& block : out)
        REQUIRE(intact(block));
    return_all<TestType>(out);
    flush_own_cache(TestType());
    TestType::trim();
    CHECK(TestType::held_bytes() == 0);
}

TEST_CASE("PoolMemory: after a peak at most one empty slab of a class is kept", "[core][pool]") {
    using Pool = PoolMemory<TestPool<2>>;
    auto all = blocks<Pool>(1000, 100);
    CHECK(Pool::held_bytes() >= 1000 * 100);
    return_all<Pool>(all);
    CHECK(Pool::held_bytes() == 4096);
    CHECK(Pool::trim());
    CHECK(Pool::held_bytes() == 0);
    CHECK_FALSE(Pool::trim());
}

TEST_CASE("PoolMemory: a slab that was full serves again as soon as one block is back", "[core][pool]") {
    using Pool = PoolMemory<TestPool<3>>;
    auto all = blocks<Pool>((4096 - 64) / 64, 64);
    REQUIRE(Pool::held_bytes() == 4096);
    Pool::deallocate(all.back().bytes, 64, 8);
    all.back() = filled<Pool>(64, 8, 1);
    CHECK(Pool::held_bytes() == 4096);
    return_all<Pool>(all);
    Pool::trim();
}

TEST_CASE("PoolMemory: out of memory is null, and what is out stays good", "[core][pool]") {
    using Pool = PoolMemory<TestPool<4>>;
    auto all = blocks<Pool>((4096 - 64) / 64, 64);
    {
        const FailNth::Armed armed(1);
        CHECK(Pool::allocate(64, 8) == nullptr);
    }
    {
        const FailNth::Armed armed(1);
        CHECK(Pool::allocate(5000, 8) == nullptr);
    }
    CHECK(Pool::held_bytes() == 4096);
    for (const Block& block : all)
        CHECK(intact(block));
    all.push_back(filled<Pool>(64, 8, 9));
    CHECK(all.back().bytes != nullptr);
    return_all<Pool>(all);
    Pool::trim();
}

namespace {
struct TwoSlabs : TestPool<5> {
    static constexpr std::size_t max_bytes = 8192;
};
} // namespace

TEST_CASE("PoolMemory: never holds more than it may, large blocks included", "[core][pool]") {
    using Pool = PoolMemory<TwoSlabs>;
    std::vector<Block> all;
    for (;;) {
        const Block block = filled<Pool>(128, 8, static_cast<unsigned char>(all.size()));
        if (block.bytes == nullptr)
            break;
        all.push_back(block);
    }
    CHECK(all.size() == 2 * ((4096 - 64) / 128));
    CHECK(Pool::held_bytes() == 8192);
    CHECK(Pool::allocate(2000, 8) == nullptr);
    return_all<Pool>(all);
    CHECK(Pool::held_bytes() == 4096);

    SECTION("a large block counts") {
        CHECK(Pool::allocate(8193, 8) == nullptr);
        CHECK(Pool::allocate(SIZE_MAX, 8) == nullptr);
        CHECK(Pool::held_bytes() == 4096);
        void* const large = Pool::allocate(4096, 8);
        REQUIRE(large != nullptr);
        CHECK(Pool::held_bytes() == 8192);
        Pool::deallocate(large, 4096, 8);
    }
    SECTION("an empty slab is given up for a large block") {
        void* const large = Pool::allocate(8192, 8);
        REQUIRE(large != nullptr);
        CHECK(Pool::held_bytes() == 8192);
        Pool::deallocate(large, 8192, 8);
    }
    SECTION("an empty slab of one class is given up for another") {
        auto small = blocks<Pool>(2 * ((4096 - 64) / 16), 16);
        CHECK(small.back().bytes != nullptr);
        return_all<Pool>(small);
    }
    Pool::trim();
    CHECK(Pool::held_bytes() == 0);
}

namespace {
struct OneSlab : OneCpu<11> {
    static constexpr std::size_t max_bytes = 4096;
};

/// Refuses one allocation, while which a block comes back as from another thread.
template <class Pool>
struct Meanwhile : FailNth {
    inline static void* block = nullptr;
    static void* allocate(std::size_t size, std::size_t align) noexcept {
        if (void* const back = std::exchange(block, nullptr)) {
            Pool::deallocate(back, 64, 8);
            return nullptr;
        }
        return FailNth::allocate(size, align);
    }
};
struct ComesBack : TestPool<12> {
    using Upstream = Meanwhile<PoolMemory<ComesBack>>;
};
} // namespace

TEST_CASE("PoolMemory: a cache gives up its blocks for another class before that is refused", "[core][pool]") {
    using Pool = PoolMemory<OneSlab>;
    void* const small = Pool::allocate(64, 8);
    CHECK(Pool::allocate(128, 8) == nullptr);
    Pool::deallocate(small, 64, 8);
    void* const other = Pool::allocate(128, 8);
    REQUIRE(other != nullptr);
    Pool::deallocate(other, 128, 8);
    Pool::flush(OneSlab::blocks);
    CHECK(Pool::trim());
    CHECK(Pool::held_bytes() == 0);
}

TEST_CASE("PoolMemory: a block that comes back while there is no memory for another slab is served", "[core][pool]") {
    using Pool = PoolMemory<ComesBack>;
    auto all = blocks<Pool>((4096 - 64) / 64, 64);
    ComesBack::Upstream::block = all.back().bytes;
    CHECK(Pool::allocate(64, 8) == all.back().bytes);
    return_all<Pool>(all);
    Pool::trim();
}

namespace {
struct SixteenSlabs : TestPool<10> {
    using Upstream = procspace::HeapMemory; // from two threads, at speed
    static constexpr std::size_t max_bytes = 65536;
};
} // namespace

TEST_CASE("PoolMemory: a request that does not fit makes none fail that does", "[core][pool]") {
    using Pool = PoolMemory<SixteenSlabs>;
    void* const half = Pool::allocate(32768, 8);
    std::atomic<bool> done{false};
    std::atomic<int> tries{0};
    std::thread greedy([&] {
        while (!done.load(std::memory_order_relaxed)) {
            void* const more = Pool::allocate(60000, 8);
            tries.fetch_add(1, std::memory_order_relaxed);
            if (more != nullptr)
                Pool::deallocate(more, 60000, 8);
        }
    });
    int refused = 0;
    for (int i = 0; i < 20000 || tries.load(std::memory_order_relaxed) < 20000; ++i) {
        void* const block = Pool::allocate(2000, 8);
        refused += block == nullptr ? 1 : 0;
        if (block != nullptr)
            Pool::deallocate(block, 2000, 8);
    }
    done.store(true, std::memory_order_relaxed);
    greedy.join();
    CHECK(refused == 0);
    Pool::deallocate(half, 32768, 8);
    CHECK(Pool::held_bytes() == 0);
}

TEST_CASE("PoolMemory: a cache asks the slabs once for many blocks", "[core][pool]") {
    using Config = OneCpu<6>;
    using Pool = PoolMemory<Config>;
    void* const first = Pool::allocate(64, 8);
    const std::size_t index = size_classes.of(64);
    CHECK(Config::blocks.count(index) == size_classes.cached(index) / 2);
    Pool::deallocate(first, 64, 8);
    CHECK(Pool::allocate(64, 8) == first); // the block that is warm
    Pool::deallocate(first, 64, 8);

    SECTION("and keeps no more than its limit") {
        auto all = blocks<Pool>(500, 64);
        return_all<Pool>(all);
        CHECK(Config::blocks.count(index) <= size_classes.cached(index));
    }
    SECTION("and is passed over when it is gone") {
        Config::online = false;
        void* const other = Pool::allocate(64, 8);
        CHECK(other != first);
        Pool::deallocate(other, 64, 8);
        Config::online = true;
    }
    Pool::flush(Config::blocks);
    CHECK(Config::blocks.count(index) == 0);
    Pool::trim();
    CHECK(Pool::held_bytes() == 0);
}

namespace {
struct WatchedUpstream {
    static void* allocate(std::size_t size, std::size_t align) noexcept {
        support::expect_free("an Upstream was asked while a cache or a lock was held");
        return CountingMemory::allocate(size, align);
    }
    static void deallocate(void* p, std::size_t size, std::size_t align) noexcept {
        support::expect_free("an Upstream was given something while a cache or a lock was held");
        CountingMemory::deallocate(p, size, align);
    }
};
struct WatchedPool : procspace::DefaultPool {
    using Upstream = WatchedUpstream;
    using Lock = support::DepthLock;
    static constexpr std::size_t slab_bytes = 4096;
};
struct WatchedCachedPool : WatchedPool {
    class Cache {
    public:
        PoolCache* cache() noexcept { return &blocks; }

    private:
        support::CacheMark held_;
    };
    inline static constinit PoolCache blocks{};
};
template <class Pool>
void fill_and_empty() {
    std::vector<void*> all;
    for (int i = 0; i < 300; ++i)
        all.push_back(Pool::allocate(i % 100 == 99 ? 2000U : 64U, 8));
    for (int i = 0; i < 300; ++i)
        Pool::deallocate(all[static_cast<std::size_t>(i)], i % 100 == 99 ? 2000U : 64U, 8);
}
} // namespace

namespace {
struct SharedSlabs : TestPool<23> {
    using Upstream = procspace::HeapMemory; // from two threads, at speed
};
} // namespace

TEST_CASE("PoolMemory: two threads never have one block", "[core][pool]") {
    using Pool = PoolMemory<SharedSlabs>;
    std::atomic<int> damaged{0};
    const auto work = [&damaged](unsigned char mark) {
        std::vector<Block> all;
        for (int round = 0; round < 300; ++round) {
            for (std::size_t i = 0; i < 48; ++i) {
                const std::size_t size = i % 16 < 12 ? 48 : 96;
                all.push_back({static_cast<unsigned char*>(Pool::allocate(size, 8)), size, 8, mark});
            }
            for (const Block& block : all)
                std::memset(block.bytes, mark, block.size);
            for (const Block& block : all)
                damaged.fetch_add(intact(block) ? 0 : 1, std::memory_order_relaxed);
            return_all<Pool>(all);
        }
    };
    std::thread other(work, static_cast<unsigned char>(1));
    work(2);
    other.join();
    CHECK(damaged.load(std::memory_order_relaxed) == 0);
    Pool::trim();
    CHECK(Pool::held_bytes() == 0);
}

TEST_CASE("PoolMemory: Upstream is asked with neither lock nor cache held", "[core][pool]") {
    fill_and_empty<PoolMemory<WatchedPool>>();
    PoolMemory<WatchedPool>::trim();
    fill_and_empty<PoolMemory<WatchedCachedPool>>();
    CHECK(support::CacheMark::alive() == 0);
    PoolMemory<WatchedCachedPool>::flush(WatchedCachedPool::blocks);
    PoolMemory<WatchedCachedPool>::trim();
}

namespace {
/// A processor on which a handler runs as soon as its cache is left free, and returns blocks until that is full.
struct Interrupted : TestPool<13> {
    struct Cache {
        PoolCache* cache() noexcept { return &blocks; }
        ~Cache() {
            if (std::exchange(armed, false))
                while (!blocks.full(size_classes.of(768))) {
                    PoolMemory<Interrupted>::deallocate(taken.back(), 768, 8);
                    taken.pop_back();
                }
        }
    };
    inline static constinit PoolCache blocks{};
    inline static std::vector<void*> taken;
    inline static bool armed = false;
};
} // namespace

TEST_CASE("PoolMemory: a cache that a handler fills in between gets no more than its limit", "[core][pool]") {
    using Pool = PoolMemory<Interrupted>;
    const std::size_t index = size_classes.of(768);
    auto& taken = Interrupted::taken;
    while (taken.size() < 2 * size_classes.cached(index) || Interrupted::blocks.count(index) != 0)
        taken.push_back(Pool::allocate(768, 8));
    Interrupted::armed = true; // between the look into the empty cache and its refill
    taken.push_back(Pool::allocate(768, 8));
    CHECK(Interrupted::blocks.count(index) == size_classes.cached(index));
    for (void* const block : taken)
        Pool::deallocate(block, 768, 8);
    taken = {};
    Pool::flush(Interrupted::blocks);
    Pool::trim();
    CHECK(Pool::held_bytes() == 0);
}

TEST_CASE("ThreadCached: a thread that ends leaves no block behind", "[core][pool]") {
    using Pool = PoolMemory<procspace::ThreadCached<TestPool<7>>>;
    std::thread([] {
        auto all = blocks<Pool>(100, 48);
        return_all<Pool>(all);
    }).join();
    Pool::trim();
    CHECK(Pool::held_bytes() == 0);
}

TEST_CASE("ThreadCached: memory is served while thread-local objects are destroyed", "[core][pool]") {
    using Pool = PoolMemory<procspace::ThreadCached<TestPool<8>>>;
    struct Late { // made before the cache is opened, so destroyed after it was closed
        void* block = nullptr;
        ~Late() {
            Pool::deallocate(block, 48, 8);
            Pool::deallocate(Pool::allocate(48, 8), 48, 8);
        }
    };
    std::thread([] {
        static thread_local Late late;
        late.block = Pool::allocate(48, 8);
    }).join();
    Pool::trim();
    CHECK(Pool::held_bytes() == 0);
}

TEMPLATE_TEST_CASE("PoolMemory: blocks that threads hand to each other stay intact", "[core][pool]",
                   PoolMemory<TestPool<9>>, PoolMemory<procspace::ThreadCached<TestPool<9>>>) {
    constexpr std::size_t slots = 64;
    std::atomic<void*> shared[slots]{};
    std::atomic<int> broken{0};
    const auto work = [&](unsigned seed) {
        std::minstd_rand random(seed);
        for (int i = 0; i < 20000; ++i) {
            const std::size_t slot = random() % slots;
            const std::size_t size = 8 * (slot + 1);
            auto* const fresh = static_cast<unsigned char*>(TestType::allocate(size, 8));
            std::memset(fresh, static_cast<int>(slot), size);
            // acq_rel: the block's bytes travel with its address
            auto* const old = static_cast<unsigned char*>(shared[slot].exchange(fresh, std::memory_order_acq_rel));
            if (old == nullptr)
                continue;
            for (std::size_t at = 0; at < size; ++at)
                if (old[at] != slot)
                    broken.fetch_add(1, std::memory_order_relaxed);
            TestType::deallocate(old, size, 8);
        }
    };
    std::thread one(work, 1U);
    std::thread two(work, 2U);
    std::atomic<bool> done{false};
    std::thread thrifty([&] { // what is empty for a moment is given up under their hands
        while (!done.load(std::memory_order_relaxed))
            TestType::trim();
    });
    one.join();
    two.join();
    done.store(true, std::memory_order_relaxed);
    thrifty.join();
    CHECK(broken == 0);
    std::thread([&] { // a thread of its own, whose cache goes with it
        for (std::size_t slot = 0; slot < slots; ++slot)
            TestType::deallocate(shared[slot].load(std::memory_order_relaxed), 8 * (slot + 1), 8);
    })
        .join();
    TestType::trim();
}
