#pragma once
// What this kernel gives to the library: one struct of policies and what stands behind them. And what its scenes share.

#include "machine.hpp"

#include <procspace/core/lock.hpp>
#include <procspace/core/panic.hpp>
#include <procspace/core/traits.hpp>
#include <procspace/resource/define.hpp>
#include <procspace/resource/per_cpu_current.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kernel {

#ifndef KERNEL_LOCK // tests/kernel builds this kernel with a lock that does not mask interrupts, to see it hang
#define KERNEL_LOCK procspace::SpinNoIrq<machine::Irq>
#endif
using Lock = KERNEL_LOCK;

/// The memory policy: blocks of 32 bytes times a power of two, from one piece of memory, each size with a free list.
struct Heap {
    static void* allocate(std::size_t size, std::size_t align) noexcept;
    static void deallocate(void* block, std::size_t size, std::size_t align) noexcept;

    /// Lets the n-th allocation from now on fail, for once; 0 for none.
    static void fail_nth(std::size_t n) noexcept;
    /// Returns whether that has happened.
    [[nodiscard]] static bool has_failed() noexcept;
    [[nodiscard]] static std::size_t allocations() noexcept;
    [[nodiscard]] static std::size_t live_blocks() noexcept;
};

/// The policies. `ProcessData` stays AnyData: what a process of this kernel is (tasks.hpp) has a namespace of these
/// very traits in it.
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

/// What each processor has of its own.
struct alignas(64) Cpu {
    procspace::CurrentSlot<Traits> current;
    std::atomic<unsigned> ticks{0};     // that its timer has made
    std::atomic<unsigned> untracked{0}; // those among them that came before there was any namespace
    std::atomic<unsigned> looks{0};     // that its handler has had at the running task
    std::atomic<unsigned> wrong{0};     // those that saw what cannot be
    unsigned owner = 0;                 // what `owner` says in its current namespace
    void* running = nullptr;            // its task, for the handler: see tasks.hpp
};
[[nodiscard]] Cpu& cpu(unsigned processor) noexcept;
[[nodiscard]] inline Cpu& this_cpu() noexcept {
    return cpu(machine::this_processor());
}
/// Returns how many processors run.
[[nodiscard]] unsigned processors() noexcept;

/// Whatever a tick does besides: with interrupts masked. Null for nothing.
extern std::atomic<void (*)(Cpu& cpu)> tick_hook;

/// Calls `f(processor)` on all processors at once, and returns when all have returned.
void on_all_processors(void (*f)(unsigned processor)) noexcept;

// --- the console
// -------------------------------------------------------------------------------------------------------

/// A line is put together first, so that two processors do not mix theirs.
using Line = procspace::PanicText;
void print(const Line& line) noexcept;

/// Counts; what does not hold is told.
void check(bool holds, const char* what, procspace::Location where = procspace::Location::current()) noexcept;

// --- the resources
// -----------------------------------------------------------------------------------------------------

/// Flags of fork, unshare and enter: this kernel's own numbers; those of Linux, as it happens.
inline constexpr std::uint64_t share_files = 0x400;
inline constexpr std::uint64_t new_host = 0x4000000;

inline constexpr procspace::ResourcePolicy files_policy{.on_fork = procspace::ForkRule::copy,
                                                        .share_flag = share_files,
                                                        .on_unshare = procspace::ForkRule::copy,
                                                        .enterable = false};
inline constexpr procspace::ResourcePolicy host_policy{.share_flag = new_host, .on_unshare = procspace::ForkRule::copy};
inline constexpr procspace::ResourcePolicy own_policy{.on_fork = procspace::ForkRule::fresh};

struct FileTable {
    unsigned open = 3;
};
struct Host {
    char name[16] = "bare metal";
};
/// The ticks that came while a namespace was current. When it ends they go to the total.
struct TimeUsed {
    std::atomic<unsigned> ticks{0};
    static std::atomic<unsigned> of_the_dead;
    ~TimeUsed();
};

} // namespace kernel

template <> // a handler writes it through the current namespace, which is const
inline constexpr bool procspace::internally_synchronised<kernel::TimeUsed> = true;

namespace kernel {

PROCSPACE_DECLARE_RESOURCE(FileTable, files)    // copied by fork, unless share_files is set
PROCSPACE_DECLARE_RESOURCE(Host, host)          // shared by fork, unless new_host is set
PROCSPACE_DECLARE_RESOURCE(TimeUsed, time_used) // each has its own
PROCSPACE_DECLARE_RESOURCE(unsigned, owner)     // whose namespace it is: 0 for nobody's

// --- the scenes
// --------------------------------------------------------------------------------------------------------

/// How much there is to do; unoptimised code gets a tenth.
#ifdef __OPTIMIZE__
inline constexpr unsigned scale = 10;
#else
inline constexpr unsigned scale = 1;
#endif

void resources_scene() noexcept;
void namespaces_scene() noexcept;
void memory_scene() noexcept;
void interrupts_scene() noexcept;
#if __STDC_HOSTED__ // the process half needs the headers of a hosted library: the core-only image has none
void tasks_scene() noexcept;
void counts_scene() noexcept;
void processes_scene() noexcept;
void jobs_scene() noexcept;
void process_memory_scene() noexcept;
#endif

} // namespace kernel
