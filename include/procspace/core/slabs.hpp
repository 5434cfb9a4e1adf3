#pragma once
// Slabs: where the blocks of a pool come from and go back to.
//
//      slab, aligned to its size:   [ Slab | block | block | ... ]     blocks of one size class
//      size class:                  lock, slabs that have a free block
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
#include <new>

namespace procspace {

/// The slabs of the pool of this configuration, and how much of Upstream it holds. All state is static and
/// constant-initialised.
///
/// **Thread safety**: all members may be called concurrently. Nothing of Upstream's is called with a lock held.
template <class Config>
class Slabs {
    using Upstream = typename Config::Upstream;
    using Lock = typename Config::Lock;
    static constexpr std::size_t slab_bytes = Config::slab_bytes;
    static_assert(MemoryPolicy<Upstream>,
                  "procspace: the Upstream of a pool is a memory policy: it says null, noexcept");
    static_assert(std::has_single_bit(slab_bytes) && slab_bytes >= 4096,
                  "procspace: slab_bytes is a power of two, at least 4096");

public:
    /// Returns 1 to `wanted` blocks of a class, none when there is no memory.
    static FreeChain take(std::size_t index, std::size_t wanted) noexcept {
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

    /// Takes blocks of a class back.
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

    /// Upstream, within the limit: null beyond it, or when there is none.
    static void* obtain(std::size_t size, std::size_t align) noexcept {
        if (!reserve(size))
            return nullptr;
        void* const memory = Upstream::allocate(size, align);
        if (memory == nullptr)
            held_.fetch_sub(size, std::memory_order_relaxed);
        return memory;
    }
    /// Returns what obtain() gave.
    [[gnu::noinline]] static void give_up(void* memory, std::size_t size, std::size_t align) noexcept {
        Upstream::deallocate(memory, size, align);
        held_.fetch_sub(size, std::memory_order_relaxed);
    }

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

    /// Returns the bytes that the pool holds of Upstream: slabs, and large blocks that are out.
    [[nodiscard]] static std::size_t held_bytes() noexcept { return held_.load(std::memory_order_relaxed); }

private:
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

    inline static constinit Class classes_[SizeClasses::count]{};
    inline static constinit std::atomic<std::size_t> held_{0};
};

} // namespace procspace
