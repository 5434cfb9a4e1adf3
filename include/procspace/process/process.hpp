#pragma once
// Process: a node of the tree: child of one parent, member of one group, owner of its children.
//
// How it ends is defined in process_exit.hpp, whom it belongs to in process_jobs.hpp, what its parent learns of it in
// process_children.hpp; builder.hpp, without which there is no process, brings all of them.

#include "../fwd.hpp"
#include "../core/result.hpp"
#include "../core/traits.hpp"
#include "effects.hpp"
#include "family.hpp"
#include "index.hpp"
#include "lineage.hpp"
#include "numbers.hpp"
#include "process_fields.hpp"
#include "process_group.hpp"
#include "records.hpp"
#include "thread_group.hpp"
#include "topology.hpp"
#include "user_data.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace procspace {

/// The role of a hook: a process among its parent's children of whom there is something to wait for.
struct InEvents;

/// A process.
///
///      Session <=== ProcessGroup <=== Process ===> children          === owns
///         - - - - ->      - - - - - - - >   - - -> parent            - - knows
///
/// A process is in exactly one group and, init aside, in exactly one parent's children, from the moment it is published
/// by its builder to the moment it is reaped by free(). In between it is living, then, after exit(), a zombie. A handle
/// to a reaped process keeps its data and its numbers of old, and nothing else.
///
/// The parent's ownership of a child is a handle that stands in the child itself, `anchor_`, from publication to reap:
/// so a child costs its parent no memory, and handles are given out without a count of weak owners.
///
/// **Thread safety**: all members may be called concurrently. Mutators are one critical section of the tree lock each;
/// pid, ppid, pgid, sid, the states and the exit code are read without it.
/// **Source**: seed 002 and 003, Process.
template <class Traits>
class BasicProcess : BasicProcessFields<Traits>, HookFor<InGroup>, FamilyHook, HookFor<InEvents> {
    using Fields = BasicProcessFields<Traits>;
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Group = BasicProcessGroup<Traits>;
    using Session = BasicSession<Traits>;
    using Thread = BasicThread<Traits>;
    using ThreadGroup = BasicThreadGroup<Traits>;
    using Effects = BasicEffects<Traits>;
    using Leftovers = BasicLeftovers<Traits>;
    using Handles = typename Topology::template Handles<BasicProcess>;
    using Data = typename Traits::ProcessData;

public:
    using Handle = std::shared_ptr<BasicProcess>;

    BasicProcess(BuilderKey, Topology& topology, Data&& data) : Fields(topology), data_(std::move(data)) {}

    /// Begins the first process of the default tree. **Panics** in build() if there is one. Needs process/tree.hpp.
    [[nodiscard]] static BasicProcessBuilder<Traits> new_init(Pid pid) {
        return BasicProcessTree<Traits>::default_tree().new_init(pid);
    }
    /// Begins a child with this number; it is in the tree when its builder has built it. Needs process/tree.hpp.
    [[nodiscard]] BasicProcessBuilder<Traits> fork(Pid pid) {
        return BasicProcessBuilder<Traits>(BuilderKey(), *this->topology_, id(), pid);
    }
    /// The same with the next free number, given when it is built or prepared.
    [[nodiscard]] BasicProcessBuilder<Traits> fork() {
        return BasicProcessBuilder<Traits>(BuilderKey(), *this->topology_, id(), std::nullopt);
    }
    /// Begins a thread with this number; the process's own is that of the thread leader. Needs process/thread.hpp.
    [[nodiscard]] BasicThreadBuilder<Traits> new_thread(Pid tid) {
        return BasicThreadBuilder<Traits>(BuilderKey(), *this->topology_, id(), tid);
    }
    /// The same with the next free number.
    [[nodiscard]] BasicThreadBuilder<Traits> new_thread() {
        return BasicThreadBuilder<Traits>(BuilderKey(), *this->topology_, id(), std::nullopt);
    }

    // --- what it is: plain loads, no lock --------------------------------------------------------------------------
    // At -Os g++ takes a load of std::atomic, but for numbers, for a function worth a call, unless it is told.

