// [R6] Uses all of core/ and resource/ (thread_local_*.hpp aside) without exceptions, RTTI or a C library. One
// file for three tests: its object file is inspected (symbols.cmake), it is compiled against nothing but the
// freestanding headers, and linked to nothing but runtime.cpp it runs. freestanding_main() returns 0 or the line of the
// first check that fails.
//
// With USE_DEFAULT_TRAITS the policies are those of DefaultTraits, otherwise those of a kernel: runtime.cpp has them.
#include <procspace/core/any_data.hpp>
#include <procspace/core/config.hpp>
#include <procspace/core/lazy.hpp>
#include <procspace/core/lock.hpp>
#include <procspace/core/memory.hpp>
#include <procspace/core/panic.hpp>
#include <procspace/core/pool.hpp>
#include <procspace/core/ref_count.hpp>
#include <procspace/core/result.hpp>
#include <procspace/core/size_classes.hpp>
#include <procspace/core/traits.hpp>
#include <procspace/resource/activation.hpp>
#include <procspace/resource/arc_array.hpp>
#include <procspace/resource/current.hpp>
#include <procspace/resource/define.hpp>
#include <procspace/resource/descriptor.hpp>
#include <procspace/resource/namespace.hpp>
#include <procspace/resource/namespace_change.hpp>
#include <procspace/resource/per_cpu_current.hpp>
#include <procspace/resource/policy.hpp>
#include <procspace/resource/registry.hpp>
#include <procspace/resource/res_arc.hpp>
#include <procspace/resource/res_wrapper.hpp>
#include <procspace/resource/slot_current.hpp>

#include <atomic>
#include <cstddef>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            return __LINE__;                                                                                           \
    } while (false)

extern "C" int freestanding_main();

extern "C" {
void* kernel_allocate(std::size_t size, std::size_t align) noexcept;
void kernel_free(void* p) noexcept;
[[noreturn]] void kernel_panic(const char* what) noexcept;
unsigned long kernel_irq_save() noexcept;
void kernel_irq_restore(unsigned long state) noexcept;
}

namespace {

struct KernelIrq {
    static unsigned long save_and_disable() noexcept { return kernel_irq_save(); }
    static void restore(unsigned long state) noexcept { kernel_irq_restore(state); }
};

struct KernelMemory {
    static void* allocate(std::size_t size, std::size_t align) noexcept { return kernel_allocate(size, align); }
    static void deallocate(void* p, std::size_t, std::size_t) noexcept { kernel_free(p); }
};

struct KernelTraits;
class KernelCurrent;

#ifdef USE_DEFAULT_TRAITS
using Traits = procspace::DefaultTraits;
using Memory = procspace::HeapMemory;
using Lock = procspace::SpinLock;
#else
using Traits = KernelTraits;
using Memory = KernelMemory;
using Lock = procspace::SpinNoIrq<KernelIrq>;
#endif
using Ns = procspace::BasicNamespace<Traits>;

#ifndef USE_DEFAULT_TRAITS
class KernelCurrent {
public:
    const Ns& ns() const;
    static const Ns* enter(const Ns& next);
    static void leave(const Ns* former) { current = former; }

private:
    inline static constinit const Ns* current = nullptr;
};

struct KernelTraits : procspace::DefaultTraits {
    using Lock = ::Lock;
    using Memory = KernelMemory;
    using CurrentNs = KernelCurrent;
    static constexpr procspace::Overflow overflow = procspace::Overflow::saturate;
    [[noreturn]] static void panic(const char* what, procspace::Location) noexcept { kernel_panic(what); }
};

const Ns& KernelCurrent::ns() const {
    return current != nullptr ? *current : procspace::GlobalCurrent<KernelTraits>().ns();
}
const Ns* KernelCurrent::enter(const Ns& next) {
    const Ns* const former = current;
    current = &next;
    return former;
}
#endif

struct Table {
    Table() = default;
    explicit Table(int its_size) : size(its_size) {}
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;
    ~Table() { size = -1; }
    int size = 0;
    unsigned char entries[100]{};
};

struct alignas(64) CacheLine {
    int first = 5;
};

struct Pair {
    int a;
    int b;
};

PROCSPACE_RESOURCE(Table, table, 3)
PROCSPACE_RESOURCE(CacheLine, line)
PROCSPACE_RESOURCE(std::atomic<int>, counter, 1)
using GuardedPair = procspace::Guarded<Pair, Lock>;
PROCSPACE_RESOURCE(GuardedPair, guarded, Pair{1, 2});

} // namespace

PROCSPACE_INLINE_RESOURCE(Pair, pair, Pair{3, 4})
PROCSPACE_DECLARE_RESOURCE(int, number)
PROCSPACE_RESOURCE(int, number, 9)

