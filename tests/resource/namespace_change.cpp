// [R8] fork, unshare and enter: what each policy does, and that each is a transaction.
#include <procspace/resource/namespace_change.hpp>

#include <procspace/resource/define.hpp>

#include "support/catch.hpp"
#include "support/counting_atomic.hpp"
#include "support/forged_atomic.hpp"
#include "support/tracked.hpp"
#include "support/traits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <utility>
#include <vector>

using procspace::all_resources;
using procspace::BasicNamespace;
using procspace::Errno;
using procspace::ForkRule;
using procspace::NamespaceChange;
using procspace::ResourcePolicy;
using support::CountingMemory;
using support::DepthFailing;
using support::FailNth;
using support::NullCounting;
using support::Tracked;
using support::TrackedThrowing;

namespace {

// Flags of this test: two that share, two that renew.
constexpr std::uint64_t share_files = 0x1;
constexpr std::uint64_t share_signals = 0x2;
constexpr std::uint64_t new_uts = 0x10;
constexpr std::uint64_t new_net = 0x20;
constexpr std::uint64_t new_pids = std::uint64_t{1} << 40;
constexpr std::uint64_t new_guarded = 0x80;
constexpr std::uint64_t never = 0x100;

constexpr ResourcePolicy files_policy{
    .on_fork = ForkRule::copy, .share_flag = share_files, .on_unshare = ForkRule::copy, .enterable = false};
constexpr ResourcePolicy signals_policy{
    .on_fork = ForkRule::fresh, .share_flag = share_signals, .on_unshare = ForkRule::share};
constexpr ResourcePolicy uts_policy{.share_flag = new_uts, .on_unshare = ForkRule::copy};
constexpr ResourcePolicy net_policy{.share_flag = new_net};
constexpr ResourcePolicy pids_policy{.share_flag = new_pids, .on_unshare = ForkRule::copy, .next_child_only = true};

// What the hook was asked, and what it says.
struct Question {
    NamespaceChange change;
    const void* from;
    const void* to;
};
std::vector<Question> questions;
Errno answer = Errno::ok;

constexpr ResourcePolicy guarded_policy{.share_flag = new_guarded,
                                        .authorise = [](NamespaceChange change, const void* from, const void* to) {
                                            questions.push_back({change, from, to});
                                            return answer;
                                        }};

PROCSPACE_RESOURCE_WITH(files_policy, TrackedThrowing, files, 3)
PROCSPACE_RESOURCE_WITH(signals_policy, TrackedThrowing, signals, 4)
PROCSPACE_RESOURCE_WITH(uts_policy, TrackedThrowing, uts, 5)
PROCSPACE_RESOURCE_WITH(net_policy, TrackedThrowing, net, 6)
PROCSPACE_RESOURCE_WITH(pids_policy, TrackedThrowing, pids, 7)
PROCSPACE_RESOURCE_WITH(guarded_policy, TrackedThrowing, guarded, 8)
PROCSPACE_RESOURCE(TrackedThrowing, plain, 9)

template <class Traits>
using Ns = BasicNamespace<Traits>;

// Its destructor looks at what stands in its place.
struct Looking {
    const Ns<NullCounting>* at = nullptr;
    const void** seen = nullptr;
    ~Looking();
};
constexpr std::uint64_t new_looking = 0x200;
constexpr ResourcePolicy looking_policy{.share_flag = new_looking};
PROCSPACE_RESOURCE_WITH(looking_policy, Looking, looking)
Looking::~Looking() {
    if (at != nullptr)
        *seen = &looking.get(*at);
}

// Where every value of a namespace is: equal before and after means that nothing changed.
template <class Traits>
std::array<const Tracked*, 14> identity(const Ns<Traits>& ns) {
    return {&files.get(ns),
            &signals.get(ns),
            &uts.get(ns),
            &net.get(ns),
            &pids.get(ns),
            &guarded.get(ns),
            &plain.get(ns),
            &files.get_for_children(ns),
            &signals.get_for_children(ns),
            &uts.get_for_children(ns),
            &net.get_for_children(ns),
            &pids.get_for_children(ns),
            &guarded.get_for_children(ns),
            &plain.get_for_children(ns)};
}

template <class Traits, class Key>
bool shared(const Key& key, const Ns<Traits>& a, const Ns<Traits>& b) {
    return &key.get(a) == &key.get(b);
}

// The hook's memory belongs to one case each.
struct Hook {
    Hook() {
        questions.clear();
        answer = Errno::ok;
    }
    ~Hook() {
        questions.clear();
        answer = Errno::ok;
    }
};

} // namespace

