#pragma once
// PoolMemory: a memory policy for many small blocks, as the halves of this library ask for them. Slabs of blocks of one
// size, and in front of them, where configured, a cache for each processor or thread.

#include "../fwd.hpp"
#include "lock.hpp"
#include "memory.hpp"
#include "size_classes.hpp"
#include "slabs.hpp"

#include <cstddef>
#include <cstdint>

namespace procspace {

/// How a pool is made. Derive and write what differs; each struct is a pool of its own.
///
/// Optional member: `using Cache`, a default-constructible guard with `PoolCache* cache() noexcept`: a cache that is
/// the caller's alone while the guard lives (that of this processor, with preemption or interrupts off; that of this
/// thread: core/thread_local_pool.hpp), or null. A block then costs no lock and no read-modify-write, most of the time.
struct DefaultPool {
    using Upstream = HeapMemory;                       ///< where slabs and large blocks come from
    using Lock = SpinLock;                             ///< one for each size class, held for a few lines
    static constexpr std::size_t slab_bytes = 16384;   ///< a power of two, at least 4096
    static constexpr std::size_t max_bytes = SIZE_MAX; ///< what the pool may hold of Upstream at any time
};

/// Memory policy: blocks up to 1024 bytes, aligned to at most 64, come from slabs; others from Upstream directly.
///
/// All state is static and constant-initialised: no constructor runs, and it outlives every user. Works in a kernel as
/// it stands: it needs an Upstream that serves slab_bytes aligned to slab_bytes, and a Lock that masks interrupts if
/// handlers allocate. Nothing of Upstream's is called with a lock held.
///
/// **Complexity**: constant, with one lock hold unless a cache has the answer. At most one empty slab of each class is
/// kept. **Thread safety**: all members may be called concurrently.
template <class Config>
class PoolMemory {
    using Blocks = Slabs<Config>;
    static constexpr bool cached = requires { typename Config::Cache; };

public:
    static constexpr bool joint_values = true;

    /// Returns a block, or null when Upstream has none or the pool would hold more than max_bytes.
    static void* allocate(std::size_t size, std::size_t align) noexcept {
        if (!SizeClasses::has(size, align)) [[unlikely]]
            return obtain(size, align);
        const std::size_t index = size_classes.of(size, align);
        if constexpr (cached) {
            void* const block = pop_cached(index);
            return block != nullptr ? block : refill(index);
        } else {
            auto* const slab = open(index);
            if (slab == nullptr) [[unlikely]]
                return nullptr;
            FreeBlock* const block = Blocks::free_of(slab);
            Blocks::close(index, slab, block->next, 1);
            return block;
        }
    }

    /// Takes a block back. **Pre**: `p` came from allocate() of this pool, with the same size and align.
    static void deallocate(void* p, std::size_t size, std::size_t align) noexcept {
        if (!SizeClasses::has(size, align)) [[unlikely]]
            return Blocks::give_up(p, size, align);
        const std::size_t index = size_classes.of(size, align);
        if constexpr (cached) {
            if (!push_cached(index, p)) [[unlikely]]
                drain(index, p);
        } else {
            Blocks::give_back(index, p);
        }
    }

    /// Returns the bytes that the pool holds of Upstream: slabs, and large blocks that are out.
    [[nodiscard]] static std::size_t held_bytes() noexcept { return Blocks::held_bytes(); }

    /// Returns the empty slabs to Upstream, and whether there were any. Blocks in caches keep their slabs: flush() them
    /// before.
    static bool trim() noexcept { return Blocks::trim(); }

    /// Returns the blocks of a cache to their slabs: for a thread that ends, a processor that goes away.
    static void flush(PoolCache& cache) noexcept {
        void* blocks[SizeClasses::most_cached];
        for (std::size_t index = 0; index < SizeClasses::count; ++index)
            Blocks::give_back(index, blocks, cache.take_down_to(0, index, blocks));
    }

private:
    /// Upstream, within the limit. What is kept for later is given up when it is needed now; the caches of others,
    /// which only they may touch, keep theirs.
    [[gnu::noinline]] static void* obtain(std::size_t size, std::size_t align) noexcept {
        void* memory = Blocks::obtain(size, align);
        if (memory == nullptr && size <= Config::max_bytes && reclaim())
            memory = Blocks::obtain(size, align);
        return memory;
    }
    /// Slabs::open() in the same way.
    [[gnu::noinline]] static typename Blocks::Slab* open(std::size_t index) noexcept {
        auto* slab = Blocks::open(index);
        if (slab == nullptr && Config::slab_bytes <= Config::max_bytes && reclaim())
            slab = Blocks::open(index);
        return slab;
    }
    static bool reclaim() noexcept {
        if constexpr (cached) {
            void* blocks[SizeClasses::most_cached];
            for (std::size_t index = 0; index < SizeClasses::count; ++index) {
                std::size_t count = 0;
                {
                    typename Config::Cache guard;
                    if (PoolCache* const cache = guard.cache())
                        count = cache->take_down_to(0, index, blocks);
                }
                Blocks::give_back(index, blocks, count);
            }
        }
        return trim();
    }

    static void* pop_cached(std::size_t index) noexcept {
        typename Config::Cache guard;
        PoolCache* const cache = guard.cache();
        return cache != nullptr ? cache->pop(index) : nullptr;
    }

    /// Returns false when the cache is full, or there is none.
    static bool push_cached(std::size_t index, void* block) noexcept {
        typename Config::Cache guard;
        PoolCache* const cache = guard.cache();
        if (cache == nullptr || cache->full(index))
            return false;
        cache->push(index, block);
        return true;
    }

    // Apart from the above, as everything that the slabs are needed for: those are what a program does all the time.

    /// Returns a block, and puts others into the cache. Should that have been filled meanwhile, or have gone, what is
    /// too much goes back.
    [[gnu::noinline]] static void* refill(std::size_t index) noexcept {
        if (open(index) == nullptr)
            return nullptr;
        FreeBlock* const block = Blocks::close_with(index, size_classes.cached(index) / 2 + 1);
        FreeBlock* rest = block->next;
        {
            typename Config::Cache guard;
            if (PoolCache* const cache = guard.cache())
                while (rest != nullptr && !cache->full(index)) {
                    FreeBlock* const next = rest->next;
                    cache->push(index, rest);
                    rest = next;
                }
        }
        while (rest != nullptr) {
            FreeBlock* const next = rest->next;
            Blocks::give_back(index, rest);
            rest = next;
        }
        return block;
    }

    /// Returns a block to its slab, and half of the cache with it.
    [[gnu::noinline]] static void drain(std::size_t index, void* block) noexcept {
        void* surplus[SizeClasses::most_cached / 2 + 1] = {block};
        std::size_t count = 1;
        {
            typename Config::Cache guard;
            if (PoolCache* const cache = guard.cache())
                count += cache->take_down_to(size_classes.cached(index) / 2, index, surplus + 1);
        }
        Blocks::give_back(index, surplus, count);
    }
};

} // namespace procspace