    [[nodiscard]] Pid pid() const noexcept { return this->number; }
    /// Returns what tells this process from all others of its tree, before and after it.
    [[nodiscard]] ProcessId id() const noexcept { return {pid(), generation_}; }
    [[nodiscard]] bool is_init() const noexcept { return is_init_; }
    /// Returns the number of the parent: 0 for init and for a reaped process.
    [[nodiscard]] Pid ppid() const noexcept { return ppid_.load(std::memory_order_relaxed); }
    /// Returns the number of the group, after the reap the last one.
    [[nodiscard]] Pid pgid() const noexcept { return pgid_.load(std::memory_order_relaxed); }
    /// Returns the number of the session, after the reap the last one.
    [[nodiscard]] Pid sid() const noexcept { return sid_.load(std::memory_order_relaxed); }
    [[nodiscard, gnu::always_inline]] ProcessState state() const noexcept {
        return state_.load(std::memory_order_acquire); // pairs with exit() and free(): what they did before is visible
    }
    /// Returns true between exit() and free().
    [[nodiscard]] bool is_zombie() const noexcept { return state() == ProcessState::zombie; }
    [[nodiscard, gnu::flatten]] bool is_child_subreaper() const noexcept {
        return subreaper_.load(std::memory_order_relaxed);
    }
    [[nodiscard, gnu::flatten]] bool is_stopped() const noexcept { return stopped_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool is_group_exited() const noexcept { return threads_.exited(); }
    /// Returns the code of the thread that exited last, or of the group exit.
    [[nodiscard]] int exit_code() const noexcept { return threads_.exit_code(); }
    [[nodiscard]] ProcessInfo info() const noexcept { return {pid(), ppid(), pgid(), sid(), state()}; }

    /// Returns the user's data if it is a T, else null. The data itself is not synchronised.
    template <class T>
    [[nodiscard]] T* data() noexcept {
        return data_as<T>(data_);
    }
    template <class T>
    [[nodiscard]] const T* data() const noexcept {
        return data_as<const T>(data_);
    }

    // --- whom it knows: the tree lock, for the copy of a handle ------------------------------------------------------

    /// Returns the parent; null for init and for a reaped process.
    [[nodiscard]] Handle parent() const {
        Guard guard(this->topology_->lock());
        return parent_ != nullptr ? parent_->anchor_ : nullptr;
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
    /// Returns the children, zombies included, ascending by pid. One array, grown outside the lock.
    [[nodiscard]] std::vector<Handle> children() const;
    [[nodiscard]] Result<Handles> try_children() const; ///< the same as a HandleList. **Errors**: no_memory
    /// Returns the living threads, ascending by tid. One array, grown outside the lock.
    [[nodiscard]] std::vector<std::shared_ptr<Thread>> threads() const {
        return this->topology_->snapshot(threads_.threads_);
    }
    [[nodiscard]] auto try_threads() const { return this->topology_->try_snapshot(threads_.threads_); } ///< as above
    [[nodiscard]] std::size_t thread_count() const; ///< of the living. **Complexity**: constant
    /// Calls `f(const ProcessInfo&)` for each child, without a lock and without an allocation: thread by thread, the
    /// leader's first, of each the eldest first. One whose thread ends meanwhile may come twice. `f` returns or throws.
    template <class F>
    void for_each_child(F&& f) const;
    /// Calls `f(Pid tid)` for each living thread, ascending, without a lock and without an allocation.
    template <class F>
    void for_each_thread(F&& f) const;

    // --- how it ends: process_exit.hpp -------------------------------------------------------------------------------

    /// Begins the exit of all threads with one code. Returns true for the first caller, whose code wins; false for
    /// others, and once the process has exited. That the threads are to end goes to Traits::effect, if there is one.
    bool group_exit(int code = 0) { return exit_group(code).has_value(); }
    /// The same for who delivers by hand: for the first caller the threads to be killed. Not `spared`, who calls (in
    /// vain while another is in exec); 0 for a signal. **Complexity**: constant. **Source**: exit_group(2).
    [[nodiscard]] std::optional<Effects> exit_group(int code, Pid spared = 0);

    /// Ends the process: its threads end, its children go to the reaper, and it becomes a zombie; or it is reaped at
    /// once if its parent ignores its children. A second call changes nothing. The reaper is the nearest living
    /// ancestor that is a child subreaper, else init. Returns what the caller has to do now. **Panics** for init.
    /// **Complexity**: linear in threads and children, the lock being free after each 16 children; no allocation.
    Effects exit() { return end(nullptr); }
    /// The same with the children going to `reaper`, ancestor or not: the first process of their pid namespace, say. As
    /// exit() if it is null, of another tree, has exited, or descends from this process.
    /// **Complexity**: as exit(), and for each 16 children linear in the depth of `reaper`.
    Effects exit(const Handle& reaper) { return end(reaper.get()); }

    /// Begins the end of a PID namespace: nobody forks any more, children are reaped as they exit, and once the caller
    /// has killed them all init may exit(). **Panics** but for a nested init. **Source**: pid_namespaces(7).
    [[PROCSPACE_SELDOM]] void close_tree();

    /// Reaps a zombie: it leaves its parent, its group and its number. Returns true for the one caller who reaped it,
    /// false when that was done before, or a claim of wait_claim() stands. **Panics** unless the process has exited.
    bool free();

    /// Marks this process as the one to which orphaned descendants go, or takes the mark away. Not inherited by
    /// children. Changes nothing once the process has exited. **Source**: prctl(2), PR_SET_CHILD_SUBREAPER.
    void set_child_subreaper(bool on);

    // --- what its parent learns of it: process_children.hpp ----------------------------------------------------------

    /// Declares what this process does about SIGCHLD. For children that exit from now on.
    void set_child_policy(ChildPolicy policy);
    /// Sets the signal that it gets when its parent exits; 0 for none. **Source**: prctl(2), PR_SET_PDEATHSIG.
    Errno set_parent_death_signal(int signal); ///< ok, or invalid for what is no signal
    /// Adds to the time that it has used; nothing once it has exited.
    void charge(const Usage& spent);
    /// Returns what its parent and wait(2) know of it, as of one moment.
    [[nodiscard]] ProcessDetails details() const;
    /// Marks it as stopped by `signal`, or as continued, for its parent. Nothing if it is already, exits, or is init.
    Effects stop(int signal);
    Effects resume();

    // --- whom it belongs to: process_jobs.hpp ------------------------------------------------------------------------

    using NewSession = std::pair<std::shared_ptr<Session>, std::shared_ptr<Group>>;

    /// Moves the process into a new session and a new group, both with its number.
    /// Returns nullopt if its number is that of a session or of a group with members, or when it has exited.
    /// **Errors**: out of memory is std::bad_alloc, or a panic. **Complexity**: as posix::setsid(); two allocations.
    std::optional<NewSession> create_session();
    /// The same with the reason: permission, or no_memory.
    [[nodiscard]] Result<NewSession> try_create_session();
    /// Moves the process into the group with its number, a new one unless that exists already.
    /// Returns null for the leader of its own group, for a session leader, and when it has exited.
    /// **Errors**: out of memory is std::bad_alloc, or a panic without exceptions. **Complexity**: one allocation.
    std::shared_ptr<Group> create_group();
    /// The same with the reason: permission, or no_memory.
    [[nodiscard]] Result<std::shared_ptr<Group>> try_create_group();
    /// Both with what prepare_group() and prepare_session() of the tree have allocated: they cannot run out of memory.
    /// **Errors**: permission for the cases above. **Pre**: of this tree, not used before.
    [[nodiscard]] Result<NewSession> create_session(BasicPreparedSession<Traits>&& fresh);
    [[nodiscard]] Result<std::shared_ptr<Group>> create_group(BasicPreparedGroup<Traits>&& fresh);
    /// Moves the process into `group`; at no moment is it in none. Returns true if it is there, from now or before;
    /// false for a group of another session or tree, or one whose number was taken over by a session, for a session
    /// leader, and when the process has exited. **Pre**: not null. **Complexity**: logarithmic in the members, and if
    /// some child is in another group of the session, linear in members or children, the fewer of them; no allocation.
    bool move_to_group(const std::shared_ptr<Group>& group);
    /// What setpgid(2) does to the process that it names: moves it into the group with this number, which must be in
    /// its session; its own number makes the group if there is none. Unlike the two above it moves zombies, too.
    /// **Errors**: permission (a session leader, or no such group in the session); no_process (reaped); no_memory.
    /// **Complexity**: as move_to_group(); one allocation for its own number, none otherwise. Takes the tree lock.
    [[nodiscard]] Result<void> set_pgid(Pid pgid);

private:
    friend BasicTopology<Traits>;
    friend Family<BasicProcess>;
    friend BasicChildCursor<Traits>;
    friend NumberIndex<BasicProcess, InGroup>;
    friend NumberIndex<BasicProcess, InEvents>;
    friend Group;
    friend BasicProcessBuilder<Traits>;
    friend BasicPreparedProcess<Traits>;
    friend BasicProcessTree<Traits>;
    friend BasicThreadBuilder<Traits>;
    friend BasicPreparedThread<Traits>;
    friend Thread;
    friend BasicExec<Traits>;
    friend Effects;
    friend BasicWait<Traits>;
    friend TreeInvariants<Traits>;
    friend Leftovers;
    friend BasicLineage<Traits>;
    friend BasicJobControl<Traits>;
    friend BasicTerminal<Traits>;

    // All below: under the tree lock.
    [[nodiscard, PROCSPACE_SHARED]] static BasicProcess* find(const Topology& topology, ProcessId id) noexcept;
    [[nodiscard]] bool living() const noexcept { return state() == ProcessState::living && !exiting_; }
    /// Returns in which order its parent got it: of the tree's births.
    [[nodiscard]] std::uint64_t order() const noexcept { return HookFor<InEvents>::key; }
    void set_order(std::uint64_t its_order) noexcept { HookFor<InEvents>::key = its_order; }
    [[nodiscard]] bool has_execed() const noexcept { return execed_at_ != 0; }
    [[nodiscard, gnu::always_inline]] bool is_session_leader() const noexcept { return sid() == pid(); }
    [[nodiscard]] const Handle& self_handle() const noexcept { return anchor_; } // **Pre**: in the tree
    [[PROCSPACE_OFTEN]] inline void enter() noexcept;
    Effects end(BasicProcess* wanted) {
        Effects effects(*this->topology_);
        end(wanted, effects);
        return effects;
    }
    [[PROCSPACE_PART]] inline void end(BasicProcess* wanted, Effects& effects);
    [[PROCSPACE_SELDOM_PART]] inline void check_that_it_is_last() const;
    [[nodiscard, PROCSPACE_SELDOM]] inline BasicProcess* reaper_of_children(BasicProcess* wanted) const noexcept;
    [[nodiscard, PROCSPACE_SELDOM_PART]] inline bool may_adopt_from(const BasicProcess& dying) const noexcept;
    [[PROCSPACE_SELDOM_PART]] inline void hand_over_children(BasicProcess* wanted, Effects& effects,
                                                             Leftovers& leftovers) noexcept;
    [[gnu::always_inline]] inline void become_zombie(Effects& effects, Leftovers& leftovers) noexcept;
    [[PROCSPACE_SELDOM_PART]] inline void leave_terminal(Effects& effects) noexcept;
    [[PROCSPACE_SHARED]] void hang_up_orphaned(Group& group, Effects& effects) const noexcept;
    void reap(BasicRemains<Traits>& remains) noexcept;
    [[gnu::noinline]] void reap(Leftovers& leftovers) noexcept;
    void end_threads(const Thread* survivor, BasicRemains<Traits>& remains) noexcept;
    [[gnu::always_inline]] inline void set_parent(BasicProcess& parent, Thread* forker) noexcept;
    [[PROCSPACE_OFTEN]] inline void list_event() noexcept;
    [[nodiscard]] int death_signal() const noexcept;
    [[nodiscard]] Usage total_usage() const noexcept { return Usage(usage_) += children_usage_; }
    [[nodiscard]] int signal_for(ChildChange change) const noexcept;
    [[nodiscard]] bool ignores(const BasicProcess& child) const noexcept;
    [[nodiscard]] bool reaps_all() const noexcept { return is_init_ && this->topology_->closed_; } // close_tree()
    [[PROCSPACE_OFTEN]] inline void join(const std::shared_ptr<Group>& group) noexcept;
    [[PROCSPACE_OFTEN]] inline void leave_group(std::shared_ptr<Group>& emptied) noexcept;
    void change_group(const std::shared_ptr<Group>& group, std::shared_ptr<Group>& emptied) noexcept;
    [[PROCSPACE_OFTEN]] inline void count_ties(int change) noexcept;
    [[PROCSPACE_SELDOM]] inline void retie_children(Group& destination) noexcept;
    [[nodiscard, PROCSPACE_SELDOM_PART]] inline std::uint32_t children_in(const Group& group) const noexcept;
    [[nodiscard, PROCSPACE_OFTEN]] inline bool may_tie() const noexcept;
    [[nodiscard, PROCSPACE_PART]] inline bool has_tie() const noexcept;
    [[PROCSPACE_SELDOM]] Errno enter_own_group(ProcessState latest, std::shared_ptr<Group>& group,
                                               const std::shared_ptr<Session>* session);
    [[nodiscard]] static Errno permission_unless_memory(Errno refusal) noexcept {
        return refusal == Errno::ok || refusal == Errno::no_memory ? refusal : Errno::permission;
    }

    using Fields::listed_; // in the parent's events_. As most fields, it stands in the base
    using Fields::parent_, Fields::group_, Fields::anchor_, Fields::generation_, Fields::is_init_, Fields::exiting_,
        Fields::claimed_, Fields::parent_execed_, Fields::vforked_, Fields::change_pending_, Fields::change_,
        Fields::stop_signal_, Fields::exit_signal_, Fields::parent_death_signal_, Fields::child_policy_, Fields::state_,
        Fields::subreaper_, Fields::stopped_, Fields::ppid_, Fields::pgid_, Fields::sid_, Fields::kin_,
        Fields::tied_children_, Fields::forkers_, Fields::forker_, Fields::terminal_stamp_, Fields::family_;

    NumberIndex<BasicProcess, InEvents> events_; // of all children; guarded by tree lock, as all but the data
    std::uint64_t changes_ = 0;                  // of its children: the token of wait_poll()
    std::uint64_t execed_at_ = 0;                // the tree's births when it execed last
    ThreadGroup threads_;
    Usage usage_, children_usage_;
    Posted posted_;
    Data data_; // the user's to synchronise
};

} // namespace procspace
