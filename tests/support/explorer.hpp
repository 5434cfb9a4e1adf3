#pragma once
// Explorer: runs two functions at once in every order that matters. Both are fibers of one thread, of which one runs at
// a time; at each point (before a lock is taken, after it was released, at an atomic access) it either goes on or hands
// over to the other. All schedules with at most so many hand-overs are tried, one after the other, each of them
// reproducibly and without the help of the machine's own scheduler.

#include "fiber.hpp"

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// Explores pairs of functions; there is one at a time.
///
/// What the functions share must use ExploredLock and ExploredAtomic. Outside of explore() these two just work, in one
/// thread.
class Explorer {
public:
    using Function = std::function<void()>;

    /// `preemptions`: how often a thread that could go on is stopped, at most, in one schedule.
    explicit Explorer(std::size_t preemptions) : bound_(preemptions) {
        active_ = this;
        for (int i = 0; i < 2; ++i)
            fibers_[i].prepare(begin);
    }
    ~Explorer() { active_ = nullptr; }
    Explorer(const Explorer&) = delete;
    Explorer& operator=(const Explorer&) = delete;

    /// For each schedule: `before()`, then `first` and `second` at once, then `after()`, which returns false to stop.
    /// `before` and `after` run alone. Returns the number of schedules.
    std::size_t explore(const Function& before, const Function& first, const Function& second,
                        const std::function<bool()>& after) {
        std::size_t schedules = 0;
        path_.clear();
        do {
            before();
            run(first, second);
            ++schedules;
            if (!after())
                break;
        } while (next_path());
        return schedules;
    }

    /// Returns the schedule of the last run: who began, then at each point `.` for going on and `x` for handing over.
    [[nodiscard]] std::string schedule() const {
        std::string text;
        for (const bool other : path_)
            text += text.empty() ? (other ? '2' : '1') : (other ? 'x' : '.');
        return text;
    }

    // --- for ExploredLock and ExploredAtomic ---

    /// A place where the running function may be stopped.
    static void point() {
        if (now_ != nobody)
            active_->at_point();
    }
    /// The running function waits for something that the other one has.
    static void blocked() {
        if (now_ == nobody)
            stop("a lock is held although nothing else runs");
        active_->wait_for_other();
    }
    /// Something was released for which the other function may wait.
    static void released() noexcept {
        if (now_ != nobody)
            active_->blocked_[1 - now_] = false;
    }
    /// Returns which function runs, 0 or 1, or 2 outside of explore().
    static int now() noexcept { return now_; }

private:
    static constexpr int nobody = 2;

    [[noreturn]] static void stop(const char* what) {
        std::fprintf(stderr, "explorer: %s\n", what);
        std::_Exit(1);
    }

    void run(const Function& first, const Function& second) {
        functions_[0] = &first;
        functions_[1] = &second;
        position_ = 0;
        preemptions_ = 0;
        for (int i = 0; i < 2; ++i)
            finished_[i] = blocked_[i] = false;
        hand_over(choose() ? 1 : 0);
    }

    static void begin() {
        Explorer& self = *active_;
        const int index = now_;
        self.fibers_[index].begun(self.fibers_[self.before_]);
        for (;;) {
            (*self.functions_[index])();
            self.finished_[index] = true;
            const int other = 1 - index;
            if (!self.finished_[other] && self.blocked_[other])
                stop("a function ended and left a lock behind, for which the other waits");
            self.hand_over(self.finished_[other] ? nobody : other);
        }
    }

    void at_point() {
        const int other = 1 - now_;
        if (finished_[other] || blocked_[other] || preemptions_ == bound_ || !choose())
            return;
        ++preemptions_;
        hand_over(other);
    }

    void wait_for_other() {
        const int other = 1 - now_;
        if (finished_[other] || blocked_[other])
            stop("deadlock");
        blocked_[now_] = true;
        hand_over(other);
    }

    void hand_over(int next) {
        before_ = now_;
        now_ = next;
        fibers_[before_].switch_to(fibers_[next]);
    }

    /// Takes the next decision: as in the path that is being repeated, or the first alternative of a new one.
    bool choose() {
        if (position_ == path_.size())
            path_.push_back(false);
        return path_[position_++];
    }

    bool next_path() {
        while (!path_.empty() && path_.back())
            path_.pop_back();
        if (path_.empty())
            return false;
        path_.back() = true;
        return true;
    }

    inline static Explorer* active_ = nullptr;
    inline static int now_ = nobody;

    const std::size_t bound_;
    Fiber fibers_[3]; // the two functions, and the caller of explore()
    int before_ = nobody;
    const Function* functions_[2] = {};
    bool finished_[2] = {};
    bool blocked_[2] = {};
    std::vector<bool> path_;
    std::size_t position_ = 0;
    std::size_t preemptions_ = 0;
};

/// Traits::Lock for an Explorer.
class ExploredLock {
public:
    void lock() {
        Explorer::point();
        while (held_)
            Explorer::blocked();
        held_ = true;
        ++depth_[Explorer::now()];
    }
    void unlock() {
        held_ = false;
        --depth_[Explorer::now()];
        Explorer::released();
        Explorer::point();
    }

    /// Returns true while the running function holds one.
    static bool held_here() noexcept { return depth_[Explorer::now()] != 0; }

private:
    inline static int depth_[3] = {}; // of the two functions, and outside of explore()
    bool held_ = false;
};

/// Traits::Atomic for an Explorer.
template <class U>
class ExploredAtomic {
public:
    constexpr ExploredAtomic() noexcept = default;
    constexpr ExploredAtomic(U value) noexcept : value_(value) {}

    U load(std::memory_order) const {
        if (!ExploredLock::held_here()) // under the lock nobody else writes
            Explorer::point();
        return value_;
    }
    void store(U value, std::memory_order) {
        Explorer::point(); // under the lock as well: others read without it
        value_ = value;
    }
    U fetch_add(U n, std::memory_order) { return std::exchange(value_, static_cast<U>(value_ + n)); }
    U fetch_sub(U n, std::memory_order) { return std::exchange(value_, static_cast<U>(value_ - n)); }

private:
    U value_{};
};

} // namespace support
