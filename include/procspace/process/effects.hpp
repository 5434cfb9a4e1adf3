#pragma once
// Effects: what an operation on the tree causes outside of it: signals to send, waiters to wake, threads to kill. It
// leaves the critical section as a value and is delivered when the lock is free, once and in order.
//
// The value has a fixed size and needs no memory, although recipients are not bounded in number:
//   - processes and groups that are to be told are linked through hooks of their own. One that is in another list
//     already gets the signal from there: as with pending signals, two of one number not delivered yet are one;
//   - members of a group and threads of a process are visited by a cursor, as they are when effects are delivered. A
//     member that forks meanwhile is followed by its child, and a process whose group exit has begun gets no threads.

#include "../fwd.hpp"
#include "process_group.hpp"
#include "records.hpp"
#include "terminal_link.hpp"
#include "topology.hpp"

#include <bit>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

namespace procspace {

/// What is to be done, in the order in which one operation delivers it.
enum class EffectKind : unsigned char {
    vfork_done,  ///< `process` has execed, or it or its leader exited: who made it, and sleeps in vfork, goes on
    signal,      ///< `process` gets `signal`
    kill_thread, ///< thread `tid` of `process` is to end
    wake,        ///< whoever waits for children of `process`, or as `process` for its threads, asks again
    exited       ///< `process` has become a zombie or was reaped: its pidfds are readable
};

/// One thing to be done.
template <class Traits>
struct BasicEffect {
    EffectKind kind;
    const std::shared_ptr<BasicProcess<Traits>>& process; ///< null if it was reaped meanwhile; `id` names it then
    ProcessId id{};
    int signal = Signal::none;
    Pid tid = 0;
    ChildEvent child{}; ///< with a signal that tells of a child
};

/// Traits that listen: `template <class E> static void effect(const E&)` gets what was not delivered by hand.
template <class Traits>
concept EffectSink = requires(const BasicEffect<Traits>& effect) { Traits::effect(effect); };

/// What one operation has caused. Delivered by deliver(), else by the destructor to `Traits::effect`, so that no caller
/// can lose it by forgetting. Traits without that function say that nobody listens.
///
/// **Thread safety**: a value of one thread. Both deliver() and the destructor take the tree lock, for a moment for
/// each effect, and not at all when there is none.
template <class Traits>
class BasicEffects {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Process = BasicProcess<Traits>;
    using Group = BasicProcessGroup<Traits>;
    using Effect = BasicEffect<Traits>;

public:
    BasicEffects() noexcept = default;
    BasicEffects(BasicEffects&& other) noexcept
        : reaper(std::move(other.reaper)), topology_(other.topology_), pending_(std::exchange(other.pending_, false)),
          change_(other.change_), posts_(std::move(other.posts_)), last_post_(other.last_post_), told_(other.told_) {}
    BasicEffects& operator=(BasicEffects&&) = delete; // what was to be overwritten would have to be delivered first
    ~BasicEffects() {
        if (!pending_)
            return;
        if constexpr (EffectSink<Traits>)
            deliver_all([](const Effect& effect) { Traits::effect(effect); });
        else if (posts_ != nullptr)
            unlink();
    }

    /// The process that got children which had exited before, if any: it must be told of them as their former parent
    /// was, or they stay zombies for ever. deliver() tells it.
    std::shared_ptr<Process> reaper;

    /// Returns true when there is nothing to deliver.
    [[nodiscard]] bool empty() const noexcept { return !pending_; }