PROCSPACE_TRAITS_TEST_CASE("Namespace::fork: shares, copies and renews as the policies say", "[resource][fork][R8]") {
    const Hook hook;
    Ns<TestType> parent;
    files.get_mut(parent)->value = 30;
    signals.get_mut(parent)->value = 40;
    uts.get_mut(parent)->value = 50;

    SECTION("without flags") {
        const auto child = Ns<TestType>::fork(parent);
        CHECK_FALSE(shared(files, parent, child));
        CHECK(files.get(child).value == 30);
        CHECK_FALSE(shared(signals, parent, child));
        CHECK(signals.get(child).value == 4);
        CHECK(shared(uts, parent, child));
        CHECK(shared(net, parent, child));
        CHECK(shared(pids, parent, child));
        CHECK(shared(guarded, parent, child));
        CHECK(shared(plain, parent, child));
    }
    SECTION("with every flag set") {
        const auto child = Ns<TestType>::fork(parent, share_files | share_signals | new_uts | new_net | new_pids |
                                                          new_guarded | never);
        CHECK(shared(files, parent, child));
        CHECK(shared(signals, parent, child));
        CHECK_FALSE(shared(uts, parent, child));
        CHECK(uts.get(child).value == 50);
        CHECK_FALSE(shared(net, parent, child));
        CHECK(net.get(child).value == 6);
        CHECK_FALSE(shared(pids, parent, child));
        CHECK_FALSE(shared(guarded, parent, child));
        CHECK(shared(plain, parent, child));
    }
}

TEST_CASE("Namespace::fork: sharing everything is one allocation and makes no value", "[resource][fork][R8]") {
    const Ns<NullCounting> parent;
    const std::size_t allocations = CountingMemory::allocations();
    const std::size_t constructed = Tracked::constructed();
    const auto child = Ns<NullCounting>::fork(parent, share_files | share_signals);
    CHECK(CountingMemory::allocations() == allocations + 1);
    CHECK(Tracked::constructed() == constructed);
    CHECK(identity(parent) == identity(child));
}

TEST_CASE("Namespace::fork: copies no more than the policies ask for", "[resource][fork][R8]") {
    const Ns<NullCounting> parent;
    const std::size_t allocations = CountingMemory::allocations();
    const std::size_t constructed = Tracked::constructed();
    const auto child = Ns<NullCounting>::fork(parent);
    CHECK(CountingMemory::allocations() == allocations + 3);
    CHECK(Tracked::constructed() == constructed + 2);
}

PROCSPACE_TRAITS_TEST_CASE("Namespace::unshare: gives own values for the selected resources only",
                           "[resource][unshare][R8]") {
    Ns<TestType> parent;
    uts.get_mut(parent)->value = 50;
    net.get_mut(parent)->value = 60;
    auto child = Ns<TestType>::fork(parent, share_files | share_signals);
    REQUIRE(Ns<TestType>::try_unshare(child, share_files | new_uts | new_net));
    CHECK_FALSE(shared(files, parent, child));
    CHECK_FALSE(shared(uts, parent, child));
    CHECK(uts.get(child).value == 50);
    CHECK_FALSE(shared(net, parent, child));
    CHECK(net.get(child).value == 6);
    CHECK(shared(signals, parent, child));
    CHECK(shared(pids, parent, child));
    CHECK(shared(plain, parent, child));
    CHECK(files.get_mut(parent) != nullptr);
}

TEST_CASE("Namespace::unshare: a copy that nobody shares stays, what is to be fresh is made anew",
          "[resource][unshare][R8]") {
    Ns<NullCounting> ns;
    net.get_mut(ns)->value = 60;
    const auto before = identity(ns);
    Ns<NullCounting>::unshare(ns, share_files | new_uts);
    CHECK(identity(ns) == before);
    Ns<NullCounting>::unshare(ns, new_net);
    CHECK(net.get(ns).value == 6);
}

