// Namespaces and their resources beside a vector of shared_ptr<void>, what one would write without this library.

#include "measure.hpp"
#include "ratios.hpp"

#include <procspace/core/pool.hpp>
#include <procspace/core/thread_local_pool.hpp>
#include <procspace/resource/current.hpp>
#include <procspace/resource/define.hpp>

#if PROCSPACE_BENCH_HAS_BOOST
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#endif

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace bench {

/// Leads from one namespace to the next, so that each step has to wait for the one before.
struct Link {
    const procspace::Namespace* next = nullptr;
};

/// One of many types of one size: in a kernel hardly two resources are of the same type, and a loop over one type would
/// let the processor guess each indirect call.
template <int I>
struct Number {
    std::uint64_t value = 7;
};

// 32 resources of 8 bytes each: two that are used below, and thirty that make a namespace as large as a real one.
PROCSPACE_RESOURCE(Link, link)
PROCSPACE_RESOURCE(std::uint64_t, number, 7)
#define PROCSPACE_BENCH_TEN(tens)                                                                                      \
    PROCSPACE_RESOURCE(Number<tens##0>, number_##tens##0)                                                              \
    PROCSPACE_RESOURCE(Number<tens##1>, number_##tens##1)                                                              \
    PROCSPACE_RESOURCE(Number<tens##2>, number_##tens##2)                                                              \
    PROCSPACE_RESOURCE(Number<tens##3>, number_##tens##3)                                                              \
    PROCSPACE_RESOURCE(Number<tens##4>, number_##tens##4)                                                              \
    PROCSPACE_RESOURCE(Number<tens##5>, number_##tens##5)                                                              \
    PROCSPACE_RESOURCE(Number<tens##6>, number_##tens##6)                                                              \
    PROCSPACE_RESOURCE(Number<tens##7>, number_##tens##7)                                                              \
    PROCSPACE_RESOURCE(Number<tens##8>, number_##tens##8)                                                              \
    PROCSPACE_RESOURCE(Number<tens##9>, number_##tens##9)
PROCSPACE_BENCH_TEN(1)
PROCSPACE_BENCH_TEN(2)
PROCSPACE_BENCH_TEN(3)
#undef PROCSPACE_BENCH_TEN

namespace {

using procspace::Namespace;

/// The same library with the pool instead of the heap: one lock for each size class, and a cache for each thread.
struct PoolTraits : procspace::DefaultTraits {
    using Memory = procspace::PoolMemory<>;
};
struct CachedPoolTraits : procspace::DefaultTraits {
    using Memory = procspace::PoolMemory<procspace::ThreadCached<>>;
};

constexpr std::size_t resource_count = 32;
constexpr std::size_t ring_size = 4;

// --- the peer -------------------------------------------------------------------------------------------------------

struct VectorNamespace {
    std::vector<std::shared_ptr<void>> slots;

    static constexpr std::size_t link_slot = 0;
    static constexpr std::size_t number_slot = 1;

    VectorNamespace();

    [[nodiscard]] std::uint64_t& number() const { return *static_cast<std::uint64_t*>(slots[number_slot].get()); }
};

struct VectorLink {
    const VectorNamespace* next = nullptr;
};

VectorNamespace::VectorNamespace() {
    slots.reserve(resource_count);
    slots.push_back(std::make_shared<VectorLink>());
    slots.push_back(std::make_shared<std::uint64_t>(7));
    [this]<int... I>(std::integer_sequence<int, I...>) {
        (slots.push_back(std::make_shared<Number<I>>()), ...);
    }(std::make_integer_sequence<int, resource_count - 2>());
}

/// A global one as C++ programmers write it: made at first use, never destroyed.
const VectorNamespace& global_vector_namespace() {
    static const VectorNamespace* const global = new VectorNamespace;
    return *global;
}

// --- get ------------------------------------------------------------------------------------------------------------

void get_latency(benchmark::State& state) {
    std::array<Namespace, ring_size> ring;
    for (std::size_t i = 0; i < ring_size; ++i)
        link.get_mut(ring[i])->next = &ring[(i + 1) % ring_size];
    const Namespace* ns = &ring[0];
    for (auto _ : state)
        ns = unknown(link.get(*ns).next);
    if (ns != &ring[static_cast<std::size_t>(state.iterations()) % ring_size])
        state.SkipWithError("the chain ends in the wrong namespace");
}

void vector_get_latency(benchmark::State& state) {
    std::array<VectorNamespace, ring_size> ring;
    for (std::size_t i = 0; i < ring_size; ++i)
        static_cast<VectorLink*>(ring[i].slots[VectorNamespace::link_slot].get())->next = &ring[(i + 1) % ring_size];
    const VectorNamespace* ns = &ring[0];
    for (auto _ : state)
        ns = unknown(static_cast<const VectorLink*>(ns->slots[VectorNamespace::link_slot].get())->next);
    if (ns != &ring[static_cast<std::size_t>(state.iterations()) % ring_size])
        state.SkipWithError("the chain ends in the wrong namespace");
}

void get_throughput(benchmark::State& state) {
    const Namespace& ns = procspace::global_ns();
    for (auto _ : state)
        use(number.get(ns));
    if (number.get(ns) != 7)
        state.SkipWithError("the value is not what its initialiser made");
}

void current_throughput(benchmark::State& state) {
    for (auto _ : state)
        use(*number.current());
    if (*number.current() != 7)
        state.SkipWithError("the value is not what its initialiser made");
}

void vector_current_throughput(benchmark::State& state) {
    for (auto _ : state)
        use(global_vector_namespace().number());
    if (global_vector_namespace().number() != 7)
        state.SkipWithError("the value is not what its initialiser made");
}

// --- owners ---------------------------------------------------------------------------------------------------------

/// Copies an owner and drops the copy. There is always another owner, so nothing is destroyed.
template <class Owner>
void copy_and_drop(benchmark::State& state, const Owner& owner) {
    for (auto _ : state) {
        const Owner copy(owner);
        use(copy.get());
    }
}

template <class Owner>
long owners_of(const Owner& owner) {
    if constexpr (requires { owner.use_count(); })
        return static_cast<long>(owner.use_count());
    else
        return static_cast<long>(owner->use_count());
}

/// A thousand copies on each of two threads at once: a round ends when both have done theirs, so that one which does
/// not get a processor lengthens the round instead of leaving the other one undisturbed. Each round has another value
/// of 64: what it costs to hand a cache line over depends on where it lies, by a factor of three here.
template <class Make>
void contended_copy_and_drop(benchmark::State& state, Make make) {
    using Owner = decltype(make());
    std::vector<Owner> owners;
    for (int i = 0; i < 64; ++i)
        owners.push_back(make());
    const auto thousand = [&owners](unsigned round) {
        const Owner& owner = owners[round % 64];
        for (int i = 0; i < 1000; ++i) {
            const Owner copy(owner);
            use(copy.get());
        }
    };
    constexpr unsigned over = ~0U;
    std::atomic<unsigned> begun{0};
    std::atomic<unsigned> done{0};
    std::thread other([&] {
        for (unsigned round = 1;; ++round) {
            unsigned seen = round - 1;
            while (seen == round - 1)
                seen = begun.load(std::memory_order_relaxed);
            if (seen == over)
                return;
            thousand(round);
            done.store(round, std::memory_order_relaxed);
        }
    });
    unsigned round = 0;
    for (auto _ : state) {
        begun.store(++round, std::memory_order_relaxed);
        thousand(round);
        while (done.load(std::memory_order_relaxed) != round) {}
    }
    begun.store(over, std::memory_order_relaxed);
    other.join();
    for (const Owner& owner : owners)
        if (owners_of(owner) != 1)
            state.SkipWithError("the number of owners is not what it was");
}

void arc_copy_contended(benchmark::State& state) {
    contended_copy_and_drop(state, [] { return number.create(); });
}

void shared_ptr_copy_contended(benchmark::State& state) {
    contended_copy_and_drop(state, [] { return std::make_shared<std::uint64_t>(7); });
}

void arc_copy(benchmark::State& state) {
    const procspace::ResArc<std::uint64_t> owner = number.create();
    copy_and_drop(state, owner);
    if (owner.use_count() != 1)
        state.SkipWithError("the number of owners is not what it was");
}

void shared_ptr_copy(benchmark::State& state) {
    const auto owner = std::make_shared<std::uint64_t>(7);
    copy_and_drop(state, owner);
    if (owner.use_count() != 1)
        state.SkipWithError("the number of owners is not what it was");
}

#if PROCSPACE_BENCH_HAS_BOOST
struct CountedNumber : boost::intrusive_ref_counter<CountedNumber, boost::thread_safe_counter> {
    std::uint64_t value = 7;
};

void intrusive_ptr_copy(benchmark::State& state) {
    const boost::intrusive_ptr<CountedNumber> owner(new CountedNumber);
    copy_and_drop(state, owner);
    if (owner->use_count() != 1)
        state.SkipWithError("the number of owners is not what it was");
}

void intrusive_ptr_copy_contended(benchmark::State& state) {
    contended_copy_and_drop(state, [] { return boost::intrusive_ptr<CountedNumber>(new CountedNumber); });
}
const Side intrusive_ptr{"boost_intrusive_ptr/copy", intrusive_ptr_copy};
const Side intrusive_ptr_contended{"boost_intrusive_ptr/copy/contended", intrusive_ptr_copy_contended};
#else
const Side intrusive_ptr{"boost_intrusive_ptr/copy", {}};
const Side intrusive_ptr_contended{"boost_intrusive_ptr/copy/contended", {}};
#endif

void share_from_shared(benchmark::State& state) {
    Namespace source;
    Namespace target;
    const procspace::ResArc<std::uint64_t> owner = number.arc(source);
    number.share_from(target, source);
    for (auto _ : state) {
        number.share_from(*unknown(&target), *unknown(&source));
        use(&target);
    }
    if (&number.get(target) != owner.get() || owner.use_count() != 3)
        state.SkipWithError("the value is not shared by the two namespaces");
}

void vector_share_from_shared(benchmark::State& state) {
    VectorNamespace source;
    VectorNamespace target;
    const auto share = [](VectorNamespace& to, const VectorNamespace& from) {
        to.slots[VectorNamespace::number_slot] = from.slots[VectorNamespace::number_slot];
    };
    share(target, source);
    for (auto _ : state) {
        share(*unknown(&target), *unknown(&source));
        use(&target);
    }
    if (&target.number() != &source.number() || source.slots[VectorNamespace::number_slot].use_count() != 2)
        state.SkipWithError("the value is not shared by the two namespaces");
}

void reset(benchmark::State& state) {
    Namespace ns;
    *number.get_mut(ns) = 8;
    for (auto _ : state) {
        number.reset(ns);
        use(&ns);
    }
    if (number.get(ns) != 7)
        state.SkipWithError("the value is not a fresh one");
}

void vector_reset(benchmark::State& state) {
    VectorNamespace ns;
    ns.number() = 8;
    for (auto _ : state) {
        ns.slots[VectorNamespace::number_slot] = std::make_shared<std::uint64_t>(7);
        use(&ns);
    }
    if (ns.number() != 7)
        state.SkipWithError("the value is not a fresh one");
}

// --- namespaces -----------------------------------------------------------------------------------------------------

template <class Traits>
void namespace_life(benchmark::State& state) {
    if (procspace::Registry::size() != resource_count)
        state.SkipWithError("this program does not have the resources that the table promises");
    std::uint64_t sum = 0;
    for (auto _ : state) {
        const procspace::BasicNamespace<Traits> ns;
        use(&ns);
        sum += number.get(ns);
    }
    if (sum != 7 * static_cast<std::uint64_t>(state.iterations()))
        state.SkipWithError("a namespace was not initialised");
}

void vector_namespace_life(benchmark::State& state) {
    std::uint64_t sum = 0;
    for (auto _ : state) {
        const VectorNamespace ns;
        use(&ns);
        sum += ns.number();
    }
    if (sum != 7 * static_cast<std::uint64_t>(state.iterations()))
        state.SkipWithError("a namespace was not initialised");
}

/// A child that shares everything, made and destroyed.
template <class Traits>
void namespace_fork(benchmark::State& state) {
    const procspace::BasicNamespace<Traits> parent;
    std::uint64_t sum = 0;
    for (auto _ : state) {
        const auto child = procspace::BasicNamespace<Traits>::fork(parent);
        use(&child);
        sum += number.get(child);
    }
    if (sum != 7 * static_cast<std::uint64_t>(state.iterations()) || number.arc(parent).use_count() != 2)
        state.SkipWithError("a child did not share, or did not let go");
}

void vector_namespace_fork(benchmark::State& state) {
    const VectorNamespace parent;
    std::uint64_t sum = 0;
    for (auto _ : state) {
        const VectorNamespace child(parent);
        use(&child);
        sum += child.number();
    }
    if (sum != 7 * static_cast<std::uint64_t>(state.iterations()))
        state.SkipWithError("a child did not share");
}

} // namespace

void add_resources(Table& table) {
    table.add("get, latency of a dependent chain", {"ResWrapper/get_latency", get_latency},
              {{"vector_shared_ptr_void/get_latency", vector_get_latency}});
    table.add("current() of the global namespace", {"ResWrapper/current", current_throughput},
              {{"ResWrapper/get", get_throughput}, {"vector_shared_ptr_void/current", vector_current_throughput}});
    table.add("copy and drop an owner", {"ResArc/copy", arc_copy},
              {{"std_shared_ptr/copy", shared_ptr_copy}, intrusive_ptr});
    table.add("1000 of them on each of two threads", {"ResArc/copy/contended", arc_copy_contended},
              {{"std_shared_ptr/copy/contended", shared_ptr_copy_contended}, intrusive_ptr_contended});
    table.add("share_from, already shared", {"ResWrapper/share_from", share_from_shared},
              {{"vector_shared_ptr_void/share_from", vector_share_from_shared}});
    table.add("reset, 8 bytes", {"ResWrapper/reset", reset}, {{"std_make_shared/reset", vector_reset}});
    const Side vector_life{"vector_shared_ptr_void/create_destroy", vector_namespace_life};
    table.add("namespace of 32: create, destroy",
              {"Namespace/create_destroy", namespace_life<procspace::DefaultTraits>}, {vector_life});
    table.add("the same, pool", {"Namespace/create_destroy/pool", namespace_life<PoolTraits>}, {vector_life});
    table.add("the same, pool with thread caches",
              {"Namespace/create_destroy/cached_pool", namespace_life<CachedPoolTraits>}, {vector_life});
    table.add("fork that shares all 32, destroy", {"Namespace/fork", namespace_fork<procspace::DefaultTraits>},
              {{"vector_shared_ptr_void/fork", vector_namespace_fork}});
}

} // namespace bench
