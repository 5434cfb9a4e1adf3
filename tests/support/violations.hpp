#pragma once
// What went wrong at a place where no assertion may stand: another thread, a destructor, a noexcept function. The
// listener (balance_listener.cpp) looks at the end of each case and fails the program.

#include <atomic>
#include <cstddef>

namespace support {

/// **Thread safety**: all members may be called concurrently.
class Violations {
public:
    Violations() = delete;

    /// `what` must be a literal.
    static void add(const char* what) noexcept {
        const char* none = nullptr;
        first_.compare_exchange_strong(none, what, std::memory_order_relaxed);
        count_.fetch_add(1, std::memory_order_relaxed);
    }

    static std::size_t count() noexcept { return count_.load(std::memory_order_relaxed); }

    /// Returns the first one since the last take(), or null.
    static const char* first() noexcept { return first_.load(std::memory_order_relaxed); }

    /// Returns their number and starts again: for tests that provoke one on purpose.
    static std::size_t take() noexcept {
        first_.store(nullptr, std::memory_order_relaxed);
        return count_.exchange(0, std::memory_order_relaxed);
    }

private:
    inline static std::atomic<const char*> first_{nullptr};
    inline static std::atomic<std::size_t> count_{0};
};

} // namespace support
