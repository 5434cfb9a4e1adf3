#pragma once
// Traits for the tests: a panic that can be caught, and the matrix of policies over which template cases run.

#include "counting_memory.hpp"
#include "depth_lock.hpp"

#include <procspace/core/lock.hpp>
#include <procspace/core/memory.hpp>
#include <procspace/core/panic.hpp>
#include <procspace/core/traits.hpp>

#include <string>

namespace support {

/// What Traits::panic throws in the tests.
struct Panic {
    std::string what;
    procspace::Location where;

    /// Returns true when the message contains `part`.
    [[nodiscard]] bool says(const char* part) const { return what.find(part) != std::string::npos; }
};

/// DefaultTraits whose panic throws Panic.
struct PanicTraits : procspace::DefaultTraits {
    [[noreturn]] static void panic(const char* what, procspace::Location where) { throw Panic{what, where}; }
};

/// No lock, every block counted: for one thread.
struct NullCounting : PanicTraits {
    using Lock = procspace::NullLock;
    using Memory = CountingMemory;
};

/// What programs get by default, but for the panic.
struct SpinHeap : PanicTraits {
    using Lock = procspace::SpinLock;
    using Memory = procspace::HeapMemory;
};

/// A lock that knows whether it is held, and memory that can run out.
struct DepthFailing : PanicTraits {
    using Lock = DepthLock;
    using Memory = FailNth;
};

/// Returns the message of the panic that `f` raises, or "no panic".
template <class F>
std::string panic_of(F&& f) {
    try {
        f();
    } catch (const Panic& panic) { return panic.what; }
    return "no panic";
}

} // namespace support

/// TEMPLATE_TEST_CASE over the whole matrix; the case sees `TestType`.
#define PROCSPACE_TRAITS_TEST_CASE(name, tags)                                                                         \
    TEMPLATE_TEST_CASE(name, tags, support::NullCounting, support::SpinHeap, support::DepthFailing)
