#pragma once
// Waiting for children: one question, asked again whenever the answer can have changed. How a caller sleeps in between
// is its own affair: the answer "none yet" carries a token, and a wake-up effect follows each change of the token that
// can end the wait. As in Linux, nobody is woken for a child that was stopped before it was adopted, or that goes to
// another group.

#include "../fwd.hpp"
#include "builder.hpp"
#include "effects.hpp"
#include "leftovers.hpp"
#include "process.hpp"
#include "records.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace procspace {

/// Which children are meant.
class WaitSelector {
public:
    [[nodiscard]] static WaitSelector any() noexcept { return {Kind::any, 0}; }
    [[nodiscard]] static WaitSelector child(Pid pid) noexcept { return {Kind::child, pid}; }
    [[nodiscard]] static WaitSelector group(Pid pgid) noexcept { return {Kind::group, pgid}; }

private:
    template <class>
    friend class BasicWait;

    enum class Kind : unsigned char { any, child, group };
    WaitSelector(Kind kind, Pid number) noexcept : kind_(kind), number_(number) {}

    Kind kind_;
    Pid number_;
};

/// Children by their exit signal: those with another one than SIGCHLD are clone children.
enum class CloneChildren : unsigned char { none, only, all };

/// Which changes are waited for, of which kind of children.
struct WaitOptions {
    bool exited = true;
    bool stopped = false;
    bool continued = false;
    bool peek = false; ///< leaves what it finds for the next who asks (WNOWAIT)
    CloneChildren clones = CloneChildren::none;
    Pid thread = 0;            ///< who asks: its children come first, then those of the next threads; 0: the leader
    bool own_children = false; ///< only its own (__WNOTHREAD)
};

enum class WaitOutcome : unsigned char {
    event,   ///< `event` is it
    none,    ///< there are children who are meant, and nothing has happened to them; `token` is for sleeping
    no_child ///< there is no such child; a zombie is none for who does not wait for exits
};

/// The answer.
struct WaitAnswer {
    WaitOutcome outcome = WaitOutcome::no_child;
    ChildEvent event{};
    /// How often something had changed for the waiters of this process: as long as wait_token() says the same, the
    /// answer is the same, unless children changed their group, execed with another exit signal than SIGCHLD, or came
    /// from another thread. Who sleeps until they differ can't miss a wake-up that came before.
    std::uint64_t token = 0;
};

/// The exclusive right to reap a child that has exited: for who has to hand its status over first, which may fail.
/// commit() reaps it, rollback() and the destructor give it back to all waiters.
///
/// **Thread safety**: a value of one thread. Must not outlive its tree.
template <class Traits>
class BasicWaitClaim {
    using Topology = BasicTopology<Traits>;
    using Process = BasicProcess<Traits>;

public:
    BasicWaitClaim() noexcept = default;
    BasicWaitClaim(BasicWaitClaim&&) noexcept = default;
    BasicWaitClaim& operator=(BasicWaitClaim&& other) noexcept {
        child_.swap(other.child_); // what was here is given back there
        std::swap(parent_, other.parent_);
        return *this;
    }
    ~BasicWaitClaim() { static_cast<void>(rollback()); }

    explicit operator bool() const noexcept { return child_ != nullptr; }
    [[nodiscard]] const std::shared_ptr<Process>& child() const noexcept { return child_; }

    /// Reaps the child: its used time counts as its parent's. Returns the wake-up of those who sleep: there may be no
    /// child left for them. **Pre**: not empty.
    BasicEffects<Traits> commit();
    /// Gives the child back, for the next waiter. Returns the wake-up of those who sleep.
    BasicEffects<Traits> rollback();

private:
    template <class>
    friend class BasicWait;

    std::shared_ptr<Process> child_;
    ProcessId parent_; // for whom it was claimed
};

/// One question about the children of a process. What the functions below are made of.
template <class Traits>
class BasicWait {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Process = BasicProcess<Traits>;
    using Lineage = BasicLineage<Traits>;
    using Claim = BasicWaitClaim<Traits>;

public:
    BasicWait(Process& parent, WaitSelector selector, WaitOptions options) noexcept
        : parent_(parent), selector_(selector), options_(options) {}

