#pragma once
// Topology: what all objects of one tree have in common: the lock that guards every relation between them, and the
// table that says what each number stands for.
//
// The lock order of the library is this one lock. Nothing else is taken while it is held, and nothing of the user's
// runs under it: no allocation, deallocation, constructor, destructor or callback. So every operation has three parts:
//   1. ask for all memory and build all objects;
//   2. lock, check, link and unlink: no step of it can fail half-way;
//   3. unlock; what was unlinked dies now. In code: leftovers are declared before the guard, so they outlive it.

#include "../fwd.hpp"
#include "../core/lock.hpp"
#include "../core/panic.hpp"
#include "../core/result.hpp"
#include "../core/traits.hpp"
#include "handle_list.hpp"
#include "hosted.hpp"
#include "index.hpp"
#include "numbers.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace procspace {

/// How many of each there are in a tree.
struct TreeCounts {
    std::size_t processes = 0; ///< living and zombies
    std::size_t threads = 0;   ///< living
    std::size_t groups = 0;    ///< with members or held by a handle
    std::size_t sessions = 0;
};

/// The highest number that a tree of these traits can give; 2^22 as in Linux unless they say otherwise.
template <class Traits>
inline constexpr Pid max_number = [] {
    if constexpr (requires { Traits::max_number; })
        return Traits::max_number;
    else
        return Pid{1} << 22;
}();

/// The shared part of a tree. Every object made by a tree refers to its topology, which outlives it.
///
/// The hooks in the table are never dangling: an object that is in there takes itself out, under the lock, at the
/// latest in its destructor.
template <class Traits>
class BasicTopology {
    static_assert(ValidTraits<Traits>, "procspace: these traits miss a policy or have one of the wrong form");
    static_assert(max_number<Traits> > 0 && max_number<Traits> < Pid{1} << 30, "procspace: max_number is below 2^30");
    static_assert(shared_ptr_is_atomic || is_single_processor<Traits>,
                  "procspace: this standard library does not count the owners of a shared_ptr atomically: compile with "
                  "-D__GTHREADS=1 and a sys/single_threaded.h (examples/kernel/README.md), or say single_processor in "
                  "the traits");

public:
    using Memory = typename Traits::Memory;
    using Guard = LockGuard<typename Traits::Lock>;
    using Numbers = NumberTable<Memory, max_number<Traits>>;
    using Blocks = typename Numbers::Blocks;
    template <class T>
    using Handles = HandleList<T, Memory>;
    template <class Objects>
    using ObjectOf = std::remove_pointer_t<decltype(std::declval<const Objects&>().first())>;

    explicit BasicTopology(Pid highest) noexcept : highest_(highest) {}
    BasicTopology(const BasicTopology&) = delete;
    BasicTopology& operator=(const BasicTopology&) = delete;

    /// Takes the lock for a scope.
    [[nodiscard]] auto& lock() const noexcept { return lock_; }

    // Under the lock:

    /// Returns the T that has this number in its role, or null.
    template <class T>
    [[nodiscard]] T* find(Pid number, NumberRole role) const noexcept {
        NumberHook* const hook = numbers_.find(number, role);
        return hook != nullptr ? static_cast<T*>(hook) : nullptr;
    }

    /// Gives a hook a free number: `wanted`, or with 0 the next one, cyclically. **Errors**: exists; invalid (beyond
    /// the highest); again (no number is free); no_memory (the table lacks blocks: fill them after unlock, and try
    /// again).
    [[nodiscard, PROCSPACE_OFTEN]] Errno reserve(NumberHook& hook, Pid wanted, Blocks& blocks) noexcept {
        if (PROCSPACE_SMALL && wanted == 0)
            return reserve_next(hook, blocks);
        const Pid number = wanted != 0 ? wanted : last_given_ + 1; // most often free: no search
        const Errno refusal = reserve_this(hook, number, blocks);
        if (wanted != 0)
            return refusal;
        if (refusal == Errno::ok) [[likely]]
            last_given_ = number;
        else if (refusal != Errno::no_memory) // it is in use, or beyond the highest
            return reserve_next(hook, blocks);
        return refusal;
    }

