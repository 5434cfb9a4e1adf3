#pragma once
// Memory policies that watch: CountingMemory checks every block, FailNth also runs out when it is told to.

#include "depth_lock.hpp"
#include "violations.hpp"

#include <procspace/core/memory.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

namespace support {

/// The heap, with a table of the blocks that are out.
///
/// A violation (see violations.hpp): allocating or deallocating under a DepthLock; a size of zero; an alignment that is
/// no power of two; giving back what is not out, or with another size or alignment. Fresh memory is full of 0xA5 and
/// returned memory of 0xDD, so that use before construction or after destruction shows. The listener requires that the
/// blocks out at the end of a case are those that were out at its beginning.
///
/// **Thread safety**: all members may be called concurrently.
class CountingMemory {
public:
    static void* allocate(std::size_t size, std::size_t align) noexcept {
        expect_unlocked("CountingMemory: allocation under a lock");
        if (size == 0 || align == 0 || (align & (align - 1)) != 0)
            Violations::add("CountingMemory: impossible size or alignment asked for");
        void* const p = ::operator new(size, std::align_val_t{align}, std::nothrow);
        if (p == nullptr)
            return nullptr;
        std::memset(p, 0xA5, size);
        const std::lock_guard hold(table().mutex);
        table().blocks[p] = {size, align, immortal_};
        table().mortal_blocks += immortal_ ? 0 : 1;
        table().bytes += size;
        ++table().allocations;
        return p;
    }

    static void deallocate(void* p, std::size_t size, std::size_t align) noexcept {
        expect_unlocked("CountingMemory: deallocation under a lock");
        {
            const std::lock_guard hold(table().mutex);
            const auto found = table().blocks.find(p);
            if (found == table().blocks.end()) {
                Violations::add("CountingMemory: a block was returned that is not out");
                return;
            }
            if (found->second.size != size || found->second.align != align)
                Violations::add("CountingMemory: a block was returned with another size or alignment");
            size = found->second.size;
            align = found->second.align;
            table().mortal_blocks -= found->second.immortal ? 0 : 1;
            table().bytes -= size;
            table().blocks.erase(found);
        }
        std::memset(p, 0xDD, size);
        ::operator delete(p, std::align_val_t{align});
    }

    /// Returns the number of blocks that are out, those of an Immortal scope aside.
    static std::size_t live_blocks() {
        const std::lock_guard hold(table().mutex);
        return table().mortal_blocks;
    }

    /// Returns the number of bytes that are out.
    static std::size_t live_bytes() {
        const std::lock_guard hold(table().mutex);
        return table().bytes;
    }

    /// Returns how many blocks were ever handed out.
    static std::size_t allocations() {
        const std::lock_guard hold(table().mutex);
        return table().allocations;
    }

    /// What this thread allocates while one lives is meant to stay for ever (a global namespace).
    class Immortal {
    public:
        Immortal() noexcept : former_(immortal_) { immortal_ = true; }
        ~Immortal() { immortal_ = former_; }
        Immortal(const Immortal&) = delete;
        Immortal& operator=(const Immortal&) = delete;

    private:
        bool former_;
    };

private:
    struct Block {
        std::size_t size;
        std::size_t align;
        bool immortal;
    };
    struct Table {
        std::mutex mutex;
        std::map<void*, Block> blocks; // this and all below: guarded by mutex
        std::size_t mortal_blocks = 0;
        std::size_t bytes = 0;
        std::size_t allocations = 0;
    };
    static Table& table() {
        static Table& one = *new Table; // never destroyed: objects with static storage may return blocks later
        return one;
    }

    inline static thread_local bool immortal_ = false;
};

/// CountingMemory that can run out: the n-th allocation after arm(n) is refused, the others are served. It wants joint
/// blocks of values, while CountingMemory does not.
///
/// **Thread safety**: all members may be called concurrently.
class FailNth {
public:
    static constexpr bool joint_values = true;

    static void* allocate(std::size_t size, std::size_t align) noexcept {
        if (countdown_.load(std::memory_order_relaxed) != 0 &&
            countdown_.fetch_sub(1, std::memory_order_relaxed) == 1) {
            refusals_.fetch_add(1, std::memory_order_relaxed);
            expect_unlocked("FailNth: allocation under a lock");
            return nullptr;
        }
        return CountingMemory::allocate(size, align);
    }

    static void deallocate(void* p, std::size_t size, std::size_t align) noexcept {
        CountingMemory::deallocate(p, size, align);
    }

    /// Refuses the n-th allocation from now, counted from 1; 0 refuses none.
    static void arm(std::size_t n) noexcept { countdown_.store(n, std::memory_order_relaxed); }

    /// Returns how many allocations were ever refused.
    static std::size_t refusals() noexcept { return refusals_.load(std::memory_order_relaxed); }

    /// Refuses the n-th allocation while it lives.
    class Armed {
    public:
        explicit Armed(std::size_t n) noexcept { arm(n); }
        ~Armed() { arm(0); }
        Armed(const Armed&) = delete;
        Armed& operator=(const Armed&) = delete;
    };

private:
    inline static std::atomic<std::size_t> countdown_{0};
    inline static std::atomic<std::size_t> refusals_{0};
};

/// Runs `f(n)` with the n-th allocation refused, for n = 1, 2, ... until `f` needs fewer than n of them. Returns the
/// number of allocations of an undisturbed run. `f` is told n and checks what one failure must leave behind.
template <class F>
std::size_t for_each_failing_allocation(F&& f) {
    for (std::size_t n = 1;; ++n) {
        const std::size_t before = FailNth::refusals();
        const FailNth::Armed armed(n);
        f(n);
        if (FailNth::refusals() == before)
            return n - 1;
    }
}

} // namespace support