    /// Calls `f(const BasicEffect<Traits>&)` for each effect, in order and without a lock; none is delivered again.
    /// What `f` throws first passes through, when all others are delivered.
    template <class F>
    void deliver(F&& f) {
        if constexpr (has_exceptions) {
            std::exception_ptr thrown;
            deliver_all([&](const Effect& effect) {
                PROCSPACE_TRY {
                    f(effect);
                }
                PROCSPACE_CATCH(...) {
                    std::exception_ptr its = std::current_exception();
                    if (its == nullptr) // of another language, or the thread is cancelled: it has to go on at once
                        PROCSPACE_RETHROW();
                    if (thrown == nullptr)
                        thrown = std::move(its);
                }
            });
            if (thrown != nullptr)
                std::rethrow_exception(std::move(thrown));
        } else {
            deliver_all(f);
        }
    }

private:
    template <class F>
    void deliver_all(F&& f) {
        if (const ProcessId id = take(vforked); id.generation != 0)
            to_one(f, EffectKind::vfork_done, id);
        deliver_posts(f);
        if (const ProcessId id = take(killed); id.generation != 0)
            deliver_kills(f, id);
        if (const ProcessId id = take(parent); id.generation != 0) {
            if (told_.signal != Signal::none)
                to_one(f, EffectKind::signal, id, told_.signal, {change_, told_.child, told_.status, told_.usage});
            to_one(f, EffectKind::wake, id);
        }
        if (const ProcessId id = take(exited); id.generation != 0)
            to_one(f, EffectKind::exited, id);
        pending_ = false;
    }

    friend BasicProcess<Traits>;
    friend BasicThread<Traits>;
    friend BasicExec<Traits>;
    friend BasicWait<Traits>;
    friend BasicTerminal<Traits>;
    friend BasicLineage<Traits>;

    /// Who is told one thing each.
    enum Whom : unsigned char { vforked, killed, parent, exited };
    /// What they are told. So arranged that it is empty by five stores: each exit makes one, just before a lock.
    struct Told {
        std::uint64_t generations[4]; // with the next the ids; 0 for nobody
        Pid pids[4];
        Pid spared; // of killed
        Pid child;  // of parent, as all below
        int status;
        int signal;
        Usage usage;
    };

    [[PROCSPACE_SHARED]] explicit BasicEffects(Topology& topology) noexcept : topology_(&topology) {}

    // --- to add; under the tree lock ------------------------------------------------------------------------------

    void end_vfork(ProcessId id) noexcept { set(vforked, id); }
    /// The child's change goes to this parent: `signal`, unless none, and a wake-up.
    void notify(ProcessId id, int signal, ChildChange change, Pid child, int status, const Usage& usage) noexcept {
        set(parent, id);
        change_ = change;
        told_.signal = signal;
        told_.child = child;
        told_.status = status;
        told_.usage = usage;
    }
    void wake(ProcessId id) noexcept { set(parent, id); }
    void announce_exit(ProcessId id) noexcept { set(exited, id); }
    /// All threads but `spared`.
    void kill_threads(ProcessId id, Pid spared) noexcept {
        set(killed, id);
        told_.spared = spared;
    }

    /// With no signal, only that it asks again.
    [[PROCSPACE_SHARED]] void post(Process& target, int signal) noexcept { list(target, bit(signal)); }
    /// To all members. **Pre**: there are members.
    void post(Group& group, int signal) noexcept { list(group, bit(signal)); }
    /// SIGHUP and SIGCONT to all members.
    [[PROCSPACE_SHARED]] void hang_up(Group& group) noexcept { list(group, bit(Signal::hup) | bit(Signal::cont)); }
    /// To the group that a terminal has in the foreground, if it is still there; so the next.
    void post(const Foreground& foreground, int signal) noexcept {
        if (Group* const group = find(foreground))
            post(*group, signal);
    }
    void hang_up(const Foreground& foreground) noexcept {
        if (Group* const group = find(foreground))
            hang_up(*group);
    }

    [[nodiscard, PROCSPACE_SELDOM]] Group* find(const Foreground& foreground) const noexcept {
        auto* const group = topology_->template find<Group>(foreground.pgid, NumberRole::pgid);
        return group != nullptr && group->origin_ <= foreground.stamp && group->anchor_ != nullptr ? group : nullptr;
    }
    [[nodiscard]] static constexpr std::uint64_t bit(int signal) noexcept {
        return std::uint64_t{signal != Signal::none} << ((signal - 1) & 63);
    }
    // Most sections post to nobody.
    template <class Recipient>
    [[PROCSPACE_SELDOM]] void list(Recipient& recipient, std::uint64_t signals) noexcept {
        pending_ = true;
        recipient.posted_.signals |= signals;
        if (std::exchange(recipient.in_posts_, true))
            return;
        std::shared_ptr<NumberHook> link(recipient.anchor_, &recipient);
        (posts_ != nullptr ? last_post_->next : posts_).swap(link); // with an empty one
        last_post_ = &recipient.posted_;
    }