    /// What has exited is reaped.
    [[nodiscard]] WaitAnswer poll() {
        WaitAnswer answer;
        BasicLeftovers<Traits> leftovers;
        Guard guard(parent_.topology_->lock());
        if (Process* const exited = ask(answer))
            reap(*exited, leftovers);
        return answer;
    }
    /// What has exited is claimed.
    [[nodiscard]] WaitAnswer poll(Claim& claim) {
        WaitAnswer answer;
        Guard guard(parent_.topology_->lock());
        if (Process* const exited = ask(answer)) {
            exited->claimed_ = true;
            claim.child_ = exited->self_handle();
            claim.parent_ = parent_.id();
        }
        return answer;
    }

    [[nodiscard]] static std::uint64_t token(const Process& parent) {
        Guard guard(parent.topology_->lock());
        return parent.changes_;
    }

    [[nodiscard]] static BasicEffects<Traits> commit(Process& child) {
        BasicLeftovers<Traits> leftovers;
        BasicEffects<Traits> effects(*child.topology_);
        Guard guard(child.topology_->lock());
        effects.wake(child.parent_->id()); // who asked while it was claimed was told to wait for it
        child.claimed_ = false;
        reap(child, leftovers);
        return effects;
    }

    [[nodiscard]] static BasicEffects<Traits> rollback(Process& child, ProcessId claimer) {
        BasicLeftovers<Traits> leftovers;
        BasicEffects<Traits> effects(*child.topology_);
        Guard guard(child.topology_->lock());
        Process& parent = *child.parent_;
        child.claimed_ = false;
        ++parent.changes_;
        // Who has adopted it meanwhile was not told that there is a zombie: it was not for it to reap. Nor was it for
        // an init that has closed its tree meanwhile.
        const bool adopted = parent.id() != claimer;
        effects.notify(parent.id(), adopted ? child.signal_for(ChildChange::exited) : Signal::none, ChildChange::exited,
                       child.pid(), child.exit_code(), child.usage_);
        if (adopted ? parent.ignores(child) : parent.reaps_all())
            child.reap(leftovers);
        return effects;
    }

private:
    // Under the tree lock.

    /// Consumes what is found, but for an exit: returns the child, which the caller has to take.
    [[nodiscard, PROCSPACE_SHARED]] Process* ask(WaitAnswer& answer) noexcept {
        answer.token = parent_.changes_;
        Process* const child = choose(answer.outcome);
        if (child == nullptr)
            return nullptr;
        describe(*child, answer.event);
        if (options_.peek)
            return nullptr;
        if (answer.event.change == ChildChange::exited)
            return child;
        child->change_pending_ = false;
        unlist(*child);
        return nullptr;
    }

    [[nodiscard]] bool meant(const Process& child) const noexcept {
        if (options_.clones != CloneChildren::all &&
            (child.exit_signal_ != Signal::chld) != (options_.clones == CloneChildren::only))
            return false;
        if (options_.own_children && Lineage::forker_of(child) != caller_)
            return false;
        return selector_.kind_ != WaitSelector::Kind::group || child.pgid() == selector_.number_;
    }
    /// The same, and something is to be expected: of a zombie nothing is but its exit.
    [[nodiscard]] bool awaited(const Process& child) const noexcept {
        return meant(child) && (options_.exited || child.state() != ProcessState::zombie);
    }
    /// Returns how far the thread of this child is behind the one that asks: 0 for its own children.
    [[nodiscard]] Pid distance(const Process& child) const noexcept {
        return caller_ != nullptr ? Lineage::forker_of(child)->tid() - caller_->tid() : 0;
    }
    /// Returns true if the child has something that is waited for.
    [[nodiscard]] bool has_event(const Process& child) const noexcept {
        if (child.state() == ProcessState::zombie)
            return options_.exited && !child.claimed_;
        return child.change_pending_ && (child.change_ == ChildChange::stopped ? options_.stopped : options_.continued);
    }
    /// Says what that is.
    [[PROCSPACE_PART]] static void describe(const Process& child, ChildEvent& event) noexcept {
        event.pid = child.pid();
        event.usage = child.total_usage();
        if (child.state() == ProcessState::zombie) {
            event.change = ChildChange::exited;
            event.status = child.exit_code();
        } else {
            event.change = child.change_;
            event.status = child.change_ == ChildChange::stopped ? child.stop_signal_ : Signal::cont;
        }
    }