TEST_CASE("Namespace::unshare: all resources at once leave out what cannot be unshared", "[resource][unshare][R8]") {
    Ns<NullCounting> parent;
    auto child = Ns<NullCounting>::fork(parent, share_files | share_signals);
    Ns<NullCounting>::unshare(child, all_resources);
    CHECK(shared(signals, parent, child));
    CHECK_FALSE(shared(files, parent, child));
    CHECK_FALSE(shared(plain, parent, child));
}

TEST_CASE("Namespace::unshare: what concerns the next child only leaves the namespace its own value",
          "[resource][unshare][R8]") {
    Ns<NullCounting> ns;
    const Tracked* const own = &pids.get(ns);
    Ns<NullCounting>::unshare(ns, new_pids);
    CHECK(&pids.get(ns) == own);
    const Tracked* const next = &pids.get_for_children(ns);
    CHECK(next != own);
    CHECK(&plain.get_for_children(ns) == &plain.get(ns));

    auto child = Ns<NullCounting>::fork(ns);
    CHECK(&pids.get(child) == next);
    CHECK(&pids.get_for_children(child) == next);
    const auto grandchild = Ns<NullCounting>::fork(child, new_pids);
    CHECK(&pids.get(grandchild) != next);
    CHECK(&pids.get_for_children(child) == next);

    const auto moved = std::move(ns);
    CHECK(&pids.get(moved) == own);
    CHECK(&pids.get_for_children(moved) == next);
}

TEST_CASE("Namespace::unshare: an unknown flag, or one that nothing can follow, is refused and changes nothing",
          "[resource][unshare][R8][trap:26]") {
    Ns<NullCounting> parent;
    auto child = Ns<NullCounting>::fork(parent, share_files | share_signals);
    const auto before = identity(child);
    CHECK(Ns<NullCounting>::try_unshare(child, new_uts | never).error == Errno::invalid);
    CHECK(Ns<NullCounting>::try_unshare(child, new_uts | share_signals).error == Errno::invalid);
    CHECK(identity(child) == before);
    CHECK(support::panic_of([&] { Ns<NullCounting>::unshare(child, never); }) != "no panic");
    CHECK(Ns<NullCounting>::try_unshare(child, 0));
    CHECK(identity(child) == before);
}

PROCSPACE_TRAITS_TEST_CASE("Namespace::enter: takes over the values of another namespace", "[resource][enter][R8]") {
    const Ns<TestType> target;
    Ns<TestType> ns;
    const Tracked* const own_pids = &pids.get(ns);

    SECTION("those that are selected") {
        REQUIRE(Ns<TestType>::try_enter(ns, target, new_uts | new_pids));
        CHECK(shared(uts, ns, target));
        CHECK_FALSE(shared(net, ns, target));
        CHECK(&pids.get(ns) == own_pids);
        CHECK(&pids.get_for_children(ns) == &pids.get(target));
    }
    SECTION("all that can be entered") {
        REQUIRE(Ns<TestType>::try_enter(ns, target, all_resources));
        CHECK(shared(uts, ns, target));
        CHECK(shared(net, ns, target));
        CHECK(shared(plain, ns, target));
        CHECK_FALSE(shared(files, ns, target));
    }
    SECTION("and nothing for a flag that is not enterable or unknown") {
        const auto before = identity(ns);
        CHECK(Ns<TestType>::try_enter(ns, target, new_uts | share_files).error == Errno::invalid);
        CHECK(Ns<TestType>::try_enter(ns, target, new_uts | never).error == Errno::invalid);
        CHECK(identity(ns) == before);
    }
    SECTION("and its own without effect") {
        const auto before = identity(ns);
        REQUIRE(Ns<TestType>::try_enter(ns, ns, all_resources));
        CHECK(identity(ns) == before);
        CHECK(uts.get_mut(ns) != nullptr);
    }
}

