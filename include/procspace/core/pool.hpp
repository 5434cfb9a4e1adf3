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
#include <type_traits>

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
    class CacheBatch;
    class ChainBatch;

public:
    /// For several requests in a row: looks for the cache once, or takes a lock once for up to 16 blocks of one class.
    using Batch = std::conditional_t<cached, CacheBatch, ChainBatch>;

    /// Returns a block, or null when Upstream has none or the pool would hold more than max_bytes.
    static void* allocate(std::size_t size, std::size_t align) noexcept {
        if (!SizeClasses::has(size, align)) [[unlikely]]
            return obtain(size, align);
        const std::size_t index = size_classes.of(size, align);
        if constexpr (cached) {
            void* const block = pop_cached(index);
            return block != nullptr ? block : refill(index);
        } else {
            return take(index, 1).pop();
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
            FreeChain chain;
            chain.push(p);
            Blocks::give_back(index, chain);
        }
    }

    /// Returns the bytes that the pool holds of Upstream: slabs, and large blocks that are out.
    [[nodiscard]] static std::size_t held_bytes() noexcept { return Blocks::held_bytes(); }

    /// Returns the empty slabs to Upstream, and whether there were any. Blocks in caches keep their slabs: flush() them
    /// before.
    static bool trim() noexcept { return Blocks::trim(); }

    /// Returns the blocks of a cache to their slabs: for a thread that ends, a processor that goes away.
    static void flush(PoolCache& cache) noexcept {
        for (std::size_t index = 0; index < SizeClasses::count; ++index)
            Blocks::give_back(index, cache.pop_all(index));
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
    /// Returns 1 to `wanted` blocks, none when there is no memory, in the same way.
    [[gnu::noinline]] static FreeChain take(std::size_t index, std::size_t wanted) noexcept {
        FreeChain chain = Blocks::take(index, wanted);
        if (chain.first == nullptr && Config::slab_bytes <= Config::max_bytes && reclaim())
            chain = Blocks::take(index, wanted);
        return chain;
    }
    static bool reclaim() noexcept {
        if constexpr (cached)
            for (std::size_t index = 0; index < SizeClasses::count; ++index) {
                FreeChain chain;
                {
                    typename Config::Cache guard;
                    if (PoolCache* const cache = guard.cache())
                        chain = cache->pop_all(index);
                }
                Blocks::give_back(index, chain);
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
        FreeChain chain = take(index, size_classes.cached(index) / 2 + 1);
        void* const block = chain.pop();
        {
            typename Config::Cache guard;
            if (PoolCache* const cache = guard.cache())
                while (chain.first != nullptr && !cache->full(index))
                    cache->push(index, chain.pop());
        }
        Blocks::give_back(index, chain);
        return block;
    }

    /// Returns a block to its slab, and half of the cache with it.
    [[gnu::noinline]] static void drain(std::size_t index, void* block) noexcept {
        FreeChain surplus;
        {
            typename Config::Cache guard;
            if (PoolCache* const cache = guard.cache())
                while (cache->count(index) > size_classes.cached(index) / 2)
                    surplus.push(cache->pop(index));
        }
        surplus.push(block);
        Blocks::give_back(index, surplus);
    }
};

/// Keeps the cache, but for what needs slabs: nothing of Upstream's is called while a cache is held. Counts the blocks
/// of the class that was asked for last itself, in a register: through memory each request would wait for the one
/// before.
template <class Config>
class PoolMemory<Config>::CacheBatch {
public:
    CacheBatch() noexcept { open(); }
    CacheBatch(const CacheBatch&) = delete;
    CacheBatch& operator=(const CacheBatch&) = delete;
    ~CacheBatch() { close(); }

    [[nodiscard]] void* allocate(const BlockSize& block) noexcept {
        turn_to(block.size_class);
        if (count_ != 0) [[likely]] {
            void* const p = shelf_[--count_];
            if (p == nullptr) // it is not, told to the compiler
                __builtin_unreachable();
            return p;
        }
        close();
        void* const p = allocate_without(block);
        open();
        return p;
    }

    void deallocate(void* p, const BlockSize& block) noexcept {
        turn_to(block.size_class);
        if (count_ < limit_) [[likely]] {
            shelf_[count_++] = p;
            return;
        }
        close();
        deallocate_without(p, block);
        open();
    }

private:
    using Guard = typename Config::Cache;

    void open() noexcept {
        ::new (static_cast<void*>(&guard)) Guard();
        cache_ = guard.cache();
        stand_at_none();
    }
    void close() noexcept {
        leave();
        guard.~Guard();
    }
    void turn_to(std::size_t index) noexcept {
        if (index == index_) [[likely]]
            return;
        leave();
        stand_at_none();
        if (cache_ == nullptr || index == SizeClasses::count)
            return;
        index_ = index;
        shelf_ = cache_->shelf(index);
        count_ = cache_->count(index);
        limit_ = size_classes.cached(index);
    }
    void leave() noexcept {
        if (index_ != SizeClasses::count)
            cache_->set_count(index_, count_);
    }
    void stand_at_none() noexcept {
        index_ = SizeClasses::count;
        count_ = 0;
        limit_ = 0;
    }

    // Apart, and without the batch: in the loop of a caller they would take its registers.
    [[gnu::noinline]] static void* allocate_without(const BlockSize& block) noexcept {
        return PoolMemory::allocate(block.size, block.align);
    }
    [[gnu::noinline]] static void deallocate_without(void* p, const BlockSize& block) noexcept {
        PoolMemory::deallocate(p, block.size, block.align);
    }

    union {
        Guard guard; // lives but for moments
    };
    PoolCache* cache_;
    std::size_t index_; // SizeClasses::count while there is nothing to take from: then the next two are 0
    std::size_t count_;
    std::size_t limit_;
    void** shelf_ = nullptr;
};

/// Keeps blocks of the class that was asked for last.
template <class Config>
class PoolMemory<Config>::ChainBatch {
public:
    ChainBatch() noexcept = default;
    ChainBatch(const ChainBatch&) = delete;
    ChainBatch& operator=(const ChainBatch&) = delete;
    ~ChainBatch() { Blocks::give_back(index_, chain_); }

    [[nodiscard]] void* allocate(const BlockSize& block) noexcept {
        if (block.size_class == SizeClasses::count) [[unlikely]]
            return obtain(block.size, block.align);
        turn_to(block.size_class);
        if (chain_.first == nullptr) { // more each time: what is not asked for any more has to go back
            chain_ = take(index_, wanted_);
            if (wanted_ != most)
                wanted_ *= 2;
        }
        return chain_.pop();
    }

    void deallocate(void* p, const BlockSize& block) noexcept {
        if (block.size_class == SizeClasses::count) [[unlikely]]
            return Blocks::give_up(p, block.size, block.align);
        turn_to(block.size_class);
        if (chain_.count == most) {
            Blocks::give_back(index_, chain_);
            chain_ = {};
        }
        chain_.push(p);
    }

private:
    static constexpr std::size_t most = 16; // bounds how long a lock is held

    void turn_to(std::size_t index) noexcept {
        if (index == index_)
            return;
        Blocks::give_back(index_, chain_);
        chain_ = {};
        index_ = index;
        wanted_ = 1;
    }

    FreeChain chain_; // of the class index_
    std::size_t index_ = 0;
    std::size_t wanted_ = 1;
};

} // namespace procspace
