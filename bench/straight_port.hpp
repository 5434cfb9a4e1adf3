#pragma once
// The peer of the process half: the seeds' process model carried over to C++ as it stands. std::map for every table, a
// lock in front of every table and every changing link, shared_ptr upwards, weak_ptr downwards and to the parent.
//
// Only what the benchmarks run: sessions, groups, fork, exit, free, threads. As in the seeds' originals
//   - a weak map forgets dead entries only in a sweep over all of them, once in 1000 operations;
//   - a thread's exit finds out whether it was the last one by counting the living;
//   - nothing checks whether a number is in use.
// The lock is the library's own, so that a comparison shows the structure and not the lock.

#include <procspace/core/lock.hpp>

#include <any>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace straight_port {

using Pid = std::uint32_t;
using procspace::Guarded;

class Process;

/// Objects owned elsewhere, by number. Not synchronised.
template <class V>
class WeakMap {
public:
    void insert(Pid key, const std::shared_ptr<V>& value) {
        count_operation();
        entries_.insert_or_assign(key, value);
    }
    void remove(Pid key) {
        count_operation();
        entries_.erase(key);
    }
    [[nodiscard]] std::size_t living() const {
        std::size_t count = 0;
        for (const auto& entry : entries_)
            if (entry.second.lock() != nullptr)
                ++count;
        return count;
    }

private:
    void count_operation() {
        constexpr unsigned operations_per_sweep = 1000;
        if (++operations_ < operations_per_sweep)
            return;
        operations_ = 0;
        std::erase_if(entries_, [](const auto& entry) { return entry.second.expired(); });
    }

    std::map<Pid, std::weak_ptr<V>> entries_;
    unsigned operations_ = 0;
};

class ProcessGroup;

class Session {
public:
    explicit Session(Pid sid) : sid_(sid) {}
    [[nodiscard]] Pid sid() const noexcept { return sid_; }

    Guarded<WeakMap<ProcessGroup>> groups;

private:
    Pid sid_;
};

class ProcessGroup {
public:
    ProcessGroup(Pid pgid, std::shared_ptr<Session> session) : session_(std::move(session)), pgid_(pgid) {}
    [[nodiscard]] Pid pgid() const noexcept { return pgid_; }
    [[nodiscard]] const std::shared_ptr<Session>& session() const noexcept { return session_; }

    Guarded<WeakMap<Process>> processes;

private:
    std::shared_ptr<Session> session_;
    Pid pgid_;
};

class Thread {
public:
    Thread(Pid tid, std::shared_ptr<Process> process) : process_(std::move(process)), tid_(tid) {}
    [[nodiscard]] Pid tid() const noexcept { return tid_; }

    /// Returns true when no thread is left.
    bool exit(int code);

private:
    std::shared_ptr<Process> process_;
    Pid tid_;
    std::any data_;
};

class Process : public std::enable_shared_from_this<Process> {
public:
    using Handle = std::shared_ptr<Process>;

    explicit Process(Pid pid) : pid_(pid) {}

    /// The process that orphans go to. One for the program, as in the seeds; set by new_init().
    static Handle& init() {
        static Handle handle;
        return handle;
    }

    static Handle new_init(Pid pid) {
        const auto session = std::make_shared<Session>(pid);
        const auto group = std::make_shared<ProcessGroup>(pid, session);
        session->groups.with([&](auto& groups) { groups.insert(pid, group); });
        const auto process = std::make_shared<Process>(pid);
        process->join(group);
        init() = process;
        return process;
    }

    Handle fork(Pid pid) {
        const Handle child = std::make_shared<Process>(pid);
        child->set_parent(shared_from_this());
        child->join(group());
        children_.with([&](auto& children) { children.insert_or_assign(pid, child); });
        return child;
    }

    void exit() {
        const Handle reaper = init();
        zombie_.store(true, std::memory_order_release);
        children_.with([&](auto& children) {
            reaper->children_.with([&](auto& adopted) {
                for (auto& [pid, child] : children) {
                    child->set_parent(reaper);
                    adopted.insert_or_assign(pid, std::move(child));
                }
            });
            children.clear();
        });
    }

    void free() {
        if (const Handle former = parent())
            former->children_.with([&](auto& children) { children.erase(pid_); });
    }

    std::shared_ptr<Thread> new_thread(Pid tid) {
        const auto thread = std::make_shared<Thread>(tid, shared_from_this());
        threads_.with([&](auto& group) { group.threads.insert(tid, thread); });
        return thread;
    }

    [[nodiscard]] Pid pid() const noexcept { return pid_; }
    [[nodiscard]] bool is_zombie() const noexcept { return zombie_.load(std::memory_order_acquire); }
    [[nodiscard]] Handle parent() const {
        return parent_.with([](const auto& parent) { return parent.lock(); });
    }
    [[nodiscard]] std::shared_ptr<ProcessGroup> group() const {
        return group_.with([](const auto& group) { return group; });
    }
    [[nodiscard]] std::size_t child_count() const {
        return children_.with([](const auto& children) { return children.size(); });
    }
    [[nodiscard]] std::size_t thread_count() const {
        return threads_.with([](const auto& group) { return group.threads.living(); });
    }

private:
    friend class Thread;

    struct ThreadGroup {
        WeakMap<Thread> threads;
        int exit_code = 0;
        bool exited = false;
    };

    void set_parent(const Handle& parent) {
        parent_.with([&](auto& link) { link = parent; });
    }
    void join(std::shared_ptr<ProcessGroup> group) {
        group->processes.with([&](auto& processes) { processes.insert(pid_, shared_from_this()); });
        group_.with([&](auto& link) { link = std::move(group); });
    }

    Pid pid_;
    std::atomic<bool> zombie_{false};
    Guarded<ThreadGroup> threads_;
    std::any data_;
    Guarded<std::map<Pid, Handle>> children_;
    Guarded<std::weak_ptr<Process>> parent_;
    Guarded<std::shared_ptr<ProcessGroup>> group_;
};

inline bool Thread::exit(int code) {
    return process_->threads_.with([&](auto& group) {
        if (!group.exited)
            group.exit_code = code;
        group.threads.remove(tid_);
        return group.threads.living() == 0;
    });
}

} // namespace straight_port