TEST_CASE("Namespace::enter: what waits for the next child can be entered again, the namespace's own included",
          "[resource][enter][R8]") {
    const Ns<NullCounting> first;
    const Ns<NullCounting> second;
    Ns<NullCounting> ns;
    Ns<NullCounting>::enter(ns, first, new_pids);
    Ns<NullCounting>::enter(ns, second, new_pids);
    CHECK(&pids.get_for_children(ns) == &pids.get(second));
    CHECK(pids.arc(first).use_count() == 2);
    Ns<NullCounting>::enter(ns, ns, new_pids);
    CHECK(&pids.get_for_children(ns) == &pids.get(ns));
    CHECK(pids.arc(second).use_count() == 2);
}

namespace {
struct LoggedAtomics : NullCounting {
    template <class U>
    using Atomic = support::CountingAtomic<U>;
};
} // namespace

TEST_CASE("Namespace::enter: counts nothing for what is shared already", "[resource][enter][R8]") {
    const Ns<LoggedAtomics> target;
    Ns<LoggedAtomics> ns;
    support::AtomicLog::clear();
    Ns<LoggedAtomics>::enter(ns, target, new_uts | new_net);
    CHECK(support::AtomicLog::count(support::AtomicOp::read_modify_write) == 2);
    support::AtomicLog::clear();
    Ns<LoggedAtomics>::enter(ns, target, new_uts | new_net);
    CHECK(support::AtomicLog::count(support::AtomicOp::read_modify_write) == 0);
}

TEST_CASE("Namespace::unshare: costs one allocation and one for each value", "[resource][unshare][R8]") {
    const Ns<NullCounting> parent;
    auto child = Ns<NullCounting>::fork(parent);
    const std::size_t allocations = CountingMemory::allocations();
    Ns<NullCounting>::unshare(child, new_uts | new_net);
    CHECK(CountingMemory::allocations() == allocations + 1 + 2);
}

TEST_CASE("Namespace: the hook of a resource is asked before anything is made, and its answer is final",
          "[resource][fork][unshare][enter][R8]") {
    const Hook hook;
    Ns<NullCounting> ns;
    const Ns<NullCounting> target;
    const auto before = identity(ns);
    const auto unchanged = [&](Errno error) {
        CHECK(error == Errno::permission);
        CHECK(identity(ns) == before);
    };
    answer = Errno::permission;
    const std::size_t allocations = CountingMemory::allocations();
    unchanged(Ns<NullCounting>::try_fork(ns, new_guarded | new_uts).error);
    unchanged(Ns<NullCounting>::try_unshare(ns, new_guarded | new_uts).error);
    unchanged(Ns<NullCounting>::try_enter(ns, target, new_guarded | new_uts).error);
    CHECK(CountingMemory::allocations() == allocations);

    REQUIRE(questions.size() == 3);
    CHECK(questions[0].change == NamespaceChange::fork);
    CHECK(questions[0].from == &guarded.get(ns));
    CHECK(questions[0].to == nullptr);
    CHECK(questions[1].change == NamespaceChange::unshare);
    CHECK(questions[2].change == NamespaceChange::enter);
    CHECK(questions[2].to == &guarded.get(target));

    // Not asked about what its flag does not concern.
    CHECK(Ns<NullCounting>::try_fork(ns, new_uts));
    CHECK(Ns<NullCounting>::try_unshare(ns, new_uts));
    CHECK(questions.size() == 3);
    CHECK(support::panic_of([&] { static_cast<void>(Ns<NullCounting>::fork(ns, new_guarded)); }) != "no panic");
}

