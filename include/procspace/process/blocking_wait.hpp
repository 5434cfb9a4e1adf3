#pragma once
// A wait that sleeps, for hosted programs: wait_poll(), a condition variable, and the wake-ups of the effects. Opt-in:
// a kernel has wait queues of its own, and gives its traits an effect() that knows them.

#include "../fwd.hpp"
#include "effects.hpp"
#include "process.hpp"
#include "records.hpp"
#include "wait.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace procspace {

/// Where sleepers sleep: by the number of the process, several numbers to a bed.
///
/// **Thread safety**: all members may be called concurrently. Its mutex is taken before the tree lock, never under it.
class WaitBeds {
public:
    WaitBeds() = delete;

    /// Returns when `done()` says so; asks again after each wake(). `done` runs under the bed's mutex.
    template <class Done>
    static void sleep(Pid pid, Done done) {
        Bed& bed = of(pid);
        std::unique_lock lock(bed.mutex);
        bed.changed.wait(lock, done);
    }

    /// Makes all who sleep for this process ask again.
    static void wake(Pid pid) {
        Bed& bed = of(pid);
        const std::lock_guard lock(bed.mutex); // who has asked and not slept yet would miss it
        bed.changed.notify_all();
    }

private:
    struct Bed {
        std::mutex mutex;
        std::condition_variable changed;
    };
    static Bed& of(Pid pid) {
        constexpr std::size_t count = 16;
        static Bed beds[count];
        return beds[pid % count];
    }
};

/// Traits whose effects wake those who sleep in wait_blocking(); others go to `Base::effect`, if there is one.
template <class Base>
struct BlockingWaitTraits : Base {
    template <class E>
    static void effect(const E& effect) {
        if (effect.kind == EffectKind::wake)
            WaitBeds::wake(effect.id.pid);
        if constexpr (requires { Base::effect(effect); })
            Base::effect(effect);
    }
};

/// wait_poll(), asked until the answer is not "none yet" or `interrupted()` says true, which WaitBeds::wake() lets it
/// be asked: the answer is then the last one. **Pre**: effects reach BlockingWaitTraits::effect, delivered or not.
template <class Traits, class Interrupted>
WaitAnswer wait_blocking(BasicProcess<Traits>& parent, WaitSelector selector, WaitOptions options,
                         Interrupted interrupted) {
    for (;;) {
        const WaitAnswer answer = wait_poll(parent, selector, options);
        if (answer.outcome != WaitOutcome::none || interrupted())
            return answer;
        WaitBeds::sleep(parent.pid(), [&] { return wait_token(parent) != answer.token || interrupted(); });
    }
}

template <class Traits>
WaitAnswer wait_blocking(BasicProcess<Traits>& parent, WaitSelector selector, WaitOptions options = {}) {
    return wait_blocking(parent, selector, options, [] { return false; });
}

} // namespace procspace