    void set(Whom whom, ProcessId id) noexcept {
        told_.generations[whom] = id.generation;
        told_.pids[whom] = id.pid;
        pending_ = true;
    }
    [[nodiscard]] ProcessId take(Whom whom) noexcept {
        return {told_.pids[whom], std::exchange(told_.generations[whom], 0)};
    }

    /// Takes everybody out of the list, so that they can be told of other things.
    [[PROCSPACE_SELDOM_PART]] void unlink() noexcept {
        while (posts_ != nullptr)
            static_cast<void>(next_post());
    }

    // --- to deliver; without the lock -------------------------------------------------------------------------------

    template <class F>
    void to_one(F& f, EffectKind kind, ProcessId id, int signal = Signal::none, const ChildEvent& child = {}) {
        std::shared_ptr<Process> process;
        {
            Guard guard(topology_->lock());
            if (Process* const found = Process::find(*topology_, id))
                process = found->self_handle();
        }
        f(Effect{kind, process, id, signal, 0, child});
    }

    struct Post {
        std::shared_ptr<NumberHook> to;
        std::uint64_t signals;

        [[nodiscard]] bool to_group() const noexcept { return to->role == NumberRole::pgid; }
        template <class Recipient>
        [[nodiscard]] std::shared_ptr<Recipient> recipient() && noexcept {
            auto* const recipient = static_cast<Recipient*>(to.get());
            return {std::move(to), recipient};
        }
    };
    /// Takes the first out of the list, which is not empty.
    [[nodiscard, PROCSPACE_SELDOM_PART]] Post next_post() noexcept {
        Guard guard(topology_->lock());
        Post post{std::move(posts_), 0};
        auto& counted = static_cast<CountedInTree<Traits>&>(*post.to);
        Posted& its = post.to_group() ? static_cast<Group&>(counted).posted_ : static_cast<Process&>(counted).posted_;
        posts_.swap(its.next);
        post.signals = std::exchange(its.signals, 0);
        counted.in_posts_ = false;
        return post;
    }

    template <class F>
    void deliver_posts(F& f) {
        while (posts_ != nullptr) {
            Post post = next_post();
            if (post.to_group())
                to_group(f, std::move(post));
            else
                to_process(f, std::move(post));
        }
    }

    template <class F>
    void to_process(F& f, Post&& post) {
        const std::shared_ptr<Process> process = std::move(post).template recipient<Process>();
        const ProcessId id = process->id();
        for (; post.signals != 0; post.signals &= post.signals - 1)
            f(Effect{EffectKind::signal, process, id, std::countr_zero(post.signals) + 1});
        f(Effect{EffectKind::wake, process, id});
    }

    template <class F>
    void to_group(F& f, Post&& post) {
        const std::shared_ptr<Group> group = std::move(post).template recipient<Group>();
        for (; post.signals != 0; post.signals &= post.signals - 1)
            group->broadcast([&](const std::shared_ptr<Process>& member) {
                f(Effect{EffectKind::signal, member, member->id(), std::countr_zero(post.signals) + 1});
            });
    }

    template <class F>
    void deliver_kills(F& f, ProcessId id) {
        constexpr std::size_t batch = 32;
        Pid tids[batch];
        Pid last = 0;
        for (std::size_t count = batch; count == batch;) {
            std::shared_ptr<Process> process;
            count = 0;
            {
                Guard guard(topology_->lock());
                Process* const found = Process::find(*topology_, id);
                if (found == nullptr)
                    return;
                process = found->self_handle();
                const auto& threads = found->threads_.threads_;
                for (auto* thread = threads.after(last); thread != nullptr && count < batch;
                     thread = threads.next(*thread))
                    tids[count++] = last = thread->tid();
            }
            for (std::size_t i = 0; i < count; ++i)
                if (tids[i] != told_.spared)
                    f(Effect{EffectKind::kill_thread, process, id, Signal::kill, tids[i]});
        }
    }

    Topology* topology_ = nullptr;
    bool pending_ = false;
    ChildChange change_{};              // that parent is told of
    std::shared_ptr<NumberHook> posts_; // processes and groups, linked by their own Posted
    Posted* last_post_ = nullptr;
    Told told_{};
};

} // namespace procspace