    /// Adds a role to a number in use. **Pre**: nothing has it in this role.
    [[PROCSPACE_SHARED]] void add_role(NumberHook& hook, Pid number) noexcept {
        hook.number = number;
        Blocks none;
        static_cast<void>(numbers_.enter(hook, none, false)); // the number's leaf is there
    }

    /// Takes a role from a number, which is free when that was the last. What the table has no use for any more goes to
    /// `emptied`; with init alone in the tree it keeps nothing in reserve.
    [[gnu::noinline]] void release(NumberHook& hook, Blocks& emptied) noexcept {
        numbers_.leave(hook, emptied, counts_.processes > 1);
    }

    // Without the lock:

    // Objects: a NumberIndex, or what has its first() and next().

    /// Returns owners of all, in their order: out of memory is std::bad_alloc, as of any std::vector.
    template <class Objects>
    [[nodiscard]] auto snapshot(const Objects& objects) const {
        std::vector<std::shared_ptr<ObjectOf<Objects>>> handles;
        while (const std::size_t needed = copy_handles(objects, handles))
            handles.reserve(needed);
        return handles;
    }

    /// The same with out of memory as a value, and memory of the policy.
    template <class Objects>
    [[nodiscard]] auto try_snapshot(const Objects& objects) const -> Result<Handles<ObjectOf<Objects>>> {
        Handles<ObjectOf<Objects>> handles;
        while (const std::size_t needed = copy_handles(objects, handles))
            if (!handles.reserve(needed))
                return Errno::no_memory;
        return handles;
    }

    /// Calls `f(record)` for what is in `index`, ascending, without the lock: records are copied in batches of 32, and
    /// the next batch begins after the last number seen. What comes or goes meanwhile may or may not be seen.
    template <class Record, class T, class Role, class MakeRecord, class F>
    void visit(const NumberIndex<T, Role>& index, MakeRecord make_record, F& f) const {
        constexpr std::size_t batch = 32;
        Record records[batch];
        Pid last = 0; // no number is 0
        for (std::size_t count = batch; count == batch;) {
            count = 0;
            {
                Guard guard(lock_);
                for (T* object = index.after(last); object != nullptr && count < batch; object = index.next(*object)) {
                    last = static_cast<Pid>(index.key_of(*object));
                    records[count++] = make_record(*object);
                }
            }
            for (std::size_t i = 0; i < count; ++i)
                f(static_cast<const Record&>(records[i]));
        }
    }

private:
    /// Copies owners of all to an empty list: 0. Copies nothing if they do not fit: the room to make, outside the lock,
    /// before it is tried again.
    template <class Objects, class List>
    [[nodiscard]] std::size_t copy_handles(const Objects& objects, List& handles) const {
        Guard guard(lock_);
        if (const std::size_t needed = count(objects); needed > handles.capacity())
            return needed + needed / 8; // there may be more before the next look
        for (auto* object = objects.first(); object != nullptr; object = objects.next(*object))
            if (auto handle = object->self_handle())
                handles.push_back(std::move(handle));
        return 0;
    }
    template <class Objects>
    [[nodiscard]] static std::size_t count(const Objects& objects) noexcept {
        if constexpr (requires { objects.size(); })
            return objects.size();
        std::size_t n = 0;
        for (auto* object = objects.first(); object != nullptr; object = objects.next(*object))
            ++n;
        return n;
    }

    friend BasicProcess<Traits>;
    friend BasicProcessTree<Traits>;
    friend BasicProcessBuilder<Traits>;
    friend BasicPreparedProcess<Traits>;
    friend BasicPreparedThread<Traits>;
    friend BasicThread<Traits>;
    friend BasicProcessGroup<Traits>;
    friend BasicSession<Traits>;
    friend CountedInTree<Traits>;
    friend BasicEffects<Traits>;
    friend TreeInvariants<Traits>;
    friend BasicLineage<Traits>;
    friend BasicChildCursor<Traits>;
    friend BasicJobControl<Traits>;
    friend BasicTerminal<Traits>;