namespace {

constexpr std::uint64_t every_new = new_uts | new_net | new_pids | new_guarded;

// All three changes, from a world in which each has something to do.
struct World {
    Ns<DepthFailing> parent;
    Ns<DepthFailing> child = Ns<DepthFailing>::fork(parent, share_files | share_signals);
    Ns<DepthFailing> other;
};

// Runs `change` with everything that can fail failing once, at each position, by `arm(n)` and `disarm()`.
template <class Change, class Arm>
std::size_t failures(Change change, Arm arm) {
    for (std::size_t n = 1;; ++n) {
        World world;
        const auto parent = identity(world.parent);
        const auto child = identity(world.child);
        const auto other = identity(world.other);
        const std::size_t alive = Tracked::alive();
        const std::size_t blocks = CountingMemory::live_blocks();
        arm(n);
        bool failed = false;
        try {
            failed = !change(world);
        } catch (const support::TrackedError&) { failed = true; }
        arm(0);
        if (!failed)
            return n - 1;
        CHECK(identity(world.parent) == parent);
        CHECK(identity(world.child) == child);
        CHECK(identity(world.other) == other);
        CHECK(Tracked::alive() == alive);
        CHECK(CountingMemory::live_blocks() == blocks);
    }
}

bool fork_all(World& world) {
    return static_cast<bool>(Ns<DepthFailing>::try_fork(world.parent, every_new));
}
bool unshare_all(World& world) {
    return static_cast<bool>(Ns<DepthFailing>::try_unshare(world.child, every_new | share_files));
}
bool enter_all(World& world) {
    return static_cast<bool>(Ns<DepthFailing>::try_enter(world.child, world.other, all_resources));
}

} // namespace

TEST_CASE("Namespace: a change that runs out of memory anywhere has changed nothing",
          "[resource][fork][unshare][enter][R4][R8]") {
    const Hook hook;
    const auto arm = [](std::size_t n) { FailNth::arm(n); };
    CHECK(failures(fork_all, arm) == 1 + 6);    // the array; files, signals and the four of every_new
    CHECK(failures(unshare_all, arm) == 2 + 5); // the candidate and what waits for the next child; five values
    CHECK(failures(enter_all, arm) == 2);
}

TEST_CASE("Namespace: a change whose copies or initialisers throw anywhere has changed nothing",
          "[resource][fork][unshare][R4][R8]") {
    const Hook hook;
    const auto arm = [](std::size_t n) { Tracked::throw_in_constructor(n); };
    CHECK(failures(fork_all, arm) == 6);
    CHECK(failures(unshare_all, arm) == 5);
    CHECK(failures(enter_all, arm) == 0);
}

TEST_CASE("Namespace: a replaced value whose destructor throws is gone, and the change has been made",
          "[resource][unshare][R4][R8]") {
    const auto n = GENERATE(std::size_t{1}, std::size_t{2});
    const std::size_t alive = Tracked::alive();
    {
        Ns<NullCounting> ns;
        const auto before = identity(ns);
        const std::size_t values = Tracked::alive();
        const Ns<NullCounting> target;
        TrackedThrowing::throw_in_destructor(n);
        CHECK_THROWS_AS(Ns<NullCounting>::enter(ns, target, new_uts | new_net), support::TrackedError);
        CHECK(shared(uts, ns, target));
        CHECK(shared(net, ns, target));
        CHECK(&plain.get(ns) == before[6]);
        CHECK(Tracked::alive() == 2 * (values - alive) - 2 + alive);
    }
    CHECK(Tracked::alive() == alive);
}

namespace {

// A value whose end fails as if there were no memory.
struct EndsBadly {
    EndsBadly() = default;
    EndsBadly(const EndsBadly&) = default;
    EndsBadly& operator=(const EndsBadly&) = default;
    ~EndsBadly() noexcept(false) {
        if (armed) {
            armed = false;
            throw std::bad_alloc();
        }
    }
    inline static bool armed = false;
};
constexpr ResourcePolicy ends_badly_policy{.share_flag = 0x1000};
PROCSPACE_RESOURCE_WITH(ends_badly_policy, EndsBadly, ends_badly)

} // namespace

TEST_CASE("Namespace: a destructor that throws bad_alloc does not look like a change that failed",
          "[resource][unshare][R4]") {
    Ns<NullCounting> ns;
    const EndsBadly* const before = &ends_badly.get(ns);
    EndsBadly::armed = true;
    SECTION("of try_unshare") {
        CHECK_THROWS_AS(static_cast<void>(Ns<NullCounting>::try_unshare(ns, 0x1000)), std::bad_alloc);
    }
    SECTION("of try_reset") {
        CHECK_THROWS_AS(static_cast<void>(ends_badly.try_reset(ns)), std::bad_alloc);
    }
    CHECK(&ends_badly.get(ns) != before);
}

