#pragma once
// The resources of test_resource_current. None of them is a Tracked: a global namespace is never destroyed, and the
// listener would take its values for lost ones.

#include <procspace/resource/define.hpp>

#include <atomic>
#include <functional>

/// Its initialiser runs what the test wants; by default nothing.
struct Scripted {
    Scripted() {
        ++begun;
        if (script)
            script();
    }
    Scripted(const Scripted&) = delete;
    Scripted& operator=(const Scripted&) = delete;

    inline static std::function<void()> script;
    inline static std::atomic<int> begun{0};
};

PROCSPACE_INLINE_RESOURCE(Scripted, scripted)
PROCSPACE_INLINE_RESOURCE(int, number, 5)
PROCSPACE_INLINE_RESOURCE(std::atomic<int>, counter, 0)
