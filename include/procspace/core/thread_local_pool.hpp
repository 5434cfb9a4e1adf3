#pragma once
// ThreadCached: a pool with a cache for each thread. Opt-in and hosted: it needs thread-local storage.
//
//   struct MyTraits : procspace::DefaultTraits { using Memory = procspace::PoolMemory<procspace::ThreadCached<>>; };

#include "../fwd.hpp"
#include "pool.hpp"

namespace procspace {

/// The Cache of ThreadCached: the calling thread's own, returned to the slabs when the thread ends.
///
/// **Thread safety**: every thread sees its own.
template <class Config>
class ThreadLocalPoolCache {
public:
    /// Returns the cache of this thread; null once its thread-local objects are being destroyed.
    [[nodiscard]] PoolCache* cache() noexcept {
        if (state_ == State::unused) [[unlikely]]
            open();
        return state_ == State::open ? &cache_ : nullptr;
    }

private:
    enum class State : unsigned char { unused, open, closed };

    // Apart from the cache itself: what has a destructor is looked up by way of a guard at each access.
    struct AtThreadEnd {
        ~AtThreadEnd() {
            state_ = State::closed;
            PoolMemory<Config>::flush(cache_);
        }
        void arm() noexcept {}
    };

    [[gnu::noinline]] static void open() noexcept {
        static thread_local AtThreadEnd at_end;
        at_end.arm();
        state_ = State::open;
    }

    inline static thread_local constinit State state_ = State::unused;
    inline static thread_local constinit PoolCache cache_{};
};

/// A pool as `Config` says, with a cache for each thread.
template <class Config>
struct ThreadCached : Config {
    using Cache = ThreadLocalPoolCache<ThreadCached>;
};

} // namespace procspace
