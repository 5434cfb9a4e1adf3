#pragma once
// The batches of a pool: several requests in a row, as a namespace makes them when it comes or goes, by way of one look
// for the cache, or under one lock.

#include "../fwd.hpp"
#include "size_classes.hpp"
#include "slabs.hpp"

#include <cstddef>
#include <new>

namespace procspace {

/// Keeps the cache, but for what needs slabs: nothing of Upstream's is called while a cache is held. Counts the blocks
/// of the class that was asked for last itself, in a register: through memory each request would wait for the one
/// before.
template <class Config>
class CacheBatch {
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
        return PoolMemory<Config>::allocate(block.size, block.align);
    }
    [[gnu::noinline]] static void deallocate_without(void* p, const BlockSize& block) noexcept {
        PoolMemory<Config>::deallocate(p, block.size, block.align);
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

/// Takes blocks of the class that was asked for last with its lock held, and gives those of one slab back in one step.
template <class Config>
class SlabBatch {
    using Pool = PoolMemory<Config>;
    using Blocks = Slabs<Config>;

public:
    SlabBatch() noexcept = default;
    SlabBatch(const SlabBatch&) = delete;
    SlabBatch& operator=(const SlabBatch&) = delete;
    [[gnu::always_inline]] ~SlabBatch() {
        close();
        Blocks::give_back(class_returning_, returning_);
    }

    [[nodiscard, gnu::always_inline]] void* allocate(const BlockSize& block) noexcept {
        if (block.size_class != index_ || free_ == nullptr) [[unlikely]] {
            close();
            if (block.size_class == SizeClasses::count)
                return Pool::obtain(block.size, block.align);
            slab_ = Pool::open(block.size_class);
            if (slab_ == nullptr)
                return nullptr;
            index_ = block.size_class;
            free_ = Blocks::free_of(slab_);
        }
        FreeBlock* const p = free_;
        free_ = p->next;
        ++taken_;
        return p;
    }

    [[gnu::always_inline]] void deallocate(void* p, const BlockSize& block) noexcept {
        if (returning_.add(p)) [[likely]]
            return;
        close(); // one lock at a time
        if (block.size_class == SizeClasses::count) [[unlikely]]
            return Blocks::give_up(p, block.size, block.align);
        Blocks::give_back(class_returning_, returning_);
        class_returning_ = block.size_class;
        returning_.begin(p);
    }

private:
    [[gnu::always_inline]] void close() noexcept {
        if (index_ != SizeClasses::count)
            Blocks::close(index_, slab_, free_, taken_);
        index_ = SizeClasses::count;
        free_ = nullptr;
        taken_ = 0;
    }

    std::size_t index_ = SizeClasses::count; // the class whose lock is held, if any
    typename Blocks::Slab* slab_ = nullptr;  // that blocks are taken from, this and the next while it is
    FreeBlock* free_ = nullptr;
    std::size_t taken_ = 0;
    typename Blocks::Returning returning_;
    std::size_t class_returning_ = SizeClasses::count;
};

} // namespace procspace
