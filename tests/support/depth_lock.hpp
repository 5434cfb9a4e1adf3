#pragma once
// DepthLock: a Lock policy that knows whether the calling thread holds one. What must never happen under a lock of the
// library (allocation, destructors, callbacks) asks DepthLock::depth(), or calls expect_unlocked().

#include "violations.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace support {

/// A mutex that counts, per thread, how many of its kind are held.
///
/// Taking one twice in a thread prints a sentence and aborts, since it would wait for itself; taking a second one while
/// another is held is a violation, since the library promises never to nest its locks.
class DepthLock {
public:
    constexpr DepthLock() noexcept = default;

    void lock() {
        if (owner_.load(std::memory_order_relaxed) == self()) { // relaxed: only this thread ever writes its own name
            std::fputs("DepthLock: taken twice by one thread\n", stderr);
            std::abort();
        }
        if (depth_ != 0)
            Violations::add("DepthLock: a lock was taken while another was held");
        mutex_.lock();
        owner_.store(self(), std::memory_order_relaxed);
        ++depth_;
        sections_.fetch_add(1, std::memory_order_relaxed);
    }

    void unlock() {
        if (owner_.load(std::memory_order_relaxed) != self())
            Violations::add("DepthLock: unlocked by a thread that does not hold it");
        --depth_;
        owner_.store(nullptr, std::memory_order_relaxed);
        mutex_.unlock();
    }

    /// Returns how many the calling thread holds.
    static unsigned depth() noexcept { return depth_; }

    /// Returns how often any of them was taken: to show that a test really went through a lock.
    static unsigned long sections() noexcept { return sections_.load(std::memory_order_relaxed); }

private:
    static const void* self() noexcept { return &depth_; }

    inline static thread_local unsigned depth_ = 0;
    inline static std::atomic<unsigned long> sections_{0};

    std::mutex mutex_;
    std::atomic<const void*> owner_{nullptr};
};

/// Records a violation if the calling thread holds a DepthLock. `what` must be a literal.
inline void expect_unlocked(const char* what) noexcept {
    if (DepthLock::depth() != 0)
        Violations::add(what);
}

/// What a guard of a pool's cache keeps while it lives: none of the user's code may run meanwhile.
class CacheMark {
public:
    CacheMark() noexcept { ++alive_; }
    CacheMark(const CacheMark&) = delete;
    CacheMark& operator=(const CacheMark&) = delete;
    ~CacheMark() { --alive_; }

    /// Returns how many the calling thread has.
    static unsigned alive() noexcept { return alive_; }

private:
    inline static thread_local unsigned alive_ = 0;
};

/// Records a violation if the calling thread holds a DepthLock or a pool's cache. `what` must be a literal.
inline void expect_free(const char* what) noexcept {
    if (DepthLock::depth() != 0 || CacheMark::alive() != 0)
        Violations::add(what);
}

} // namespace support