    /// Returns the child that is the answer, or null. Says in any case which answer that is.
    [[nodiscard, PROCSPACE_PART]] Process* choose(WaitOutcome& outcome) noexcept {
        caller_ = Lineage::thread_or_lead(parent_, options_.thread);
        Process* chosen = nullptr;
        bool any = false;
        if (selector_.kind_ == WaitSelector::Kind::child) {
            auto* const child = parent_.topology_->template find<Process>(selector_.number_, NumberRole::pid);
            any = child != nullptr && child->parent_ == &parent_ && awaited(*child);
            if (any && has_event(*child))
                chosen = child;
        } else {
            chosen = nearest();
            any = chosen != nullptr || Lineage::has_child(parent_, options_.own_children ? caller_ : nullptr,
                                                          [&](const Process& child) { return awaited(child); });
        }
        outcome = chosen != nullptr ? WaitOutcome::event : any ? WaitOutcome::none : WaitOutcome::no_child;
        return chosen;
    }

    /// The eldest child with an event of the nearest thread, in the circle of threads that begins with the caller.
    [[nodiscard, PROCSPACE_PART]] Process* nearest() const noexcept {
        Process* nearest = nullptr;
        std::uint64_t its_distance = UINT64_MAX; // further than any
        for (Process* child = parent_.events_.first(); child != nullptr && its_distance != 0;
             child = parent_.events_.next(*child)) {
            if (!meant(*child) || !has_event(*child))
                continue;
            if (const Pid further = distance(*child); further < its_distance) {
                nearest = child;
                its_distance = further;
            }
        }
        return nearest;
    }

    /// Its time becomes its parent's. Of who is reaped without a wait the time is lost. **Source**: times(2), NOTES;
    /// POSIX.1-2017, times.
    static void reap(Process& child, BasicLeftovers<Traits>& leftovers) noexcept {
        child.parent_->children_usage_ += child.total_usage();
        child.reap(leftovers);
    }

    static void unlist(Process& child) noexcept {
        child.listed_ = false;
        child.parent_->events_.unlink(child);
    }

    Process& parent_;
    WaitSelector selector_;
    WaitOptions options_;
    const BasicThread<Traits>* caller_ = nullptr; // the thread that asks; null when the parent has none
};

/// Asks what has happened to the children of `parent`, the eldest first. What is found is consumed: an exited child is
/// reaped, a stop or continuation is not told again.
/// **Complexity**: constant for a child by its number; else linear in the children to whom something has happened, and
/// for "none yet" and no_child in the children that are not meant, and in the threads where others than the leader have
/// children. No allocation. Takes the tree lock.
/// **Source**: wait(2), waitid(2).
template <class Traits>
[[nodiscard]] WaitAnswer wait_poll(BasicProcess<Traits>& parent, WaitSelector selector, WaitOptions options = {}) {
    return BasicWait<Traits>(parent, selector, options).poll();
}

/// The same, but an exited child is claimed instead of reaped: `claim` is then not empty.
template <class Traits>
[[nodiscard]] WaitAnswer wait_claim(BasicProcess<Traits>& parent, WaitSelector selector, WaitOptions options,
                                    BasicWaitClaim<Traits>& claim) {
    static_cast<void>(claim.rollback()); // what it held, if anything
    return BasicWait<Traits>(parent, selector, options).poll(claim);
}

/// Returns the token that a wait_poll() would give now.
template <class Traits>
[[nodiscard]] std::uint64_t wait_token(const BasicProcess<Traits>& parent) {
    return BasicWait<Traits>::token(parent);
}

template <class Traits>
BasicEffects<Traits> BasicWaitClaim<Traits>::commit() {
    auto effects = BasicWait<Traits>::commit(*child_);
    child_ = nullptr;
    return effects;
}

template <class Traits>
BasicEffects<Traits> BasicWaitClaim<Traits>::rollback() {
    if (child_ == nullptr)
        return {};
    auto effects = BasicWait<Traits>::rollback(*child_, parent_);
    child_ = nullptr;
    return effects;
}

} // namespace procspace