TEST_CASE("Namespace: the destructor of a value that a change replaces sees the new one",
          "[resource][unshare][enter][R4][R8]") {
    Ns<NullCounting> ns;
    const Ns<NullCounting> target;
    const void* seen = nullptr;
    looking.get_mut(ns)->at = &ns;
    looking.get_mut(ns)->seen = &seen;
    SECTION("unshare") {
        Ns<NullCounting>::unshare(ns, new_looking);
    }
    SECTION("enter") {
        Ns<NullCounting>::enter(ns, target, new_looking);
    }
    CHECK(seen == &looking.get(ns));
}

TEST_CASE("Namespace: the destructor of a value that waits for the next child may throw like any other",
          "[resource][unshare][R4]") {
    const std::size_t alive = Tracked::alive();
    {
        auto* const ns = new Ns<NullCounting>;
        const auto others = Ns<NullCounting>::fork(*ns, share_files | share_signals); // keeps all but the waiting one
        Ns<NullCounting>::unshare(*ns, new_pids);
        TrackedThrowing::throw_in_destructor(1);
        CHECK_THROWS_AS(delete ns, support::TrackedError);
    }
    CHECK(Tracked::alive() == alive);
}

TEST_CASE("Namespace: a pin outlives the namespace it came from and can be put into another one",
          "[resource][arc][R8]") {
    Ns<NullCounting> later;
    auto pin = [] {
        Ns<NullCounting> gone;
        uts.get_mut(gone)->value = 77;
        return uts.arc(gone);
    }();
    CHECK(pin.use_count() == 1);
    const auto former = uts.replace(later, pin);
    CHECK(uts.get(later).value == 77);
    CHECK(uts.arc(later).same_as(pin));
    CHECK_FALSE(former.same_as(pin));
}

TEST_CASE("Namespace: forking one that was moved from makes one of that kind, which every other access reports",
          "[resource][fork]") {
    Ns<NullCounting> ns;
    const Ns<NullCounting> taken(std::move(ns));
    CHECK_THAT(support::panic_of([&] { static_cast<void>(ns.get(uts.resource())); }),
               StartsWith("no such resource in this namespace"));
    CHECK_THAT(support::panic_of([&] { static_cast<void>(uts.get_for_children(ns)); }),
               StartsWith("no such resource in this namespace"));
    CHECK_THAT(support::panic_of([&] { uts.share_from(ns, taken); }), StartsWith("no such resource in this namespace"));
    Ns<NullCounting> whole;
    CHECK_THAT(support::panic_of([&] { Ns<NullCounting>::enter(whole, ns, new_uts); }),
               StartsWith("no such resource in this namespace"));
    // It has no resource that a flag could name.
    CHECK(Ns<NullCounting>::try_enter(ns, taken, new_uts).error == Errno::invalid);
    CHECK(Ns<NullCounting>::try_unshare(ns, new_uts).error == Errno::invalid);
}

namespace {
struct Forged : support::PanicTraits {
    using Memory = CountingMemory;
    template <class U>
    using Atomic = support::ForgedAtomic<U>;
};
} // namespace

TEST_CASE("Namespace: an overflow of a count in the middle of a fork leaves every count as it was",
          "[resource][fork][R3]") {
    constexpr std::size_t most = procspace::ResArc<TrackedThrowing, Forged>::max_refcount;
    Ns<Forged> ns;
    plain.reset(ns);
    auto* const count = support::ForgedCount::newest();
    const auto before = identity(ns);
    const std::size_t blocks = CountingMemory::live_blocks();
    count->store(most, std::memory_order_relaxed);
    CHECK_THAT(support::panic_of([&] { static_cast<void>(Ns<Forged>::fork(ns)); }),
               StartsWith("reference count overflow"));
    CHECK(count->load(std::memory_order_relaxed) == most);
    count->store(1, std::memory_order_relaxed);
    CHECK(identity(ns) == before);
    CHECK(CountingMemory::live_blocks() == blocks);
    CHECK(uts.arc(ns).use_count() == 2);
}
