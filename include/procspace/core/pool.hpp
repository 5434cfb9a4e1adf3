#pragma once
// PoolMemory: a memory policy for many small blocks, as the halves of this library ask for them.
//
//      slab, aligned to its size:   [ Slab | block | block | ... ]     blocks of one size class
//      size class:                  lock, slabs that have a free block
//      cache, where configured:     a short list of free blocks of each class, per processor or thread
//
// Blocks return to their slab and an empty slab returns to where it came from, so that memory is given back after a
// peak, and blocks that live together stay together: a plain list of free blocks does neither.

#include "../fwd.hpp"
#include "lock.hpp"
#include "memory.hpp"
#include "size_classes.hpp"

#include <atomic>
#include <bit>
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
    using Upstream = typename Config::Upstream;
    using Lock = typename Config::Lock;
    static constexpr std::size_t slab_bytes = Config::slab_bytes;
    static_assert(MemoryPolicy<Upstream>,
                  "procspace: the Upstream of a pool is a memory policy: it says null, noexcept");
    static_assert(std::has_single_bit(slab_bytes) && slab_bytes >= 4096,
                  "procspace: slab_bytes is a power of two, at least 4096");

public:
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
            return give_up(p, size, align);
        const std::size_t index = size_classes.of(size, align);
        if constexpr (cached) {
            if (!push_cached(index, p)) [[unlikely]]
                drain(index, p);
        } else {
            FreeChain chain;
            chain.push(p);
            give_back(index, chain);
        }
    }

    /// Returns the bytes that the pool holds of Upstream: slabs, and large blocks that are out.
    [[nodiscard]] static std::size_t held_bytes() noexcept { return held_.load(std::memory_order_relaxed); }

    /// Returns the empty slabs to Upstream, and whether there were any. Blocks in caches keep their slabs: flush() them
    /// before.
    static bool trim() noexcept {
        bool any = false;
        for (Class& slabs : classes_) {
            Slab* empty = nullptr;
            {
                LockGuard<Lock> guard(slabs.lock);
                if (slabs.empty != nullptr) {
                    empty = slabs.empty;
                    slabs.empty = nullptr;
                    slabs.unlink(empty);
                }
            }
            if (empty != nullptr) {
                give_up(empty, slab_bytes, slab_bytes);
                any = true;
            }
        }
        return any;
    }

    /// Returns the blocks of a cache to their slabs: for a thread that ends, a processor that goes away.
    static void flush(PoolCache& cache) noexcept {
        for (std::size_t index = 0; index < SizeClasses::count; ++index)
            give_back(index, cache.pop_all(index));
    }