    [[nodiscard, PROCSPACE_OFTEN]] Errno reserve_this(NumberHook& hook, Pid wanted, Blocks& blocks) noexcept {
        if (wanted > highest_)
            return Errno::invalid;
        hook.number = wanted;
        return numbers_.enter(hook, blocks, true);
    }
    /// By a search.
    [[nodiscard, PROCSPACE_OUTER_PART]] Errno reserve_next(NumberHook& hook, Blocks& blocks) noexcept {
        const Pid number = next_free();
        if (number == 0)
            return Errno::again;
        const Errno refusal = reserve(hook, number, blocks);
        if (refusal == Errno::ok)
            last_given_ = number;
        return refusal;
    }

    /// As Linux: from the last one given upwards, then again from 300, below which the first processes of a system are,
    /// if it was beyond.
    [[nodiscard, PROCSPACE_PART]] Pid next_free() const noexcept {
        constexpr Pid reserved = 300;
        const Pid number = numbers_.first_free(last_given_ + 1, highest_);
        return number != 0 ? number : numbers_.first_free(last_given_ > reserved ? reserved : 1, last_given_);
    }

    // Alone on its cache line: waiters ask for it while the holder works on the rest.
    alignas(64) mutable typename Traits::Lock lock_{};
    // One cache line for what each life of a process or thread writes or asks: another processor that does the same
    // fetches one. Within 128 bytes, which shorter instructions reach. Guarded by lock_, as all below but the last.
    alignas(64) std::uint64_t generations_ = 0;   // see ProcessId
    std::uint64_t births_ = 0;                    // of children, in the order of their parents: see BasicLineage
    BasicChildCursor<Traits>* cursors_ = nullptr; // of those who look at children, in the middle
    Pid highest_;                                 // immutable
    Pid last_given_ = 0;                          // by reserve()
    std::uint32_t terminals_ = 0;                 // acquired, ever: the stamps of sessions
    bool closed_ = false;                         // see Process::close_tree
    bool nested_ = false;                         // see InitOptions
    std::size_t published_ = 0;                   // objects, ever; see CountedInTree
    TreeCounts counts_;                           // its processes and threads end the line
    BasicProcess<Traits>* init_ = nullptr;        // set once
    std::size_t subreapers_ = 0;                  // living processes that are marked
    Numbers numbers_;
    typename Traits::template Atomic<std::size_t> destroyed_{0};
};

/// Base of the objects that a tree makes: counts them, so that a tree can tell whether it is outlived. Not of threads:
/// each holds its process.
template <class Traits>
class CountedInTree : public NumberHook {
protected:
    CountedInTree(BasicTopology<Traits>& topology, NumberRole its_role) noexcept
        : NumberHook(its_role), topology_(&topology) {}
    [[PROCSPACE_SHARED]] ~CountedInTree() {
        // release: pairs with the tree's destructor: the object is gone for good when the count says so.
        if (published_)
            topology_->destroyed_.fetch_add(1, std::memory_order_release);
    }
    CountedInTree(const CountedInTree&) = delete;
    CountedInTree& operator=(const CountedInTree&) = delete;

    /// Under the lock, when others can see the object from now on.
    void count() noexcept {
        published_ = true;
        ++topology_->published_;
    }
    /// Constant when there are handles: the last owner may ask without the lock.
    [[nodiscard]] bool published() const noexcept { return published_; }

private:
    friend BasicEffects<Traits>; // lists them

    bool published_ = false; // the three stand where the hook leaves room

protected:
    bool listed_ = false;             // by whoever lists objects of its kind; guarded by tree lock, as the next
    bool in_posts_ = false;           // of an Effects
    BasicTopology<Traits>* topology_; // immutable; outlives the object
};

/// Shows that a constructor is called by the library: objects of a tree are made by builders only.
class BuilderKey {
    template <class>
    friend class BasicProcess;
    template <class>
    friend class BasicProcessBuilder;
    template <class>
    friend class BasicThreadBuilder;
    template <class>
    friend class BasicPreparedGroup;
    template <class>
    friend class BasicPreparedSession;
    template <class>
    friend class BasicJobControl;
    template <class>
    friend class BasicPreparedThread;
    explicit BuilderKey() = default;
};

} // namespace procspace
