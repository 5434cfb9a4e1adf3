#pragma once
// Process: a node of the tree: child of one parent, member of one group, owner of its children.
//
// How it ends is defined in process_exit.hpp, whom it belongs to in process_jobs.hpp; builder.hpp, without which there
// is no process, brings both.

#include "../fwd.hpp"
#include "../core/panic.hpp"
#include "../core/result.hpp"
#include "../core/traits.hpp"
#include "maps.hpp"
#include "process_group.hpp"
#include "thread_group.hpp"
#include "topology.hpp"

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace procspace {

/// What exit() leaves for its caller to do, now that the lock is free.
template <class Traits>
struct BasicEffects {
    /// The process that got children which had exited before, if any: it must be told of them as their former parent
    /// was, or they stay zombies for ever.
    std::shared_ptr<BasicProcess<Traits>> reaper;
};

/// A process.
///
///      Session <=== ProcessGroup <=== Process ===> children          === owns
///         - - - - ->      - - - - - - - >   - - -> parent            - - knows
///
/// A process is in exactly one group and, init aside, in exactly one parent's children, from the moment it is published
/// by its builder to the moment it is reaped by free(). In between it is living, then, after exit(), a zombie. A handle
/// to a reaped process keeps its data and its numbers of old, and nothing else.
///
/// **Thread safety**: all members may be called concurrently. Mutators are one critical section of the tree lock each;
/// pid, ppid, pgid, sid, the states and the exit code are read without it.
/// **Source**: seed 002 and 003, Process.
template <class Traits>
class BasicProcess : CountedInTree<Traits> {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Group = BasicProcessGroup<Traits>;
    using Session = BasicSession<Traits>;
    using Thread = BasicThread<Traits>;
    using ThreadGroup = BasicThreadGroup<Traits>;
    using Data = typename Traits::ProcessData;

public:
    using Handle = std::shared_ptr<BasicProcess>;

    BasicProcess(BuilderKey, Topology& topology, Pid pid, bool is_init)
        : CountedInTree<Traits>(topology), pid_(pid), is_init_(is_init) {}

    /// Begins the first process of the default tree. **Panics** in build() if there is one. Needs process/tree.hpp.
    [[nodiscard]] static BasicProcessBuilder<Traits> new_init(Pid pid) {
        return BasicProcessTree<Traits>::default_tree().new_init(pid);
    }

    /// Begins a child with this number; it is in the tree when its builder has built it. Needs process/tree.hpp.
    [[nodiscard]] BasicProcessBuilder<Traits> fork(Pid pid) {
        return BasicProcessBuilder<Traits>(BuilderKey(), *this->topology_, self(), pid);
    }

    /// Begins a thread with this number; the process's own is that of the thread leader. Needs process/thread.hpp.
    [[nodiscard]] BasicThreadBuilder<Traits> new_thread(Pid tid) {
        return BasicThreadBuilder<Traits>(BuilderKey(), *this->topology_, self(), tid);
    }

    // --- what it is: plain loads, no lock --------------------------------------------------------------------------

    [[nodiscard]] Pid pid() const noexcept { return pid_; }
    [[nodiscard]] bool is_init() const noexcept { return is_init_; }
    /// Returns the number of the parent: 0 for init and for a reaped process.
    [[nodiscard]] Pid ppid() const noexcept { return ppid_.load(std::memory_order_relaxed); }
    /// Returns the number of the group, after the reap the last one.
    [[nodiscard]] Pid pgid() const noexcept { return pgid_.load(std::memory_order_relaxed); }
    /// Returns the number of the session, after the reap the last one.
    [[nodiscard]] Pid sid() const noexcept { return sid_.load(std::memory_order_relaxed); }
    [[nodiscard]] ProcessState state() const noexcept {
        return state_.load(std::memory_order_acquire); // pairs with exit() and free(): what they did before is visible
    }
    /// Returns true between exit() and free().
    [[nodiscard]] bool is_zombie() const noexcept { return state() == ProcessState::zombie; }
    [[nodiscard]] bool is_child_subreaper() const noexcept { return subreaper_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool is_group_exited() const noexcept { return threads_.exited(); }
    /// Returns the code of the thread that exited last, or of the group exit.
    [[nodiscard]] int exit_code() const noexcept { return threads_.exit_code(); }
    [[nodiscard]] ProcessInfo info() const noexcept { return {pid(), ppid(), pgid(), sid(), state()}; }

    /// Returns the user's data if it is a T, else null. The data itself is not synchronised.
    template <class T>
    [[nodiscard]] T* data() noexcept {
        return data_of<T>(data_);
    }
    template <class T>
    [[nodiscard]] const T* data() const noexcept {
        return data_of<const T>(data_);
    }

    // --- whom it knows: the tree lock, for the copy of a handle ------------------------------------------------------

    /// Returns the parent; null for init and for a reaped process.
    [[nodiscard]] Handle parent() const {
        Guard guard(this->topology_->lock());
        return parent_ != nullptr ? parent_->self_handle() : nullptr;
    }
    /// Returns the group; null for a reaped process.
    [[nodiscard]] std::shared_ptr<Group> group() const {
        Guard guard(this->topology_->lock());
        return group_ != nullptr ? group_->anchor_ : nullptr;
    }
    /// Returns the session; null for a reaped process.
    [[nodiscard]] std::shared_ptr<Session> session() const {
        Guard guard(this->topology_->lock());
        return group_ != nullptr ? group_->session_ : nullptr;
    }
    /// Returns the children, zombies included, ascending by pid.
    /// **Complexity**: linear, one std::vector, grown outside the lock.
    [[nodiscard]] std::vector<Handle> children() const { return this->topology_->snapshot(children_); }
    /// Returns the living threads, ascending by tid. **Complexity**: linear, one std::vector, grown outside the lock.
    [[nodiscard]] std::vector<std::shared_ptr<Thread>> threads() const {
        return this->topology_->snapshot(threads_.threads_);
    }
    /// Returns the number of living threads. **Complexity**: constant.
    [[nodiscard]] std::size_t thread_count() const {
        Guard guard(this->topology_->lock());
        return threads_.threads_.size();
    }
    /// Calls `f(const ProcessInfo&)` for each child, ascending by pid, without a lock and without an allocation.
    template <class F>
    void for_each_child(F&& f) const {
        const auto record = [](const auto& entry) { return entry.second->info(); };
        this->topology_->template visit<ProcessInfo>(children_, record, f);
    }
    /// Calls `f(Pid tid)` for each living thread, ascending, without a lock and without an allocation.
    template <class F>
    void for_each_thread(F&& f) const {
        this->topology_->template visit<Pid>(
            threads_.threads_, [](const auto& entry) { return entry.first; }, f);
    }

    // --- how it ends -------------------------------------------------------------------------------------------------

    /// Begins the exit of all threads with one code. Returns true for the first caller, whose code wins; false for
    /// others, and once the process has exited.
    bool group_exit(int code = 0);

    /// Ends the process: its threads end, its children go to the reaper, and it becomes a zombie. A second call changes
    /// nothing. The reaper is the nearest living ancestor that is a child subreaper, else init. Returns what the caller
    /// has to do now. **Panics** for init. **Complexity**: linear in threads and children; no allocation.
    BasicEffects<Traits> exit();
    /// The same with the children going to `reaper`: the first process of their pid namespace adopts those who have no
    /// subreaper in it, ancestor or not. As exit() if it is null, of another tree, has exited, or descends from this
    /// process.
    /// **Complexity**: as exit(), and linear in the depth of `reaper`.
    BasicEffects<Traits> exit(const Handle& reaper);

    /// Reaps a zombie: it leaves its parent, its group and its number. Returns true for the one caller who reaped it,
    /// false when that was done before. **Panics** unless the process has exited.
    bool free();

    /// Marks this process as the one to which orphaned descendants go, or takes the mark away. Not inherited by
    /// children. Changes nothing once the process has exited. **Source**: prctl(2), PR_SET_CHILD_SUBREAPER.
    void set_child_subreaper(bool on);

    // --- whom it belongs to -----------------------------------------------------------------------------------------

    using NewSession = std::pair<std::shared_ptr<Session>, std::shared_ptr<Group>>;

    /// Moves the process into a new session and a new group, both with its number.
    /// Returns nullopt if its number is that of a session or of a group with members, or when it has exited.
    /// **Errors**: out of memory is std::bad_alloc, or a panic without exceptions. **Complexity**: three allocations.
    std::optional<NewSession> create_session();
    /// The same with the reason. **Errors**: permission for the cases above; no_memory.
    [[nodiscard]] Result<NewSession> try_create_session();

    /// Moves the process into the group with its number, a new one unless that exists already.
    /// Returns null for the leader of its own group, for a session leader, and when it has exited.
    /// **Errors**: out of memory is std::bad_alloc, or a panic without exceptions. **Complexity**: two allocations.
    std::shared_ptr<Group> create_group();
    /// The same with the reason. **Errors**: permission for the cases above; no_memory.
    [[nodiscard]] Result<std::shared_ptr<Group>> try_create_group();

    /// Moves the process into `group`; at no moment is it in none. Returns true if it is there, from now or before;
    /// false for a group of another session or tree, or one whose number was taken over by a session, for a session
    /// leader, and when the process has exited. **Pre**: not null. **Complexity**: logarithmic in the members; no
    /// allocation.
    bool move_to_group(const std::shared_ptr<Group>& group);

    /// What setpgid(2) does to the process that it names: moves it into the group with this number, which must be in
    /// its session; its own number makes the group if there is none. Unlike the two above it moves zombies, too.
    /// **Errors**: permission (a session leader, or no such group in the session); no_process (reaped); no_memory.
    /// **Complexity**: logarithmic; two allocations for its own number, none otherwise. Takes the tree lock.
    [[nodiscard]] Result<void> set_pgid(Pid pgid);

private:
    template <class>
    friend class BasicProcessBuilder;
    template <class>
    friend class BasicProcessTree;
    template <class>
    friend class BasicThreadBuilder;
    template <class>
    friend class BasicThread;

    using Children = StrongMap<Pid, BasicProcess, typename Traits::Memory>;
    using Numbers = typename Topology::Numbers;

    /// A process on its way from one group to another, or out of the last one. What is left of it dies after unlock.
    struct Departure {
        typename Group::Members::Node member;
        std::shared_ptr<Group> emptied; // the group, if this was its last member
    };

    template <class T, class D>
    static T* data_of(D& data) noexcept {
        using Value = std::remove_const_t<T>;
        using Held = std::remove_const_t<D>; // ProcessData, or for Thread ThreadData
        if constexpr (std::is_same_v<Value, Held>)
            return &data;
        else if constexpr (std::is_same_v<Held, AnyData>)
            return data.template get<Value>();
        else
            return nullptr;
    }

    /// Moves the process into the group with its number. **Errors**: no_process (its state is beyond `latest`);
    /// permission (a session leader); exists (it is there already); no_memory.
    Result<std::shared_ptr<Group>> enter_own_group(ProcessState latest);

    [[nodiscard]] Handle self() const {
        Guard guard(this->topology_->lock());
        return self_handle();
    }

    // All below: under the tree lock.

    [[nodiscard]] bool living() const noexcept { return state() == ProcessState::living; }
    [[nodiscard]] bool is_session_leader() const noexcept { return sid() == pid_; }
    [[nodiscard]] Handle self_handle() const noexcept {
        return parent_ != nullptr ? place_->second : is_init_ ? this->topology_->init_ : nullptr;
    }
    [[nodiscard]] BasicProcess* reaper_of_children(BasicProcess* wanted) const noexcept;
    [[nodiscard]] bool may_adopt_from(const BasicProcess& dying) const noexcept;

    void set_parent(BasicProcess* parent) noexcept {
        parent_ = parent;
        ppid_.store(parent != nullptr ? parent->pid_ : 0, std::memory_order_relaxed);
    }
    /// Returns true if a zombie was among them.
    bool hand_children_to(BasicProcess& reaper) noexcept;
    [[nodiscard]] typename Children::Node leave_parent() noexcept;
    void join(const std::shared_ptr<Group>& group, typename Group::Members::Node&& member) noexcept;
    [[nodiscard]] Departure leave_group() noexcept;
    /// Ends all threads but `survivor`; the nodes of their numbers go to `numbers`, to die after unlock.
    void end_threads(const Thread* survivor, Numbers& numbers, typename ThreadGroup::Threads& ended) noexcept;

    Pid pid_; // immutable, as the next
    bool is_init_;

    BasicProcess* parent_ = nullptr;           // guarded by tree lock, as all below; null for init and when reaped
    typename Children::iterator place_;        // in the parent's children; valid while parent_ is not null
    Children children_;                        // empty for a zombie
    Group* group_ = nullptr;                   // null when reaped
    typename Group::Members::iterator member_; // in the group's members; valid while group_ is not null
    ThreadGroup threads_;

    template <class U>
    using Atomic = typename Traits::template Atomic<U>;
    Atomic<Pid> ppid_{0}; // atomic, written under the tree lock, as the next four
    Atomic<Pid> pgid_{0};
    Atomic<Pid> sid_{0};
    Atomic<ProcessState> state_{ProcessState::living};
    Atomic<bool> subreaper_{false};

    Data data_{}; // the user's to synchronise
};

} // namespace procspace
