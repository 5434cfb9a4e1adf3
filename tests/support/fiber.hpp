#pragma once
// Fiber: a flow of control with a stack of its own, for explorers that decide themselves who runs next.

#include <cstddef>
#include <memory>

#include <ucontext.h>

// A sanitizer must be told that the stack changes.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PROCSPACE_FIBERS_ASAN
#endif
#if __has_feature(thread_sanitizer)
#define PROCSPACE_FIBERS_TSAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(PROCSPACE_FIBERS_ASAN)
#include <sanitizer/common_interface_defs.h>
#undef PROCSPACE_FIBERS_ASAN
#define PROCSPACE_FIBERS_ASAN
#endif
#if defined(__SANITIZE_THREAD__) || defined(PROCSPACE_FIBERS_TSAN)
#include <sanitizer/tsan_interface.h>
#undef PROCSPACE_FIBERS_TSAN
#define PROCSPACE_FIBERS_TSAN
#endif

namespace support {

/// A flow of control with a stack of its own; the default one is that of the thread itself.
class Fiber {
public:
    Fiber() = default;
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    ~Fiber() {
#ifdef PROCSPACE_FIBERS_TSAN
        if (stack_ != nullptr)
            __tsan_destroy_fiber(tsan_);
#endif
    }

    /// Gives it a stack and a function, which must not return. It begins when it is first switched to.
    void prepare(void (*function)()) {
        stack_ = std::make_unique<char[]>(size);
        getcontext(&context_);
        context_.uc_stack.ss_sp = stack_.get();
        context_.uc_stack.ss_size = size;
        context_.uc_link = nullptr;
        makecontext(&context_, function, 0);
        bottom_ = stack_.get();
        bytes_ = size;
#ifdef PROCSPACE_FIBERS_TSAN
        tsan_ = __tsan_create_fiber(0);
#endif
    }

    /// Stops this one, which is running, and continues `other`. Returns when somebody switches back.
    void switch_to(Fiber& other) {
#ifdef PROCSPACE_FIBERS_ASAN
        __sanitizer_start_switch_fiber(&fake_stack_, other.bottom_, other.bytes_);
#endif
#ifdef PROCSPACE_FIBERS_TSAN
        tsan_ = __tsan_get_current_fiber();
        __tsan_switch_to_fiber(other.tsan_, 0);
#endif
        swapcontext(&context_, &other.context_);
        arrived();
    }

    /// To be called first by the function of prepare(). `from` is who was running.
    void begun(Fiber& from) {
#ifdef PROCSPACE_FIBERS_ASAN
        __sanitizer_finish_switch_fiber(nullptr, &from.bottom_, &from.bytes_);
#else
        static_cast<void>(from);
#endif
    }

private:
    static constexpr std::size_t size = 1 << 20;

    void arrived() {
#ifdef PROCSPACE_FIBERS_ASAN
        __sanitizer_finish_switch_fiber(fake_stack_, nullptr, nullptr);
#endif
    }

    ucontext_t context_{};
    std::unique_ptr<char[]> stack_;
    const void* bottom_ = nullptr;
    std::size_t bytes_ = 0;
    [[maybe_unused]] void* fake_stack_ = nullptr; // address sanitizer's
    [[maybe_unused]] void* tsan_ = nullptr;
};

} // namespace support