namespace {

constexpr procspace::ResourcePolicy copied{
    .on_fork = procspace::ForkRule::copy, .share_flag = 1, .on_unshare = procspace::ForkRule::copy};
constexpr procspace::ResourcePolicy for_children{.share_flag = 2, .next_child_only = true};
PROCSPACE_RESOURCE_WITH(copied, Pair, limits, Pair{7, 8})
PROCSPACE_RESOURCE_WITH(for_children, Pair, pids, Pair{9, 10})

struct CpuTraits : Traits {
    using CurrentNs = procspace::PerCpuCurrent<CpuTraits>;
    static procspace::CurrentSlot<CpuTraits>& current_slot() noexcept;
};
constinit procspace::CurrentSlot<CpuTraits> cpu_slot;
procspace::CurrentSlot<CpuTraits>& CpuTraits::current_slot() noexcept {
    return cpu_slot;
}

struct Pool : procspace::DefaultPool {
    using Upstream = Memory;
    using Lock = ::Lock;
    static constexpr std::size_t slab_bytes = 4096;
};

int core() {
    auto data = procspace::AnyData::make<Memory>(Pair{5, 6});
    CHECK(data);
    CHECK(data.value.get<int>() == nullptr);
    CHECK(data.value.get<Pair>()->b == 6);
    procspace::AnyData moved(static_cast<procspace::AnyData&&>(data.value));
    CHECK(moved.has_value() && !data.value.has_value());

    void* const pooled = procspace::PoolMemory<Pool>::allocate(40, 8);
    CHECK(pooled != nullptr);
    procspace::PoolMemory<Pool>::deallocate(pooled, 40, 8);
    procspace::PoolMemory<Pool>::trim();
    CHECK(procspace::PoolMemory<Pool>::held_bytes() == 0);

    Lock lock;
    { const procspace::LockGuard guard(lock); }
    procspace::NullLock null;
    { const procspace::LockGuard guard(null); }
    procspace::SpinLock spin;
    CHECK(spin.try_lock());
    spin.unlock();
    GuardedPair both(Pair{7, 8});
    CHECK(both.with([](Pair& p) { return p.a + p.b; }) == 15);

    procspace::MemoryBlock<Memory> block(64, 64);
    CHECK(block);
    CHECK(reinterpret_cast<std::size_t>(block.get()) % 64 == 0);

    procspace::RefCount<Traits> count;
    count.increment();
    CHECK(!count.decrement());
    CHECK(count.unique() && count.value() == 1);
    CHECK(count.decrement());

    static constinit procspace::Lazy<Pair, Traits> lazy{};
    CHECK(lazy.get() == nullptr);
    CHECK(lazy.get_or_make(Pair{1, 1}).a == 1);
    procspace::cpu_relax();
    CHECK(procspace::thread_pointer() == procspace::thread_pointer());

    const procspace::Result<int> failed(procspace::Errno::again);
    CHECK(!failed && failed.value == 0);
    CHECK(procspace::Result<void>());
    return 0;
}

int resources() {
    CHECK(procspace::Registry::size() == 8);
    std::size_t bytes = 0;
    procspace::Registry::for_each([&](const procspace::Resource& r) { bytes += r.layout().size; });
    CHECK(bytes >= sizeof(Table) + sizeof(CacheLine));

    auto made = Ns::try_create();
    CHECK(made);
    Ns first(static_cast<Ns&&>(made.value));
    Ns second;
    CHECK(table.get(first).size == 3 && line.get(first).first == 5 && pair.get(first).b == 4 && number.get(first) == 9);
    CHECK(reinterpret_cast<std::size_t>(&line.get(first)) % 64 == 0);
    counter.get(first).fetch_add(1, std::memory_order_relaxed);
    CHECK(counter.get(first).load(std::memory_order_relaxed) == 2);
    CHECK(guarded.get(first).with([](const Pair& p) { return p.b; }) == 2);

    table.share_from(second, first);
    CHECK(&table.get(second) == &table.get(first) && table.get_mut(first) == nullptr);
    auto pin = table.arc(first);
    CHECK(pin.use_count() == 3 && pin.same_as(table.arc(second)));
    table.reset(first);
    CHECK(table.try_reset(second));
    CHECK(pin.get_mut() != nullptr);
    pin = table.replace(first, pin);
    CHECK(table.create<Traits>()->size == 3);
    auto fresh = table.try_create<Traits>();
    CHECK(fresh && fresh.value->size == 3);
    first = static_cast<Ns&&>(second);
    CHECK(first.get(table.resource()).unique());
    auto erased = procspace::BasicAnyResArc<Traits>::create(table.resource());
    CHECK(erased && erased.value.body_as<Table>()->size == 3);

    CHECK(&procspace::global_ns<Traits>() == &procspace::global_ns<Traits>());
    CHECK(number.current<Traits>().get() == &number.get(procspace::global_ns<Traits>()));
#ifndef USE_DEFAULT_TRAITS
    const procspace::NamespaceScope scope(first);
    CHECK(number.current<Traits>().get() == &number.get(first));
#endif
    return 0;
}

int changes() {
    Ns parent;
    auto child = Ns::try_fork(parent, 0);
    CHECK(child && &limits.get(child.value) != &limits.get(parent) && &number.get(child.value) == &number.get(parent));
    CHECK(Ns::try_unshare(parent, 2));
    CHECK(&pids.get_for_children(parent) != &pids.get(parent));
    CHECK(Ns::try_unshare(parent, 4).error == procspace::Errno::invalid);
    CHECK(Ns::try_enter(parent, child.value, 1));
    CHECK(&limits.get(child.value) == &limits.get(parent));
    return 0;
}

int per_cpu() {
    using Cpu = procspace::PerCpuCurrent<CpuTraits>;
    CHECK(!number.try_current<CpuTraits>());
    procspace::BasicNamespace<CpuTraits> task;
    Cpu::switch_to(&task);
    CHECK(number.current<CpuTraits>().get() == &number.get(task));
    procspace::BasicNamespace<CpuTraits> other;
    {
        procspace::NamespaceScope scope(other);
        CHECK(number.current<CpuTraits>().get() == &number.get(other));
    }
    Cpu::switch_to(nullptr);
    CHECK(number.current<CpuTraits>().get() == &number.get(procspace::global_ns<CpuTraits>()));
    return 0;
}

} // namespace

int freestanding_main() {
    int failed = core();
    if (failed == 0)
        failed = resources();
    if (failed == 0)
        failed = changes();
    return failed != 0 ? failed : per_cpu();
}
