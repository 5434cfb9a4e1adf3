#pragma once
// CheckedTraits: the user's own traits with a watch on the rules that the lock asks for. For tests and debug builds of
// hosted programs; opt-in, since it counts by thread.

#include "../fwd.hpp"
#include "../core/panic.hpp"

#include <cstddef>

namespace procspace {

/// How many locks of CheckedTraits the calling thread holds.
class HeldLocks {
public:
    HeldLocks() = delete;
    [[nodiscard]] static int depth() noexcept { return depth_; }

private:
    template <class>
    friend class CheckedLock;
    inline static thread_local int depth_ = 0;
};

/// `Traits::Lock`, of which a thread may hold one: there is one rank. A second one, be it the same again or that of
/// another tree, is a deadlock that waits for its day: it panics, before it waits.
template <class Traits>
class CheckedLock {
public:
    void lock() {
        if (HeldLocks::depth_ != 0)
            Traits::panic("a tree lock is taken by a thread that holds one: foreign code ran under the lock",
                          Location::current());
        lock_.lock();
        ++HeldLocks::depth_;
    }
    void unlock() {
        --HeldLocks::depth_;
        lock_.unlock();
    }

private:
    typename Traits::Lock lock_{};
};

/// `Traits::Memory`, which panics when it is asked under a lock.
template <class Traits>
struct CheckedMemory {
    static void* allocate(std::size_t size, std::size_t align) noexcept {
        expect_no_lock();
        return Traits::Memory::allocate(size, align);
    }
    static void deallocate(void* p, std::size_t size, std::size_t align) noexcept {
        expect_no_lock();
        Traits::Memory::deallocate(p, size, align);
    }

private:
    static void expect_no_lock() noexcept {
        if (HeldLocks::depth() != 0)
            Traits::panic("memory is allocated or freed under a tree lock", Location::current());
    }
};

/// Traits as `Base`, with its lock and memory watched: `using Traits = procspace::CheckedTraits<MyTraits>`.
template <class Base>
struct CheckedTraits : Base {
    using Lock = CheckedLock<Base>;
    using Memory = CheckedMemory<Base>;
};

} // namespace procspace
