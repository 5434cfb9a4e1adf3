#pragma once
// Explorer: runs two functions at once in every order that matters. Only one of the two threads runs at a time; at each
// point (before a lock is taken, after it was released, at an atomic access) it either goes on or hands over to the
// other. All schedules with at most so many hand-overs are tried, one after the other, each of them reproducibly.

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
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
            threads_[i] = std::thread([this, i] { work(i); });
    }
    ~Explorer() {
        quit_ = true;
        for (int i = 0; i < 2; ++i) {
            turn(i);
            threads_[i].join();
        }
        active_ = nullptr;
    }
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

    /// A place where the running thread may be stopped.
    static void point() {
        if (me_ >= 0)
            active_->at_point();
    }
    /// The running thread waits for something that the other one has.
    static void blocked() {
        if (me_ < 0)
            stop("a lock is held although no other thread runs");
        active_->wait_for_other();
    }
    /// Something was released for which the other thread may wait.
    static void released() noexcept {
        if (me_ >= 0)
            active_->blocked_[1 - me_] = false;
    }

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
        turn(choose() ? 1 : 0);
        wait_until(nobody);
    }

    void work(int index) {
        me_ = index;
        for (;;) {
            wait_until(index);
            if (quit_)
                return;
            (*functions_[index])();
            finished_[index] = true;
            const int other = 1 - index;
            if (!finished_[other] && blocked_[other])
                stop("a thread ended and left a lock behind, for which the other waits");
            turn(finished_[other] ? nobody : other);
        }
    }

    void at_point() {
        const int other = 1 - me_;
        if (finished_[other] || blocked_[other] || preemptions_ == bound_ || !choose())
            return;
        ++preemptions_;
        hand_over();
    }

    void wait_for_other() {
        const int other = 1 - me_;
        if (finished_[other] || blocked_[other])
            stop("deadlock");
        blocked_[me_] = true;
        hand_over();
    }

    void hand_over() {
        const int self = me_;
        turn(1 - self);
        wait_until(self);
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

    // release and acquire: what one thread did is visible to the one that runs next.
    void turn(int whose) {
        turn_.store(whose, std::memory_order_release);
        turn_.notify_all();
    }
    void wait_until(int mine) const {
        for (int now = turn_.load(std::memory_order_acquire); now != mine; now = turn_.load(std::memory_order_acquire))
            turn_.wait(now, std::memory_order_acquire);
    }

    inline static Explorer* active_ = nullptr;
    inline static thread_local int me_ = -1; // 0 or 1 in the two threads

    const std::size_t bound_;
    std::atomic<int> turn_{nobody}; // who runs; all that follows belongs to that thread
    std::thread threads_[2];
    const Function* functions_[2] = {};
    bool finished_[2] = {};
    bool blocked_[2] = {};
    bool quit_ = false;
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
        ++depth_;
    }
    void unlock() {
        held_ = false;
        --depth_;
        Explorer::released();
        Explorer::point();
    }

    /// Returns true while the calling thread holds one.
    static bool held_here() noexcept { return depth_ != 0; }

private:
    inline static thread_local int depth_ = 0;
    bool held_ = false; // plain: one thread runs at a time
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
