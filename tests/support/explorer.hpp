#pragma once
// Explorer: runs two or three functions at once in every order that matters. They are fibers of one thread, of which
// one runs at a time; at each point (before a lock is taken, after it was released, at an atomic access) it either goes
// on or hands over to another. All schedules with at most so many hand-overs are tried, one after the other, each of
// them reproducibly and without the help of the machine's own scheduler.

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

/// Explores two or three functions at once; there is one explorer at a time.
///
/// What the functions share must use ExploredLock and ExploredAtomic. Outside of explore() these two just work, in one
/// thread.
class Explorer {
public:
    using Function = std::function<void()>;
    static constexpr int most = 3;

    /// `preemptions`: how often a thread that could go on is stopped, at most, in one schedule.
    explicit Explorer(std::size_t preemptions) : bound_(preemptions) {
        active_ = this;
        for (int i = 0; i < most; ++i)
            fibers_[i].prepare(begin);
    }
    ~Explorer() { active_ = nullptr; }
    Explorer(const Explorer&) = delete;
    Explorer& operator=(const Explorer&) = delete;

    /// For each schedule: `before()`, then all `functions` at once, then `after()`, which returns false to stop.
    /// `before` and `after` run alone. Returns the number of schedules.
    std::size_t explore(const Function& before, const std::vector<Function>& functions,
                        const std::function<bool()>& after) {
        std::size_t schedules = 0;
        functions_ = &functions;
        path_.clear();
        do {
            before();
            run();
            ++schedules;
            if (!after())
                break;
        } while (next_path());
        return schedules;
    }

    /// Returns the schedule of the last run: who began, then at each point `.` for going on and a digit for who was
    /// chosen of those who could go on instead.
    [[nodiscard]] std::string schedule() const {
        std::string text;
        for (const Decision& decision : path_)
            text += decision.taken == 0 && !text.empty() ? '.' : static_cast<char>('0' + decision.taken);
        return text;
    }

    // --- for ExploredLock and ExploredAtomic ---

    /// A place where the running function may be stopped.
    static void point() {
        if (now_ != nobody)
            active_->at_point();
    }
    /// The running function waits for something that another one has.
    static void blocked() {
        if (now_ == nobody)
            stop("a lock is held although nothing else runs");
        active_->wait_for_other();
    }
    /// Something was released for which others may wait.
    static void released() noexcept {
        for (bool& blocked : active_->blocked_)
            blocked = false;
    }
    /// Returns which function runs, from 0, or `nobody` outside of explore().
    static int now() noexcept { return now_; }
    static constexpr int nobody = most;

private:
    /// One of `options` that there were.
    struct Decision {
        int taken;
        int options;
    };

    [[noreturn]] static void stop(const char* what) {
        std::fprintf(stderr, "explorer: %s\n", what);
        std::abort(); // whose handler says what was being explored
    }

    void run() {
        position_ = 0;
        preemptions_ = 0;
        for (int i = 0; i < most; ++i) {
            finished_[i] = i >= static_cast<int>(functions_->size());
            blocked_[i] = false;
        }
        hand_over(other(choose(others())));
    }

    static void begin() {
        Explorer& self = *active_;
        const int index = now_;
        self.fibers_[index].begun(self.fibers_[self.before_]);
        for (;;) {
            (*self.functions_)[static_cast<std::size_t>(index)]();
            self.finished_[index] = true;
            const int others = self.others();
            if (others == 0 && !(self.finished_[0] && self.finished_[1] && self.finished_[2]))
                stop("a function ended and left a lock behind, for which another waits");
            self.hand_over(others == 0 ? nobody : self.other(self.choose(others)));
        }
    }

    void at_point() {
        if (preemptions_ == bound_ || others() == 0)
            return;
        const int taken = choose(1 + others());
        if (taken == 0)
            return;
        ++preemptions_;
        hand_over(other(taken - 1));
    }

    void wait_for_other() {
        blocked_[now_] = true;
        if (others() == 0)
            stop("deadlock");
        hand_over(other(choose(others())));
    }

    /// Returns how many could go on instead of the running one.
    [[nodiscard]] int others() const {
        int count = 0;
        for (int i = 0; i < most; ++i)
            count += i != now_ && !finished_[i] && !blocked_[i];
        return count;
    }
    /// Returns the n-th of them, from 0.
    [[nodiscard]] int other(int n) const {
        for (int i = 0; i < most; ++i)
            if (i != now_ && !finished_[i] && !blocked_[i] && n-- == 0)
                return i;
        stop("nobody is left to go on");
    }

    void hand_over(int next) {
        before_ = now_;
        now_ = next;
        fibers_[before_].switch_to(fibers_[next]);
    }

    /// Takes the next decision: as in the path that is being repeated, or the first alternative of a new one. One that
    /// has no alternative is none.
    int choose(int options) {
        if (options == 1)
            return 0;
        if (position_ == path_.size())
            path_.push_back({0, options});
        return path_[position_++].taken;
    }

    bool next_path() {
        while (!path_.empty() && path_.back().taken + 1 == path_.back().options)
            path_.pop_back();
        if (path_.empty())
            return false;
        ++path_.back().taken;
        return true;
    }

    inline static Explorer* active_ = nullptr;
    inline static int now_ = nobody;

    const std::size_t bound_;
    Fiber fibers_[most + 1]; // the functions, and the caller of explore()
    int before_ = nobody;
    const std::vector<Function>* functions_ = nullptr;
    bool finished_[most] = {};
    bool blocked_[most] = {};
    std::vector<Decision> path_;
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
        if (Explorer::now() != Explorer::nobody) {
            Explorer::released();
            Explorer::point();
        }
    }

    /// Returns true while the running function holds one.
    static bool held_here() noexcept { return depth_[Explorer::now()] != 0; }

private:
    inline static int depth_[Explorer::nobody + 1] = {}; // of the functions, and outside of explore()
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
        value_ = value;
        Explorer::point(); // under the lock as well: others read without it, and act upon what they read
    }
    U fetch_add(U n, std::memory_order) { return std::exchange(value_, static_cast<U>(value_ + n)); }
    U fetch_sub(U n, std::memory_order) { return std::exchange(value_, static_cast<U>(value_ - n)); }
    bool compare_exchange_strong(U& expected, U desired, std::memory_order, std::memory_order) {
        Explorer::point();
        const bool done = value_ == expected;
        (done ? value_ : expected) = done ? desired : value_;
        return done;
    }

private:
    U value_{};
};

} // namespace support
