#pragma once
// CountingAtomic: std::atomic with a protocol, to show which operations the library does, and with which order.

#include <atomic>
#include <cstddef>
#include <vector>

namespace support {

enum class AtomicOp { load, store, read_modify_write };

struct AtomicEntry {
    AtomicOp op;
    std::memory_order order;
    friend bool operator==(const AtomicEntry&, const AtomicEntry&) = default;
};

/// What the calling thread did to its CountingAtomics since clear().
class AtomicLog {
public:
    AtomicLog() = delete;

    static void clear() { entries_.clear(); }
    static const std::vector<AtomicEntry>& entries() { return entries_; }
    static void add(AtomicOp op, std::memory_order order) { entries_.push_back({op, order}); }

    /// Returns how many of them were of this kind.
    static std::size_t count(AtomicOp op) {
        std::size_t n = 0;
        for (const AtomicEntry& entry : entries_)
            n += entry.op == op ? 1 : 0;
        return n;
    }

private:
    inline static thread_local std::vector<AtomicEntry> entries_;
};

/// Traits::Atomic that writes into AtomicLog.
template <class U>
class CountingAtomic {
public:
    constexpr CountingAtomic() noexcept = default;
    constexpr CountingAtomic(U value) noexcept : atomic_(value) {}

    U load(std::memory_order order) const {
        AtomicLog::add(AtomicOp::load, order);
        return atomic_.load(order);
    }
    void store(U value, std::memory_order order) {
        AtomicLog::add(AtomicOp::store, order);
        atomic_.store(value, order);
    }
    U exchange(U value, std::memory_order order) {
        AtomicLog::add(AtomicOp::read_modify_write, order);
        return atomic_.exchange(value, order);
    }
    U fetch_add(U n, std::memory_order order) {
        AtomicLog::add(AtomicOp::read_modify_write, order);
        return atomic_.fetch_add(n, order);
    }
    U fetch_sub(U n, std::memory_order order) {
        AtomicLog::add(AtomicOp::read_modify_write, order);
        return atomic_.fetch_sub(n, order);
    }
    bool compare_exchange_strong(U& expected, U desired, std::memory_order success, std::memory_order failure) {
        AtomicLog::add(AtomicOp::read_modify_write, success);
        return atomic_.compare_exchange_strong(expected, desired, success, failure);
    }

private:
    std::atomic<U> atomic_{};
};

} // namespace support
