#pragma once
// What this kernel gives to the library, a struct of policies and what stands behind them; and what its scenes share.

#include "machine.hpp"

#include <procspace/core/lock.hpp>
#include <procspace/core/panic.hpp>
#include <procspace/core/result.hpp>
#include <procspace/core/traits.hpp>
#include <procspace/resource/define.hpp>
#include <procspace/resource/per_cpu_current.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kernel {

// --- the policies ---

#ifndef KERNEL_LOCK // tests/kernel builds this kernel with a lock that does not mask interrupts, to see it hang
#define KERNEL_LOCK procspace::SpinNoIrq<machine::Irq>
#endif
using Lock = KERNEL_LOCK;

struct Heap {
    static void* allocate(std::size_t size, std::size_t align) noexcept;
    static void deallocate(void* block, std::size_t size, std::size_t align) noexcept;

    struct Counts {
        std::size_t allocations = 0; // since the boot
        std::size_t live = 0;        // of them
    };
    [[nodiscard]] static Counts counts() noexcept;
    /// Lets the n-th allocation from now on fail, for once; 0 for none.
    static void fail_nth(std::size_t n) noexcept;
};

struct Traits : procspace::DefaultTraits {
    using Lock = kernel::Lock;
    using Memory = Heap;
    using CurrentNs = procspace::PerCpuCurrent<Traits>; // no Pin: this kernel never moves who runs to another processor
    static constexpr procspace::Overflow overflow = procspace::Overflow::saturate; // as Linux: leak rather than stop

    [[noreturn]] static void panic(const char* what, procspace::Location where) noexcept;
    static procspace::CurrentSlot<Traits>& current_slot() noexcept;
    static const void* execution_context() noexcept;
};
using Namespace = procspace::BasicNamespace<Traits>;
using Thread = procspace::BasicThread<Traits>;

// --- the processors ---

/// What each has of its own.
struct alignas(64) Cpu {
    procspace::CurrentSlot<Traits> current;
    // For the handler of the timer: what the current namespace has as `owner`, and which thread runs, null for none.
    unsigned owner = 0;
    const Thread* running = nullptr;
    std::atomic<unsigned> ticks{0}; // How often it has come,
    std::atomic<unsigned> looks{0}; // has found a thread that runs,
    std::atomic<unsigned> wrong{0}; // has seen what cannot be.
    std::atomic<void (*)()> job{nullptr};
};
extern Cpu cpus[machine::max_processors];

/// Makes `ns` the current namespace of this processor, null the global one. **Pre**: the caller keeps both.
void switch_to(const Namespace* ns, const Thread* running = nullptr) noexcept;

/// Calls `f` on all processors at once, and returns when all have returned.
void on_all_processors(void (*f)()) noexcept;

// --- the console ---

using Line = procspace::PanicText; // is put together first, so that two processors do not mix theirs
void print(const Line& line) noexcept;
/// Counts; what does not hold is told.
void check(bool holds, const char* what, procspace::Location where = procspace::Location::current()) noexcept;

// --- the resources ---

/// Flags of fork, unshare and enter: this kernel's own numbers, which are those of Linux.
inline constexpr std::uint64_t share_files = 0x400;
inline constexpr std::uint64_t new_host = 0x4000000;

struct FileTable {
    unsigned open = 3;
};
struct Host {
    char name[16] = "bare metal";
};
PROCSPACE_DECLARE_RESOURCE(FileTable, files)                 // copied by fork, unless share_files is set
PROCSPACE_DECLARE_RESOURCE(Host, host)                       // shared by fork, unless new_host is set
PROCSPACE_DECLARE_RESOURCE(std::atomic<unsigned>, time_used) // of each namespace: the ticks while it was current
PROCSPACE_DECLARE_RESOURCE(unsigned, owner)                  // of each namespace: whose it is, 0 for nobody's

// --- the scenes ---

/// How much there is to do; unoptimised code gets a tenth.
#ifdef __OPTIMIZE__
inline constexpr unsigned scale = 10;
#else
inline constexpr unsigned scale = 1;
#endif

void resources_scene() noexcept;
void namespaces_scene() noexcept;
void memory_scene() noexcept;
#if __STDC_HOSTED__ // the process half needs the headers of a hosted library: the core-only image has none
void processes_scene() noexcept;
void jobs_scene() noexcept;
/// Returns whether a handler of interrupts may find the running thread like that.
[[nodiscard]] bool is_possible(const Thread& running) noexcept;
#endif

} // namespace kernel
