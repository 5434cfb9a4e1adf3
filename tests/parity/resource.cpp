// Seeds 000 and 001, statement by statement: one case for each row of table.tsv, named after it. tests/core and
// tests/resource go further; here stands what the original promises.
#include <procspace/resource/define.hpp>
#include <procspace/resource/thread_local_current.hpp>

#include "support/catch.hpp"
#include "support/counting_atomic.hpp"
#include "support/forged_atomic.hpp"
#include "support/tracked.hpp"
#include "support/traits.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using procspace::BasicAnyResArc;
using procspace::BasicNamespace;
using procspace::BasicResInner;
using procspace::Registry;
using procspace::ResArc;
using procspace::Resource;
using support::AtomicEntry;
using support::AtomicLog;
using support::AtomicOp;
using support::CountingMemory;
using support::NullCounting;
using support::Tracked;

namespace {

// Memory that writes down what happens, together with the value that is in it.
std::vector<std::string> steps;

struct StepMemory {
    static void* allocate(std::size_t size, std::size_t align) noexcept {
        steps.emplace_back("allocate");
        return CountingMemory::allocate(size, align);
    }
    static void deallocate(void* p, std::size_t size, std::size_t align) noexcept {
        steps.emplace_back("deallocate");
        CountingMemory::deallocate(p, size, align);
    }
};

struct StepTraits : support::PanicTraits {
    using Memory = StepMemory;
};

struct LoggedTraits : support::PanicTraits {
    using Memory = CountingMemory;
    template <class U>
    using Atomic = support::CountingAtomic<U>;
};

struct ForgedTraits : support::PanicTraits {
    using Memory = CountingMemory;
    template <class U>
    using Atomic = support::ForgedAtomic<U>;
};

struct LocalTraits : support::PanicTraits {
    using CurrentNs = procspace::ThreadLocalCurrent<LocalTraits>;
};

struct Step {
    Step() { steps.emplace_back("init"); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;
    ~Step() { steps.emplace_back("drop"); }
};

struct alignas(256) Wide {
    std::array<unsigned char, 300> bytes{};
};

PROCSPACE_RESOURCE(Tracked, value, 7)
PROCSPACE_RESOURCE(Step, step)
PROCSPACE_RESOURCE(Wide, wide)
PROCSPACE_RESOURCE(std::atomic<int>, shared_counter, 1)

using Ns = BasicNamespace<NullCounting>;
using Strings = std::vector<std::string>;

std::size_t count_of(const Ns& ns) {
    return ns.get(value.resource()).use_count();
}

} // namespace

// --- seed 000: definition --------------------------------------------------------------------------------------------

TEST_CASE("Seed 000: a definition makes a static descriptor with layout, initialiser and drop function",
          "[parity][seed:000-1]") {
    const Resource& descriptor = value.resource();
    CHECK(descriptor.layout().size == sizeof(Tracked));
    CHECK(descriptor.layout().align == alignof(Tracked));
    CHECK(wide.resource().layout().align == 256);
    alignas(Tracked) unsigned char bytes[sizeof(Tracked)];
    const std::size_t alive = Tracked::alive();
    descriptor.init(bytes);
    CHECK(Tracked::alive() == alive + 1);
    descriptor.drop(bytes);
    CHECK(Tracked::alive() == alive);
}

TEST_CASE("Seed 000: a definition makes a static wrapper that reaches the resource in every namespace",
          "[parity][seed:000-2]") {
    Ns first;
    const Ns second;
    value.get_mut(first)->value = 70;
    CHECK(value.get(first).value == 70);
    CHECK(value.get(second).value == 7);
}

// --- seed 000: a namespace begins ------------------------------------------------------------------------------------

TEST_CASE("Seed 000: a new namespace initialises all resources with their default values", "[parity][seed:000-3]") {
    const std::size_t constructed = Tracked::constructed();
    const Ns ns;
    CHECK(Tracked::constructed() == constructed + 1);
    CHECK(value.get(ns).value == 7);
    CHECK(shared_counter.get(ns).load(std::memory_order_relaxed) == 1);
    Registry::for_each([&](const Resource& resource) { CHECK(ns.get(resource)); });
}

TEST_CASE("Seed 000: a namespace holds the handles of all resources in one contiguous block", "[parity][seed:000-4]") {
    const std::size_t allocations = CountingMemory::allocations();
    const Ns ns;
    CHECK(CountingMemory::allocations() - allocations == Registry::size() + 1);
    const auto* const first = [&] {
        const BasicAnyResArc<NullCounting>* lowest = nullptr;
        Registry::for_each([&](const Resource& r) { lowest = r.index() == 0 ? &ns.get(r) : lowest; });
        return lowest;
    }();
    Registry::for_each([&](const Resource& resource) { CHECK(&ns.get(resource) == first + resource.index()); });
}

TEST_CASE("Seed 000: one allocation holds the control block and the value", "[parity][seed:000-5]") {
    const std::size_t allocations = CountingMemory::allocations();
    const auto arc = value.create<NullCounting>();
    CHECK(CountingMemory::allocations() == allocations + 1);
    CHECK(arc->value == 7);
}

TEST_CASE("Seed 000: the initialiser is called with the allocated memory", "[parity][seed:000-6]") {
    steps.clear();
    {
        const std::size_t moves = Tracked::moves();
        const std::size_t copies = Tracked::copies();
        const auto arc = step.create<StepTraits>();
        CHECK(steps == Strings{"allocate", "init"});
        const auto tracked = value.create<NullCounting>();
        CHECK(Tracked::moves() == moves); // constructed there, not brought there
        CHECK(Tracked::copies() == copies);
    }
}

TEST_CASE("Seed 000: a new resource has a count of one", "[parity][seed:000-7]") {
    const Ns ns;
    Registry::for_each([&](const Resource& resource) { CHECK(ns.get(resource).use_count() == 1); });
}

// --- seed 000: access ------------------------------------------------------------------------------------------------

TEST_CASE("Seed 000: get always succeeds with read access, whether the resource is shared or not",
          "[parity][seed:000-8]") {
    const Ns src;
    Ns dst;
    CHECK(value.get(src).value == 7);
    value.share_from(dst, src);
    CHECK(value.get(src).value == 7);
    CHECK(value.get(dst).value == 7);
    STATIC_REQUIRE(std::is_same_v<decltype(value.get(dst)), const Tracked&>);
}

TEST_CASE("Seed 000: get_mut succeeds when the count is one", "[parity][seed:000-9]") {
    Ns ns;
    REQUIRE(value.get_mut(ns) != nullptr);
    value.get_mut(ns)->value = 70;
    CHECK(value.get(ns).value == 70);
}

TEST_CASE("Seed 000: get_mut gives nothing while the resource is shared", "[parity][seed:000-10]") {
    Ns first;
    Ns second;
    value.share_from(second, first);
    CHECK(value.get_mut(first) == nullptr);
    CHECK(value.get_mut(second) == nullptr);
}

TEST_CASE("Seed 000: current gives the resource of the current namespace", "[parity][seed:000-11]") {
    const BasicNamespace<LocalTraits> ns;
    const procspace::NamespaceScope scope(ns);
    CHECK(value.current<LocalTraits>().get() == &value.get(ns));
}

TEST_CASE("Seed 000: whether the current namespace is thread-local or global is chosen by configuration",
          "[parity][seed:000-12]") {
    // The original has a feature of the build; here it is the traits' CurrentNs, and both may be in one program.
    const BasicNamespace<LocalTraits> ns;
    const procspace::NamespaceScope scope(ns);
    bool other_thread_sees_it = true;
    std::thread([&] {
        const BasicNamespace<LocalTraits> mine;
        const procspace::NamespaceScope inner(mine);
        other_thread_sees_it = value.current<LocalTraits>().get() == &value.get(ns);
    }).join();
    CHECK_FALSE(other_thread_sees_it);
    STATIC_REQUIRE(std::is_same_v<procspace::CurrentProvider<procspace::DefaultTraits>::type,
                                  procspace::GlobalCurrent<procspace::DefaultTraits>>);
}

TEST_CASE("Seed 000: what current gives dereferences to the value", "[parity][seed:000-13]") {
    const BasicNamespace<LocalTraits> ns;
    const procspace::NamespaceScope scope(ns);
    CHECK((*value.current<LocalTraits>()).value == 7);
    CHECK(value.current<LocalTraits>()->value == 7);
}

// --- seed 000: sharing -----------------------------------------------------------------------------------------------

TEST_CASE("Seed 000: at first each namespace has instances of its own", "[parity][seed:000-14]") {
    const Ns first;
    const Ns second;
    Registry::for_each([&](const Resource& r) { CHECK_FALSE(first.get(r).same_as(second.get(r))); });
}

TEST_CASE("Seed 000: share_from makes dst point to the instance of src and raises its count", "[parity][seed:000-15]") {
    const Ns src;
    Ns dst;
    value.share_from(dst, src);
    CHECK(&value.get(dst) == &value.get(src));
    CHECK(count_of(src) == 2);
    CHECK(count_of(dst) == 2);
}

TEST_CASE("Seed 000: share_from frees the former instance of dst if nobody else refers to it",
          "[parity][seed:000-16]") {
    const Ns src;
    Ns dst;
    const std::size_t alive = Tracked::alive();
    SECTION("nobody") {
        value.share_from(dst, src);
        CHECK(Tracked::alive() == alive - 1);
    }
    SECTION("somebody") {
        const auto pin = value.arc(dst);
        value.share_from(dst, src);
        CHECK(Tracked::alive() == alive);
        CHECK(pin.use_count() == 1);
    }
}

TEST_CASE("Seed 000: a shared instance lives until every namespace is done with it", "[parity][seed:000-17]") {
    const std::size_t alive = Tracked::alive();
    {
        Ns last;
        {
            Ns middle;
            {
                Ns first;
                value.get_mut(first)->value = 70;
                value.share_from(middle, first);
            }
            CHECK(value.get(middle).value == 70);
            value.share_from(last, middle);
        }
        CHECK(value.get(last).value == 70);
        CHECK(count_of(last) == 1);
        CHECK(Tracked::alive() == alive + 1);
    }
    CHECK(Tracked::alive() == alive);
}

// --- seed 000: the end -----------------------------------------------------------------------------------------------

TEST_CASE("Seed 000: the end of a namespace drops all its handles and returns the block that held them",
          "[parity][seed:000-18]") {
    const std::size_t blocks = CountingMemory::live_blocks();
    const std::size_t alive = Tracked::alive();
    { const Ns ns; }
    CHECK(CountingMemory::live_blocks() == blocks);
    CHECK(Tracked::alive() == alive);
}

TEST_CASE("Seed 000: dropping a handle lowers the count atomically", "[parity][seed:000-19]") {
    const auto arc = value.create<LoggedTraits>();
    {
        const auto copy = arc;
        AtomicLog::clear();
    }
    CHECK(AtomicLog::count(AtomicOp::read_modify_write) == 1);
    CHECK(AtomicLog::count(AtomicOp::store) == 0);
    CHECK(arc.use_count() == 1);
}

TEST_CASE("Seed 000: the last reference synchronises before it drops the value and frees the memory",
          "[parity][seed:000-20]") {
    steps.clear();
    { const auto arc = step.create<StepTraits>(); }
    CHECK(steps == Strings{"allocate", "init", "drop", "deallocate"});
    // Planned: an acquire load stands for the fence.
    AtomicLog::clear();
    { const auto arc = value.create<LoggedTraits>(); }
    REQUIRE_FALSE(AtomicLog::entries().empty());
    CHECK((AtomicLog::entries().back() == AtomicEntry{AtomicOp::load, std::memory_order_acquire}));
}

TEST_CASE("Seed 000: while the count stays positive the resource stays alive", "[parity][seed:000-21]") {
    const auto arc = value.create<NullCounting>();
    const std::size_t destroyed = Tracked::destroyed();
    { const auto copy = arc; }
    CHECK(Tracked::destroyed() == destroyed);
    CHECK(arc->value == 7);
}

// --- seed 000: reset -------------------------------------------------------------------------------------------------

TEST_CASE("Seed 000: reset makes a fresh instance and then replaces the handle", "[parity][seed:000-22]") {
    BasicNamespace<StepTraits> ns;
    steps.clear();
    step.reset(ns);
    CHECK(steps == Strings{"allocate", "init", "drop", "deallocate"});
    steps.clear();
}

TEST_CASE("Seed 000: reset ends the old instance when its count reaches zero", "[parity][seed:000-23]") {
    Ns ns;
    const std::size_t alive = Tracked::alive();
    const std::size_t destroyed = Tracked::destroyed();
    value.reset(ns);
    CHECK(Tracked::alive() == alive);
    CHECK(Tracked::destroyed() == destroyed + 1);
}

TEST_CASE("Seed 000: reset returns to the initial state without touching those who share the former one",
          "[parity][seed:000-24]") {
    Ns first;
    Ns second;
    value.get_mut(first)->value = 70;
    value.share_from(second, first);
    value.reset(first);
    CHECK(value.get(first).value == 7);
    CHECK(value.get(second).value == 70);
}

// --- seed 000: memory ------------------------------------------------------------------------------------------------

TEST_CASE("Seed 000: the block begins with the control block and the value follows at a calculated offset",
          "[parity][seed:000-25]") {
    const std::size_t before = CountingMemory::live_bytes();
    const auto arc = wide.create<NullCounting>();
    CHECK(CountingMemory::live_bytes() - before == 256 + sizeof(Wide));
    CHECK(reinterpret_cast<std::uintptr_t>(arc.get()) % 256 == 0);
    STATIC_REQUIRE(sizeof(BasicResInner<NullCounting>) <= 256);

    const Ns ns;
    const auto& any = ns.get(wide.resource());
    auto& inner = BasicResInner<NullCounting>::of(any.body());
    CHECK(&inner.resource() == &wide.resource());
    CHECK(static_cast<void*>(&inner + 1) == any.body());
    CHECK(wide.resource().block_behind<BasicResInner<NullCounting>>().head == 256);
}

TEST_CASE("Seed 000: body points at the value without another indirection", "[parity][seed:000-26]") {
    const Ns ns;
    CHECK(ns.get(wide.resource()).body() == &wide.get(ns));
    CHECK(ns.get(value.resource()).body() == &value.get(ns));
}

TEST_CASE("Seed 000: the count is checked against a maximum so that it cannot overflow", "[parity][seed:000-27]") {
    const auto arc = value.create<ForgedTraits>();
    support::ForgedCount::newest()->store(arc.max_refcount, std::memory_order_relaxed);
    CHECK(support::panic_of([&] { const auto copy = arc; }) != "no panic");
    support::ForgedCount::newest()->store(1, std::memory_order_relaxed);
}

TEST_CASE("Seed 000: one operation frees control block and value", "[parity][seed:000-28]") {
    steps.clear();
    { const auto arc = step.create<StepTraits>(); }
    CHECK(std::count(steps.begin(), steps.end(), "deallocate") == 1);
    CHECK(steps.back() == "deallocate");
}

TEST_CASE("Seed 000: what former owners wrote is visible to the one that ends the value", "[parity][seed:000-29]") {
    struct Sum {
        ~Sum() { total = mine + yours; }
        int mine = 0; // plain: only the count orders them
        int yours = 0;
        int& total;
    };
    // Through the erased form, for a descriptor made here: no other part of the library helps to order anything.
    static int total = 0;
    static const Resource sum(
        "sum", procspace::Layout::of<Sum>(),
        [](void* body) {
            ::new (body) Sum{0, 0, total};
        },
        [](void* body) { static_cast<Sum*>(body)->~Sum(); });
    for (int round = 0; round < 500; ++round) {
        total = 0;
        auto made = BasicAnyResArc<support::SpinHeap>::create(sum);
        REQUIRE(made);
        auto second = made.value;
        std::thread other([&second] {
            second.body_as<Sum>()->yours = 1;
            second = BasicAnyResArc<support::SpinHeap>(procspace::NoValue{});
        });
        made.value.body_as<Sum>()->mine = 1;
        made.value = BasicAnyResArc<support::SpinHeap>(procspace::NoValue{});
        other.join();
        REQUIRE(total == 2);
    }
}

// --- seed 001: the control block -------------------------------------------------------------------------------------

TEST_CASE("Seed 001: the control block refers to the static descriptor", "[parity][seed:001-1]") {
    const Ns ns;
    CHECK(&ns.get(value.resource()).resource() == &value.resource());
}

TEST_CASE("Seed 001: the control block is the descriptor's address and a count of pointer size",
          "[parity][seed:001-2]") {
    STATIC_REQUIRE(sizeof(BasicResInner<NullCounting>) == 2 * sizeof(void*));
    SUCCEED();
}

TEST_CASE("Seed 001: the value has the layout that the definition gave", "[parity][seed:001-3]") {
    const std::size_t before = CountingMemory::live_bytes();
    const auto arc = value.create<NullCounting>();
    CHECK(CountingMemory::live_bytes() - before == 2 * sizeof(void*) + value.resource().layout().size);
}

TEST_CASE("Seed 001: a new resource is laid out, allocated once, given a count of one and initialised",
          "[parity][seed:001-4]") {
    steps.clear();
    {
        const auto made = BasicAnyResArc<StepTraits>::create(step.resource());
        REQUIRE(made);
        CHECK(made.value.use_count() == 1);
        CHECK(steps == Strings{"allocate", "init"});
    }
    steps.clear();
}

TEST_CASE("Seed 001: a handle is one pointer to the control block", "[parity][seed:001-5]") {
    STATIC_REQUIRE(sizeof(ResArc<Tracked>) == sizeof(void*));
    const auto arc = value.create<NullCounting>();
    const auto copy = arc;
    CHECK(arc.get() == copy.get());
}

// --- seed 001: counting ----------------------------------------------------------------------------------------------

TEST_CASE("Seed 001: the count is safe against threads", "[parity][seed:001-6]") {
    const auto arc = value.create<support::SpinHeap>();
    const auto work = [&] {
        for (int i = 0; i < 5000; ++i)
            const auto copy = arc;
    };
    std::thread other(work);
    work();
    other.join();
    CHECK(arc.use_count() == 1);
}

TEST_CASE("Seed 001: a clone raises the count and names the same value", "[parity][seed:001-7]") {
    const auto arc = value.create<NullCounting>();
    const auto copy = arc;
    CHECK(arc.use_count() == 2);
    CHECK(copy.same_as(arc));
}

TEST_CASE("Seed 001: a clone beyond the maximum panics", "[parity][seed:001-8]") {
    const auto arc = value.create<ForgedTraits>();
    auto* const raw = support::ForgedCount::newest();
    raw->store(arc.max_refcount - 1, std::memory_order_relaxed);
    CHECK(support::panic_of([&] {
              const auto fits = arc;
              const auto too_many = arc;
          }).find("reference count overflow") == 0);
    // Planned: the increment is undone first, so a caught panic leaves the count as it was.
    CHECK(arc.use_count() == arc.max_refcount - 1);
    raw->store(1, std::memory_order_relaxed);
}

TEST_CASE("Seed 001: a drop returns while others own the value, and the last one drops and deallocates",
          "[parity][seed:001-9]") {
    steps.clear();
    {
        auto first = step.create<StepTraits>();
        auto second = first;
        first = ResArc<Step, StepTraits>(procspace::NoValue{});
        CHECK(steps == Strings{"allocate", "init"});
        second = ResArc<Step, StepTraits>(procspace::NoValue{});
        CHECK(steps == Strings{"allocate", "init", "drop", "deallocate"});
    }
}

TEST_CASE("Seed 001: the maximum is the largest pointer difference", "[parity][seed:001-10]") {
    STATIC_REQUIRE(ResArc<Tracked>::max_refcount == static_cast<std::size_t>(PTRDIFF_MAX));
    SUCCEED();
}

// --- seed 001: threads -----------------------------------------------------------------------------------------------

TEST_CASE("Seed 001: a handle may be given to another thread and shared with it", "[parity][seed:001-11]") {
    const auto arc = shared_counter.create<support::SpinHeap>();
    std::thread other([copy = arc] { copy->fetch_add(1, std::memory_order_relaxed); });
    arc->fetch_add(1, std::memory_order_relaxed);
    other.join();
    CHECK(arc->load(std::memory_order_relaxed) == 3);
    CHECK(arc.use_count() == 1);
}

TEST_CASE("Seed 001: the increment is relaxed", "[parity][seed:001-12]") {
    const auto arc = value.create<LoggedTraits>();
    AtomicLog::clear();
    const auto copy = arc;
    const std::vector<AtomicEntry> wanted{{AtomicOp::read_modify_write, std::memory_order_relaxed}};
    CHECK((AtomicLog::entries() == wanted));
}

TEST_CASE("Seed 001: the decrement releases", "[parity][seed:001-13]") {
    const auto arc = value.create<LoggedTraits>();
    {
        const auto copy = arc;
        AtomicLog::clear();
    }
    REQUIRE(AtomicLog::count(AtomicOp::read_modify_write) == 1);
    for (const AtomicEntry& entry : AtomicLog::entries())
        if (entry.op == AtomicOp::read_modify_write)
            CHECK(entry.order == std::memory_order_release);
}

TEST_CASE("Seed 001: get_mut acquires", "[parity][seed:001-14]") {
    auto arc = value.create<LoggedTraits>();
    AtomicLog::clear();
    CHECK(arc.get_mut() != nullptr);
    const std::vector<AtomicEntry> wanted{{AtomicOp::load, std::memory_order_acquire}};
    CHECK((AtomicLog::entries() == wanted));
}

TEST_CASE("Seed 001: the last drop acquires before the value is destroyed", "[parity][seed:001-15]") {
    struct Observer {
        ~Observer() { seen = support::ForgedCount::orders(); }
        std::vector<std::memory_order>& seen;
    };
    static std::vector<std::memory_order> seen;
    static const Resource observer(
        "observer", procspace::Layout::of<Observer>(), [](void* body) { ::new (body) Observer{seen}; },
        [](void* body) { static_cast<Observer*>(body)->~Observer(); });
    auto made = BasicAnyResArc<ForgedTraits>::create(observer);
    auto second = made.value;
    support::ForgedCount::clear_orders();
    SECTION("when it was alone all the time") {
        second = BasicAnyResArc<ForgedTraits>(procspace::NoValue{});
        support::ForgedCount::clear_orders();
        made.value = BasicAnyResArc<ForgedTraits>(procspace::NoValue{});
    }
    SECTION("when another owner leaves at the same moment") {
        auto* const raw = support::ForgedCount::newest();
        support::ForgedCount::before_next_rmw([raw] { raw->store(1, std::memory_order_relaxed); });
        made.value = BasicAnyResArc<ForgedTraits>(procspace::NoValue{});
        static_cast<void>(new (&second) BasicAnyResArc<ForgedTraits>(procspace::NoValue{})); // that owner has gone
    }
    REQUIRE_FALSE(seen.empty());
    CHECK(seen.back() == std::memory_order_acquire);
    seen.clear();
}

// --- seed 001: access and namespaces ---------------------------------------------------------------------------------

TEST_CASE("Seed 001: a handle always gives read access", "[parity][seed:001-16]") {
    const auto arc = value.create<NullCounting>();
    CHECK(arc->value == 7);
    const auto copy = arc;
    CHECK(copy->value == 7);
    STATIC_REQUIRE(std::is_same_v<decltype(*arc), const Tracked&>);
}

TEST_CASE("Seed 001: a handle gives write access only when the count is exactly one", "[parity][seed:001-17]") {
    auto arc = value.create<NullCounting>();
    CHECK(arc.get_mut() == arc.get());
    {
        const auto copy = arc;
        CHECK(arc.get_mut() == nullptr);
    }
    CHECK(arc.get_mut() == arc.get());
}

TEST_CASE("Seed 001: share_from clones the handle of src and puts it in the place of that of dst",
          "[parity][seed:001-18]") {
    const BasicNamespace<LoggedTraits> src;
    BasicNamespace<LoggedTraits> dst;
    AtomicLog::clear();
    value.share_from(dst, src);
    CHECK(src.get(value.resource()).same_as(dst.get(value.resource())));
    // One increment; planned: the sole owner of the former value ends it without a read-modify-write.
    CHECK(AtomicLog::count(AtomicOp::read_modify_write) == 1);
}

TEST_CASE("Seed 001: reset drops the old handle and others keep what they share", "[parity][seed:001-19]") {
    Ns ns;
    auto pin = value.arc(ns);
    value.reset(ns);
    CHECK(pin.use_count() == 1);
    CHECK(count_of(ns) == 1);
    CHECK_FALSE(pin.same_as(value.arc(ns)));
}

TEST_CASE("Seed 001: no value is lost and none is ended twice", "[parity][seed:001-20]") {
    const std::size_t alive = Tracked::alive();
    {
        std::vector<Ns> all(4);
        value.share_from(all[1], all[0]);
        value.share_from(all[2], all[1]);
        value.share_from(all[0], all[3]);
        value.reset(all[2]);
        value.share_from(all[3], all[1]);
        const auto pin = value.arc(all[3]);
        all.pop_back();
        CHECK(Tracked::alive() == alive + 3); // one of 0, one of 1 and the pin, one of 2
    }
    CHECK(Tracked::alive() == alive); // a second end of one value is a violation of Tracked
}

TEST_CASE("Seed 001: sharing copies no value", "[parity][seed:001-21]") {
    const Ns src;
    Ns dst;
    const std::size_t constructed = Tracked::constructed();
    const std::size_t allocations = CountingMemory::allocations();
    value.share_from(dst, src);
    CHECK(Tracked::constructed() == constructed);
    CHECK(CountingMemory::allocations() == allocations);
}
