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
    /// Stands in front of the blocks. Touched by the members here only.
    struct Slab {
        Slab* next;        // this and all below: guarded by the lock of the class
        Slab* previous;    // in the list of the class while a block is free
        FreeBlock* free;   // blocks that came back
        std::size_t out;   // blocks that are not here
        std::size_t fresh; // where the blocks begin that were never out
    };

    /// Locks a class, for close() to unlock. Returns a slab of it with a list of free blocks; null, with nothing
    /// locked, when there is no memory. The list is the caller's meanwhile.
    [[nodiscard]] static Slab* open(std::size_t index) noexcept {
        if (Slab* const slab = open_here(index))
            return slab;
        if (void* const memory = obtain(slab_bytes, slab_bytes)) {
            Class& slabs = classes_[index];
            slabs.lock.lock();
            slabs.link(::new (memory) Slab{nullptr, nullptr, nullptr, 0, first_block});
            return with_list(slabs, index);
        }
        return open_here(index); // some may have come back meanwhile
    }
    [[nodiscard]] static FreeBlock* free_of(const Slab* slab) noexcept { return slab->free; }
    /// Unlocks what open() has locked. `taken` blocks were taken, `free` are left.
    [[gnu::noinline]] static void close(std::size_t index, Slab* slab, FreeBlock* free, std::size_t taken) noexcept {
        Class& slabs = classes_[index];
        left(slabs, index, slab, free, taken);
        slabs.lock.unlock();
    }
    /// The same with a list of up to `wanted` blocks, from several slabs if need be.
    [[nodiscard]] static FreeBlock* close_with(std::size_t index, std::size_t wanted) noexcept {
        Class& slabs = classes_[index];
        FreeBlock* blocks = nullptr;
        FreeBlock** end = &blocks;
        while (wanted != 0 && slabs.slabs != nullptr) {
            Slab* const slab = with_list(slabs, index);
            std::size_t taken = 0;
            *end = slab->free; // the list is cut behind what is taken: nothing is written to the blocks
            for (; taken != wanted && *end != nullptr; ++taken)
                end = &(*end)->next;
            left(slabs, index, slab, *end, taken);
            wanted -= taken;
        }
        *end = nullptr;
        slabs.lock.unlock();
        return blocks;
    }

    /// Takes a block of a class back.
    [[gnu::noinline]] static void give_back(std::size_t index, void* block) noexcept {
        Class& slabs = classes_[index];
        Slab* const slab = slab_of(block);
        {
            LockGuard<Lock> guard(slabs.lock);
            if (!has_free(*slab, size_classes.size(index)))
                slabs.link(slab);
            slab->free = ::new (block) FreeBlock{slab->free};
            if (--slab->out != 0)
                return;
            if (slabs.empty == nullptr) {
                slabs.empty = slab;
                return;
            }
            slabs.unlink(slab); // one is kept
        }
        give_up(slab, slab_bytes, slab_bytes);
    }

    /// Takes `count` blocks of a class back.
    [[gnu::noinline]] static void give_back(std::size_t index, void* const* blocks, std::size_t count) noexcept {
        if (count == 0)
            return;
        const std::size_t size = size_classes.size(index);
        Class& slabs = classes_[index];
        Slab* surplus = nullptr; // empty ones beyond the first: returned after unlock
        {
            LockGuard<Lock> guard(slabs.lock);
            for (void* const* const end = blocks + count; blocks != end;) {
                Slab* const slab = slab_of(*blocks);
                if (!has_free(*slab, size))
                    slabs.link(slab);
                // All that are of this slab, as they often are: through memory each would wait for the one before.
                FreeBlock* free = slab->free;
                std::size_t out = slab->out;
                do {
                    free = ::new (*blocks++) FreeBlock{free};
                    --out;
                } while (blocks != end && slab_of(*blocks) == slab);
                slab->free = free;
                slab->out = out;
                if (out != 0)
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
        return slab.free != nullptr || slab.fresh + size <= slab_bytes;
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

    static Slab* open_here(std::size_t index) noexcept {
        Class& slabs = classes_[index];
        slabs.lock.lock();
        if (slabs.slabs != nullptr)
            return with_list(slabs, index);
        slabs.lock.unlock();
        return nullptr;
    }
    /// Returns a slab with a list of free blocks. **Pre**: one has free blocks.
    static Slab* with_list(Class& slabs, std::size_t index) noexcept {
        Slab* const slab = slabs.slabs;
        if (slab == slabs.empty)
            slabs.empty = nullptr;
        if (slab->free == nullptr) { // some that were never out
            const std::size_t size = size_classes.size(index);
            FreeBlock** end = &slab->free;
            for (unsigned n = 0; n != 16 && slab->fresh + size <= slab_bytes; ++n) {
                *end = ::new (reinterpret_cast<unsigned char*>(slab) + slab->fresh) FreeBlock{nullptr};
                end = &(*end)->next;
                slab->fresh += size;
            }
        }
        return slab;
    }

    static void left(Class& slabs, std::size_t index, Slab* slab, FreeBlock* free, std::size_t taken) noexcept {
        slab->free = free;
        slab->out += taken;
        if (!has_free(*slab, size_classes.size(index)))
            slabs.unlink(slab);
    }

    inline static constinit Class classes_[SizeClasses::count]{};
    inline static constinit std::atomic<std::size_t> held_{0};
};

} // namespace procspace
