#pragma once
// TallyAtomic: std::atomic that counts what is done to it and, unlike CountingAtomic, allocates nothing: it may be used
// under a lock.

#include <atomic>
#include <cstddef>

namespace support {

/// How many operations the calling thread did on its TallyAtomics since clear().
struct AtomicTally {
    inline static thread_local std::size_t loads = 0;
    inline static thread_local std::size_t writes = 0; ///< stores and read-modify-writes

    static void clear() noexcept { loads = writes = 0; }
};

/// Traits::Atomic that counts into AtomicTally.
template <class U>
class TallyAtomic {
public:
    constexpr TallyAtomic() noexcept = default;
    constexpr TallyAtomic(U value) noexcept : atomic_(value) {}

    U load(std::memory_order order) const {
        ++AtomicTally::loads;
        return atomic_.load(order);
    }
    void store(U value, std::memory_order order) {
        ++AtomicTally::writes;
        atomic_.store(value, order);
    }
    U fetch_add(U n, std::memory_order order) {
        ++AtomicTally::writes;
        return atomic_.fetch_add(n, order);
    }
    U fetch_sub(U n, std::memory_order order) {
        ++AtomicTally::writes;
        return atomic_.fetch_sub(n, order);
    }
    bool compare_exchange_strong(U& expected, U desired, std::memory_order success, std::memory_order failure) {
        ++AtomicTally::writes;
        return atomic_.compare_exchange_strong(expected, desired, success, failure);
    }

private:
    std::atomic<U> atomic_{};
};

} // namespace support
