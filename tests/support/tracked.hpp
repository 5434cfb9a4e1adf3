#pragma once
// Payloads that count their lives and can be told to throw.

#include "depth_lock.hpp"
#include "violations.hpp"

#include <procspace/core/config.hpp>

#include <atomic>
#include <cstddef>

namespace support {

/// What a Tracked throws when it was told to.
struct TrackedError {
    std::size_t nth; ///< how many were constructed (or destroyed) before, counted since the first of all
};

/// A value that counts constructions, copies, moves and destructions over all of its kind.
///
/// A violation (see violations.hpp): construction, copy, move or destruction under a DepthLock; destruction of what is
/// not alive. The listener requires that as many are alive at the end of a case as at its beginning.
///
/// **Thread safety**: distinct objects freely.
class Tracked {
public:
    explicit Tracked(int its_value = 0) : value(its_value) { begin(); }
    Tracked(const Tracked& other) : value(other.value) {
        begin();
        copies_.fetch_add(1, std::memory_order_relaxed);
    }
    Tracked(Tracked&& other) noexcept : value(other.value) {
        other.value = moved_from;
        count_birth();
        moves_.fetch_add(1, std::memory_order_relaxed);
    }
    Tracked& operator=(const Tracked& other) {
        value = other.value;
        copies_.fetch_add(1, std::memory_order_relaxed);
        return *this;
    }
    Tracked& operator=(Tracked&& other) noexcept {
        if (this != &other) {
            value = other.value;
            other.value = moved_from;
        }
        moves_.fetch_add(1, std::memory_order_relaxed);
        return *this;
    }
    ~Tracked() {
        expect_free("Tracked: a destructor ran under a lock or with a pool's cache");
        if (self_ != this)
            Violations::add("Tracked: destroyed twice, or never constructed");
        self_ = nullptr;
        destroyed_.fetch_add(1, std::memory_order_relaxed);
    }

    /// Returns how many exist.
    static std::size_t alive() noexcept { return constructed() - destroyed(); }
    /// The numbers since the start of the program. constructed() contains the copies and moves.
    static std::size_t constructed() noexcept { return constructed_.load(std::memory_order_relaxed); }
    static std::size_t destroyed() noexcept { return destroyed_.load(std::memory_order_relaxed); }
    static std::size_t copies() noexcept { return copies_.load(std::memory_order_relaxed); }
    static std::size_t moves() noexcept { return moves_.load(std::memory_order_relaxed); }

    /// The n-th construction from now (not a move), counted from 1, throws TrackedError; 0: none.
    static void throw_in_constructor(std::size_t n) noexcept { throw_in_ctor_.store(n, std::memory_order_relaxed); }

    static constexpr int moved_from = -1;
    int value;

protected:
    /// Returns true for the call that takes an armed countdown from 1 to 0.
    static bool due(std::atomic<std::size_t>& countdown) noexcept {
        return countdown.load(std::memory_order_relaxed) != 0 && countdown.fetch_sub(1, std::memory_order_relaxed) == 1;
    }

private:
    void begin() {
        if (due(throw_in_ctor_))
            PROCSPACE_THROW(TrackedError{constructed()});
        count_birth();
    }
    void count_birth() noexcept {
        expect_free("Tracked: a constructor ran under a lock or with a pool's cache");
        self_ = this;
        constructed_.fetch_add(1, std::memory_order_relaxed);
    }

    inline static std::atomic<std::size_t> constructed_{0};
    inline static std::atomic<std::size_t> destroyed_{0};
    inline static std::atomic<std::size_t> copies_{0};
    inline static std::atomic<std::size_t> moves_{0};
    inline static std::atomic<std::size_t> throw_in_ctor_{0};

    const Tracked* self_ = nullptr; // this while alive: also finds objects that were copied byte by byte
};

/// A Tracked that cannot be copied.
class TrackedMoveOnly : public Tracked {
public:
    using Tracked::Tracked;
    TrackedMoveOnly(TrackedMoveOnly&&) = default;
    TrackedMoveOnly& operator=(TrackedMoveOnly&&) = default;
};

/// A Tracked that can be neither copied nor moved.
class TrackedPinned : public Tracked {
public:
    using Tracked::Tracked;
    TrackedPinned(const TrackedPinned&) = delete;
    TrackedPinned& operator=(const TrackedPinned&) = delete;
};

/// A Tracked whose destructor throws when it was told to, after it has counted.
class TrackedThrowing : public Tracked {
public:
    using Tracked::Tracked;
    ~TrackedThrowing() noexcept(false) {
        if (due(throw_in_dtor_))
            PROCSPACE_THROW(TrackedError{destroyed()});
    }

    /// The n-th destruction from now, counted from 1, throws TrackedError; 0: none.
    static void throw_in_destructor(std::size_t n) noexcept { throw_in_dtor_.store(n, std::memory_order_relaxed); }

private:
    inline static std::atomic<std::size_t> throw_in_dtor_{0};
};

} // namespace support
