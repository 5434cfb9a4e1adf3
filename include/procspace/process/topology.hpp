#pragma once
// Topology: what all objects of one tree have in common: the lock that guards every relation between them, and the
// table that says what each number stands for.
//
// The lock order of the library is this one lock. Nothing else is taken while it is held, and nothing of the user's
// runs under it: no allocation, deallocation, constructor, destructor or callback. So every operation has three parts:
//   1. ask for all memory and build all objects and nodes;
//   2. lock, check, link and unlink: no step of it can fail half-way;
//   3. unlock; what was unlinked dies now. In code: leftovers are declared before the guard, so they outlive it.

#include "../fwd.hpp"
#include "../core/any_data.hpp"
#include "../core/lock.hpp"
#include "../core/panic.hpp"
#include "../core/result.hpp"
#include "../core/traits.hpp"
#include "maps.hpp"

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace procspace {

/// What a process is in its life.
enum class ProcessState : unsigned char {
    living, ///< in the tree, may fork
    zombie, ///< has exited, is still in its parent's children
    reaped  ///< in no table; only handles keep it
};

/// A plain record of a process at one moment.
struct ProcessInfo {
    Pid pid;
    Pid ppid;
    Pid pgid;
    Pid sid;
    ProcessState state;
};

/// The roles of one number. It stays reserved while any of them is in use.
template <class Traits>
struct NumberRoles {
    BasicProcess<Traits>* process = nullptr;
    BasicThread<Traits>* thread = nullptr;
    BasicProcessGroup<Traits>* group = nullptr;
    BasicSession<Traits>* session = nullptr;

    [[nodiscard]] bool unused() const noexcept { return !process && !thread && !group && !session; }
};

/// The shared part of a tree. Every object made by a tree refers to its topology, which outlives it.
///
/// The pointers in the table are never dangling: an object that is named there takes itself out, under the lock, at the
/// latest in its destructor.
template <class Traits>
class BasicTopology {
    static_assert(ValidTraits<Traits>, "procspace: these traits miss a policy or have one of the wrong form");

public:
    using Memory = typename Traits::Memory;
    using Guard = LockGuard<typename Traits::Lock>;
    using Numbers = NodeMap<Pid, NumberRoles<Traits>, Memory>;
    using NumberNode = typename Numbers::Node;

    BasicTopology() = default;
    BasicTopology(const BasicTopology&) = delete;
    BasicTopology& operator=(const BasicTopology&) = delete;

    /// Takes the lock for a scope.
    [[nodiscard]] auto& lock() const noexcept { return lock_; }

    // Under the lock:

    /// Returns what `number` stands for, or null if it is free.
    [[nodiscard]] NumberRoles<Traits>* roles(Pid number) noexcept {
        const auto place = numbers_.find(number);
        return place != numbers_.end() ? &place->second : nullptr;
    }

    /// Reserves a free number.
    NumberRoles<Traits>& reserve(NumberNode&& node) noexcept { return numbers_.link(std::move(node))->second; }

    /// Gives a number back if no role uses it any more; the node it had dies with the returned handle, after unlock.
    [[nodiscard]] NumberNode release(Pid number) noexcept {
        const auto place = numbers_.find(number);
        return place != numbers_.end() && place->second.unused() ? numbers_.unlink(place) : NumberNode{};
    }

    // Without the lock:

    /// Returns owners of what `map` names, ascending. The vector grows outside the lock, and the copy is tried again.
    /// It is a std::vector as any other: out of memory is std::bad_alloc, and whoever cannot have that uses visit().
    template <class Map>
    [[nodiscard]] auto snapshot(const Map& map) const {
        using Handle = decltype(strong(map.begin()->second));
        std::vector<Handle> handles;
        for (;;) {
            std::size_t needed = 0;
            {
                Guard guard(lock_);
                needed = map.size();
                if (needed <= handles.capacity()) {
                    for (const auto& entry : map)
                        if (Handle handle = strong(entry.second))
                            handles.push_back(std::move(handle));
                    return handles;
                }
            }
            handles.reserve(needed + needed / 8); // the map may grow before the next look
        }
    }

    /// Calls `f(record)` for the entries of `map`, ascending, without the lock: records are copied in batches of 32,
    /// and the next batch begins after the last key seen. Entries that come or go meanwhile may or may not be seen.
    template <class Record, class Map, class MakeRecord, class F>
    void visit(const Map& map, MakeRecord make_record, F& f) const {
        constexpr std::size_t batch = 32;
        Record records[batch];
        Pid last = 0;
        std::size_t count = batch;
        for (bool first = true; count == batch; first = false) {
            count = 0;
            {
                Guard guard(lock_);
                for (auto place = first ? map.begin() : map.after(last); place != map.end() && count < batch; ++place) {
                    last = place->first;
                    records[count++] = make_record(*place);
                }
            }
            for (std::size_t i = 0; i < count; ++i)
                f(static_cast<const Record&>(records[i]));
        }
    }

private:
    template <class>
    friend class BasicProcess;
    template <class>
    friend class BasicProcessTree;
    template <class>
    friend class BasicProcessBuilder;
    template <class>
    friend class CountedInTree;

    template <class V>
    static std::shared_ptr<V> strong(const std::shared_ptr<V>& handle) noexcept {
        return handle;
    }
    template <class V>
    static std::shared_ptr<V> strong(const std::weak_ptr<V>& handle) noexcept {
        return handle.lock();
    }

    // Alone on its cache line: waiters ask for it while the holder works on the rest.
    alignas(64) mutable typename Traits::Lock lock_{};
    alignas(64) Numbers numbers_;                                   // guarded by lock_, as the next two
    std::shared_ptr<BasicProcess<Traits>> init_;                    // set once
    std::size_t subreapers_ = 0;                                    // living processes that are marked
    typename Traits::template Atomic<std::size_t> live_objects_{0}; // see CountedInTree
};

/// Base of the objects that a tree makes: counts them, so that a tree can tell whether it is outlived.
template <class Traits>
class CountedInTree {
protected:
    explicit CountedInTree(BasicTopology<Traits>& topology) noexcept : topology_(&topology) {
        topology.live_objects_.fetch_add(1, std::memory_order_relaxed); // ordered by whatever hands the object on
    }
    ~CountedInTree() {
        // release: pairs with the tree's destructor: the object is gone for good when the count says so.
        topology_->live_objects_.fetch_sub(1, std::memory_order_release);
    }
    CountedInTree(const CountedInTree&) = delete;
    CountedInTree& operator=(const CountedInTree&) = delete;

    BasicTopology<Traits>* topology_; // immutable; outlives the object
};

/// Puts a builder's value into the place for it. **Errors**: no_memory, with `value` untouched.
template <class Memory, class Data, class V>
[[nodiscard]] Errno store_data(Data& place, V&& value) {
    if constexpr (std::is_same_v<Data, AnyData> && !std::is_same_v<std::remove_cvref_t<V>, AnyData>) {
        auto made = AnyData::make<Memory>(std::forward<V>(value));
        if (made)
            place = std::move(made.value);
        return made.error;
    } else {
        place = Data(std::forward<V>(value));
        return Errno::ok;
    }
}

/// What build() does with the errors of try_build().
template <class Traits>
[[noreturn]] void refuse_build(Errno error, Location where) {
    if (error == Errno::no_memory)
        raise_no_memory<Traits>(where);
    if (error == Errno::exists)
        Traits::panic("build: the number is in use as a pid, tid, pgid or sid", where);
    if (error == Errno::invalid)
        Traits::panic("build: 0 is not a number for a process or thread", where);
    Traits::panic("build: the process has exited or its group exit has begun", where);
}

/// Shows that a constructor is called by the library: objects of a tree are made by builders only.
class BuilderKey {
    template <class>
    friend class BasicProcess;
    template <class>
    friend class BasicProcessBuilder;
    template <class>
    friend class BasicThreadBuilder;
    explicit BuilderKey() = default;
};

} // namespace procspace