private:
    static constexpr bool cached = requires { typename Config::Cache; };

    struct Slab {
        Slab* next;        // this and all below: guarded by the lock of the class
        Slab* previous;    // in the list of the class while a block is free
        FreeChain free;    // blocks that came back
        std::size_t out;   // blocks that are not here
        std::size_t fresh; // where the blocks begin that were never out
    };
    static constexpr std::size_t first_block = 64; // a multiple of the strictest alignment
    static_assert(sizeof(Slab) <= first_block && first_block % SizeClasses::strictest_align == 0);

    struct alignas(64) Class { // a cache line each: classes are used independently
        Lock lock{};
        Slab* slabs = nullptr; // with a free block, this and the next: guarded by lock
        Slab* empty = nullptr; // the one of them, if any, of which no block is out

        void link(Slab* slab) noexcept {
            slab->previous = nullptr;
            slab->next = slabs;
            if (slabs != nullptr)
                slabs->previous = slab;
            slabs = slab;
        }
        void unlink(Slab* slab) noexcept {
            (slab->previous != nullptr ? slab->previous->next : slabs) = slab->next;
            if (slab->next != nullptr)
                slab->next->previous = slab->previous;
        }
    };

    static Slab* slab_of(void* block) noexcept {
        return reinterpret_cast<Slab*>(reinterpret_cast<std::uintptr_t>(block) & ~(slab_bytes - 1));
    }
    static bool has_free(const Slab& slab, std::size_t size) noexcept {
        return slab.free.first != nullptr || slab.fresh + size <= slab_bytes;
    }

    /// Reserves room within the limit, so that two cannot pass together. What does not fit is not added even for a
    /// moment: another request, that fits, would be refused.
    static bool reserve(std::size_t size) noexcept {
        // relaxed, as everywhere with held_: a sum that orders nothing.
        std::size_t held = held_.load(std::memory_order_relaxed);
        do {
            if (size > Config::max_bytes - held)
                return false;
        } while (!held_.compare_exchange_weak(held, held + size, std::memory_order_relaxed, std::memory_order_relaxed));
        return true;
    }

    /// Upstream, within the limit. What is kept for later is given up when it is needed now; the caches of others,
    /// which only they may touch, keep theirs.
    [[gnu::noinline]] static void* obtain(std::size_t size, std::size_t align) noexcept {
        void* memory = try_obtain(size, align);
        if (memory == nullptr && size <= Config::max_bytes && reclaim())
            memory = try_obtain(size, align);
        return memory;
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
                give_back(index, chain);
            }
        return trim();
    }
    static void* try_obtain(std::size_t size, std::size_t align) noexcept {
        if (!reserve(size))
            return nullptr;
        void* const memory = Upstream::allocate(size, align);
        if (memory == nullptr)
            held_.fetch_sub(size, std::memory_order_relaxed);
        return memory;
    }
    [[gnu::noinline]] static void give_up(void* memory, std::size_t size, std::size_t align) noexcept {
        Upstream::deallocate(memory, size, align);
        held_.fetch_sub(size, std::memory_order_relaxed);
    }

    /// Returns 1 to `wanted` blocks, none when there is no memory.
    [[gnu::noinline]] static FreeChain take(std::size_t index, std::size_t wanted) noexcept {
        FreeChain chain = take_here(index, wanted);
        if (chain.count != 0)
            return chain;
        if (void* const memory = obtain(slab_bytes, slab_bytes)) {
            Class& slabs = classes_[index];
            LockGuard<Lock> guard(slabs.lock);
            slabs.link(::new (memory) Slab{nullptr, nullptr, {}, 0, first_block});
            // Taken in the same hold: nobody else can have emptied it, and it is not accounted as empty.
            return take_locked(slabs, index, wanted);
        }
        return take_here(index, wanted); // blocks may have come back meanwhile
    }

    static FreeChain take_here(std::size_t index, std::size_t wanted) noexcept {
        LockGuard<Lock> guard(classes_[index].lock);
        return take_locked(classes_[index], index, wanted);
    }

    static FreeChain take_locked(Class& slabs, std::size_t index, std::size_t wanted) noexcept {
        const std::size_t size = size_classes.size(index);
        FreeChain chain;
        while (chain.count < wanted && slabs.slabs != nullptr) {
            Slab& slab = *slabs.slabs;
            if (&slab == slabs.empty)
                slabs.empty = nullptr;
            for (; chain.count < wanted && has_free(slab, size); ++slab.out) {
                void* block = slab.free.pop();
                if (block == nullptr) {
                    block = reinterpret_cast<unsigned char*>(&slab) + slab.fresh;
                    slab.fresh += size;
                }
                chain.push(block);
            }
            if (!has_free(slab, size))
                slabs.unlink(&slab);
        }
        return chain;
    }

    [[gnu::noinline]] static void give_back(std::size_t index, FreeChain chain) noexcept {
        if (chain.first == nullptr)
            return;
        const std::size_t size = size_classes.size(index);
        Class& slabs = classes_[index];
        Slab* surplus = nullptr; // empty ones beyond the first: returned after unlock
        {
            LockGuard<Lock> guard(slabs.lock);
            while (void* const block = chain.pop()) {
                Slab* const slab = slab_of(block);
                if (!has_free(*slab, size))
                    slabs.link(slab);
                slab->free.push(block);
                if (--slab->out != 0)
                    continue;
                if (slabs.empty == nullptr) {
                    slabs.empty = slab;
                } else {
                    slabs.unlink(slab);
                    slab->next = surplus;
                    surplus = slab;
                }
            }
        }
        while (surplus != nullptr) {
            Slab* const slab = surplus;
            surplus = slab->next;
            give_up(slab, slab_bytes, slab_bytes);
        }
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
        give_back(index, chain);
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
        give_back(index, surplus);
    }

    inline static constinit Class classes_[SizeClasses::count]{};
    inline static constinit std::atomic<std::size_t> held_{0};
};

} // namespace procspace
