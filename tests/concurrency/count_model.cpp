// The reference count under the C++20 memory model: RefCount, ResArc and Namespace as they are, with a model in the
// place of std::atomic that runs every execution the language allows (support/memory_model.hpp), not only those of this
// machine. Each scenario names the orders (RC1 to RC4, core/ref_count.hpp) on which it depends; that each of these is
// needed is shown by the mutants in CMakeLists.txt, which must fail.
#include "support/memory_model.hpp"

#include <procspace/resource/define.hpp>

#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using support::MemoryModel;
using support::ModelAtomic;
using support::ModelScenario;

struct Panic {};

struct ModelTraits : procspace::DefaultTraits {
    using Memory = support::ModelMemory;
    template <class U>
    using Atomic = ModelAtomic<U>;
    [[noreturn]] static void panic(const char*, procspace::Location) { throw Panic{}; }
};

/// A count of which the numbers between two owners and the limit are left out, so that two owners are at the limit, and
/// of which the pinned number stands four above it: what would take 2^62 owners needs two. Only compared with, never
/// calculated with, the numbers serve as well.
template <class U>
class NearLimit {
public:
    NearLimit(U value) noexcept : few_(value) {}
    U load(std::memory_order order) const { return shown(few_.load(order)); }
    void store(U value, std::memory_order order) { few_.store(value > limit ? owners + 4 : value, order); }
    bool compare_exchange_strong(U& expected, U desired, std::memory_order success, std::memory_order failure) {
        U few = expected < limit ? expected : expected - limit + owners;
        const bool done = few_.compare_exchange_strong(few, desired, success, failure);
        expected = shown(few);
        return done;
    }
    U fetch_add(U n, std::memory_order order) { return shown(few_.fetch_add(n, order)); }
    U fetch_sub(U n, std::memory_order order) { return shown(few_.fetch_sub(n, order)); }

private:
    static constexpr U owners = 2;
    static constexpr U limit = static_cast<U>(std::numeric_limits<std::ptrdiff_t>::max());
    static U shown(U few) noexcept { return few < owners ? few : few - owners + limit; }

    ModelAtomic<U> few_;
};
struct PanickingTraits : ModelTraits {
    template <class U>
    using Atomic = std::conditional_t<std::is_same_v<U, std::size_t>, NearLimit<U>, ModelAtomic<U>>; // not flags
};
struct SaturatingTraits : PanickingTraits {
    static constexpr procspace::Overflow overflow = procspace::Overflow::saturate;
};

struct Value {
    Value() noexcept : cell("the value") {}
    void read() const { cell.read(); }
    void write() { cell.write(); }
    support::ModelCell cell;
};

PROCSPACE_RESOURCE(Value, value)

template <class Traits>
using Arc = procspace::ResArc<Value, Traits>;
using Namespace = procspace::BasicNamespace<ModelTraits>;

// --- what the scenarios are made of ----------------------------------------------------------------------------------

std::string outcome[3]; // what happened to each thread

/// Owners of one value, mostly one for each thread.
template <class Traits>
struct Owners {
    std::optional<Arc<Traits>> arc[3];

    void make(int count) {
        arc[0].emplace(value.create<Traits>());
        for (int i = 1; i < count; ++i)
            arc[i].emplace(*arc[0]);
    }
    void drop(int i) { arc[i].reset(); }
    void drop_all() {
        for (int i = 0; i < 3; ++i)
            drop(i);
    }
    void read_and_drop(int i) {
        (*arc[i])->read();
        drop(i);
    }
    /// Thread `who` makes an owner from the i-th one, uses it and drops it.
    void copy(int who, int i) {
        try {
            const Arc<Traits> another(*arc[i]);
            another->read();
            outcome[who] = "copied";
        } catch (const Panic&) { outcome[who] = "panic"; }
    }
    void copy_and_drop(int i) {
        copy(i, i);
        drop(i);
    }
    void write_if_alone(int i) {
        Value* const mine = arc[i]->get_mut();
        if (mine != nullptr)
            mine->write();
        outcome[i] = mine != nullptr ? "alone" : "shared";
    }
};
Owners<ModelTraits> owners;
Owners<PanickingTraits> panicking;
Owners<SaturatingTraits> saturating;

/// A place where one thread leaves an owner for another.
struct Mailbox {
    std::optional<Arc<ModelTraits>> arc;
    std::optional<ModelAtomic<bool>> full;

    void make() { full.emplace(false); }
    void put(const Arc<ModelTraits>& from, std::memory_order order) {
        arc.emplace(from);
        full->store(true, order);
    }
    void take(std::memory_order order) {
        const bool there = full->load(order);
        outcome[1] = there ? "taken" : "left";
        if (there) {
            (*arc)->read();
            arc.reset();
        }
    }
    void end() {
        arc.reset();
        full.reset();
    }
};
Mailbox mailbox;

/// Three namespaces; the first `sharing` of them name one value.
struct Spaces {
    std::optional<Namespace> ns[3];

    void make(int sharing) {
        for (int i = 0; i < 3; ++i) {
            ns[i].emplace();
            if (i > 0 && i < sharing)
                value.share_from(*ns[i], *ns[0]);
        }
    }
    void end() {
        for (auto& one : ns)
            one.reset();
    }
};
Spaces spaces;

/// The count of a joint block: what has one owner for each value that has not ended.
struct Joint {
    std::optional<procspace::RefCount<ModelTraits>> count;
    std::optional<support::ModelCell> block;
    int returned = 0;

    void make(std::size_t values) {
        count.emplace(values);
        block.emplace("the block");
        returned = 0;
    }
    /// Ends so many values, for whose owners it answers.
    void end(std::size_t values) {
        block->read();
        if (count->decrement(values)) {
            block->write();
            ++returned;
        }
    }
    void end() {
        if (returned != 1)
            MemoryModel::fail("the block was returned " + std::to_string(returned) + " times");
        block.reset();
        count.reset();
    }
};
Joint joint;

/// A namespace that processors claim, and what they do in it.
struct Claimed {
    std::optional<procspace::ActivationMark<ModelTraits>> mark;
    std::optional<support::ModelCell> inside;
    int processors[2] = {};

    /// The first processor has had it before.
    void make() {
        mark.emplace();
        inside.emplace("what is done in the namespace");
        use(0);
    }
    bool claim(int who) {
        const bool mine = mark->claim(&processors[who]) == nullptr;
        outcome[who] = mine ? "claimed" : "refused";
        return mine;
    }
    void leave() {
        inside->write();
        mark->unclaim();
    }
    void use(int who) {
        if (claim(who))
            leave();
    }
    /// As who destroys a namespace: that must see what was done in it.
    void write_if_free(int who) {
        const bool free = !mark->active();
        outcome[who] = free ? "free" : "active";
        if (free)
            inside->write();
    }
    void end() {
        if (mark->active())
            MemoryModel::fail("the mark stays");
        inside.reset();
        mark.reset();
    }
};
Claimed claimed;

void saturation(Arc<SaturatingTraits>& last) {
    outcome[0] += last.use_count() > Arc<SaturatingTraits>::max_refcount ? ", pinned" : ", counted";
    if (Value* const mine = last.get_mut())
        mine->write();
}

// --- the scenarios ---------------------------------------------------------------------------------------------------

struct Case {
    const char* name;
    ModelScenario scenario;
    std::set<std::string> outcomes; // of the threads: those that must all occur, and no other
};

const Case cases[] = {
    // Two threads.
    {"drop against drop: the end of the value follows what both did [RC2 RC3]",
     {[] { owners.make(2); }, {[] { owners.read_and_drop(0); }, [] { owners.read_and_drop(1); }}, [] {}},
     {""}},
    {"copy and drop against drop: a relaxed increment is enough [RC1]",
     {[] { owners.make(2); }, {[] { owners.copy_and_drop(0); }, [] { owners.read_and_drop(1); }}, [] {}},
     {"copied"}},
    {"copy and drop on both sides: a relaxed increment is enough [RC1]",
     {[] { owners.make(2); }, {[] { owners.copy_and_drop(0); }, [] { owners.copy_and_drop(1); }}, [] {}},
     {"copied copied"}},
    {"two copies from one handle: it is alone again when both are gone [RC1 RC3]",
     {[] { owners.make(1); },
      {[] { owners.copy(0, 0); }, [] { owners.copy(1, 0); }},
      [] {
          owners.write_if_alone(0);
          owners.drop(0);
      }},
     {"alone copied"}},
    {"get_mut against drop: a write follows what the former owner did [RC2 RC3]",
     {[] { owners.make(2); },
      {[] { owners.write_if_alone(0); }, [] { owners.read_and_drop(1); }},
      [] { owners.drop(0); }},
     {"alone", "shared"}},
    {"get_mut against get_mut: never both [RC3]",
     {[] { owners.make(2); },
      {[] {
           owners.write_if_alone(0);
           owners.drop(0);
       },
       [] {
           owners.write_if_alone(1);
           owners.drop(1);
       }},
      [] {}},
     {"alone shared", "shared alone", "shared shared"}},
    {"an owner handed over: the increment of the sender may be relaxed [RC1]",
     {[] {
          owners.make(1);
          mailbox.make();
      },
      {[] {
           mailbox.put(*owners.arc[0], std::memory_order_release);
           owners.read_and_drop(0);
       },
       [] { mailbox.take(std::memory_order_acquire); }},
      [] { mailbox.end(); }},
     {" taken", " left"}},
    {"share_from against reset: the value that both leave ends once [RC2 RC3]",
     {[] { spaces.make(2); },
      {[] {
           value.get(*spaces.ns[0]).read();
           value.share_from(*spaces.ns[0], *spaces.ns[2]);
       },
       [] {
           value.get(*spaces.ns[1]).read();
           value.reset(*spaces.ns[1]);
       }},
      [] { spaces.end(); }},
     {""}},
    {"a pin against the end of its namespace: it keeps the value, in the end alone [RC2 RC3]",
     {[] {
          spaces.make(1);
          owners.arc[1].emplace(value.arc(*spaces.ns[0]));
      },
      {[] {
           value.get(*spaces.ns[0]).read();
           spaces.ns[0].reset();
       },
       [] { owners.write_if_alone(1); }},
      [] {
          owners.drop(1);
          spaces.end();
      }},
     {" alone", " shared"}},
    {"two owners at once against one: whoever is last returns the block, after all [RC2 RC3]",
     {[] { joint.make(3); }, {[] { joint.end(2); }, [] { joint.end(1); }}, [] { joint.end(); }},
     {""}},
    {"copy at the limit against drop: the count is intact after a panic [RC4]",
     {[] { panicking.make(2); }, {[] { panicking.copy_and_drop(0); }, [] { panicking.read_and_drop(1); }}, [] {}},
     {"copied", "panic"}},
    {"copies at the limit on both sides: the count is intact after the panics [RC4]",
     {[] { panicking.make(2); }, {[] { panicking.copy_and_drop(0); }, [] { panicking.copy_and_drop(1); }}, [] {}},
     {"copied panic", "panic copied", "panic panic"}},
    {"copy at a saturating limit against drop: pinned or counted, never destroyed too early [RC4]",
     {[] { saturating.make(2); },
      {[] { saturating.copy_and_drop(0); }, [] { saturating.read_and_drop(1); }},
      [] {},
      true},
     {"copied"}},
    {"many copies at a saturating limit: no number of them leads out of the pinned range [RC4]",
     {[] { saturating.make(2); },
      {[] {
           { const Arc<SaturatingTraits> a(*saturating.arc[0]), b(a), c(a), d(a), e(a), f(a); }
           outcome[0] = "copied";
       },
       [] { saturating.read_and_drop(1); }},
      [] {
          saturation(*saturating.arc[0]);
          saturating.drop(0);
      },
      true},
     {"copied, pinned"}},

    {"claim against claim: never both at once, and each sees what the other did [trap:44]",
     {[] { claimed.make(); }, {[] { claimed.use(0); }, [] { claimed.use(1); }}, [] { claimed.end(); }},
     {"claimed claimed", "claimed refused", "refused claimed"}},
    {"a claim against the end of the namespace: seen as active, or all that was done there [trap:44]",
     {[] {
          claimed.make();
          claimed.claim(0);
      },
      {[] { claimed.leave(); }, [] { claimed.write_if_free(1); }},
      [] { claimed.end(); }},
     {"claimed active", "claimed free"}},

    // Three threads.
    {"three drops: the end of the value follows what all did [RC2 RC3]",
     {[] { owners.make(3); },
      {[] { owners.read_and_drop(0); }, [] { owners.read_and_drop(1); }, [] { owners.read_and_drop(2); }},
      [] {}},
     {""}},
    {"get_mut against two drops: a write follows what both did [RC2 RC3]",
     {[] { owners.make(3); },
      {[] { owners.write_if_alone(0); }, [] { owners.read_and_drop(1); }, [] { owners.read_and_drop(2); }},
      [] { owners.drop(0); }},
     {"alone", "shared"}},
    {"copy and drop against two drops: a relaxed increment is enough [RC1]",
     {[] { owners.make(3); },
      {[] { owners.copy_and_drop(0); }, [] { owners.read_and_drop(1); }, [] { owners.read_and_drop(2); }},
      [] {}},
     {"copied"}},
    {"copy and drop on two sides against a drop: a relaxed increment is enough [RC1]",
     {[] { owners.make(3); },
      {[] { owners.copy_and_drop(0); }, [] { owners.copy_and_drop(1); }, [] { owners.read_and_drop(2); }},
      [] {}},
     {"copied copied"}},
    {"an owner handed over against a drop: a third thread takes it or not [RC1]",
     {[] {
          owners.make(3);
          owners.drop(1);
          mailbox.make();
      },
      {[] {
           mailbox.put(*owners.arc[0], std::memory_order_release);
           owners.read_and_drop(0);
       },
       [] { mailbox.take(std::memory_order_acquire); }, [] { owners.read_and_drop(2); }},
      [] { mailbox.end(); }},
     {" taken", " left"}},
    {"reset by three namespaces: the value that all leave ends once [RC2 RC3]",
     {[] { spaces.make(3); },
      {[] {
           value.get(*spaces.ns[0]).read();
           value.reset(*spaces.ns[0]);
       },
       [] {
           value.get(*spaces.ns[1]).read();
           value.reset(*spaces.ns[1]);
       },
       [] {
           value.get(*spaces.ns[2]).read();
           value.reset(*spaces.ns[2]);
       }},
      [] { spaces.end(); }},
     {""}},
    {"owners of a block in twos and ones: whoever is last returns it, after all [RC2 RC3]",
     {[] { joint.make(4); }, {[] { joint.end(2); }, [] { joint.end(1); }, [] { joint.end(1); }}, [] { joint.end(); }},
     {""}},
    {"two copies at the limit against a drop: the count is intact after the panics [RC4]",
     {[] { panicking.make(2); },
      {[] { panicking.copy(0, 0); }, [] { panicking.copy(1, 0); }, [] { panicking.read_and_drop(1); }},
      [] { panicking.drop(0); }},
     {"copied copied", "copied panic", "panic copied", "panic panic"}},
    {"two copies at a saturating limit against a drop: never destroyed too early [RC4]",
     {[] { saturating.make(2); },
      {[] { saturating.copy(0, 0); }, [] { saturating.copy(1, 0); }, [] { saturating.read_and_drop(1); }},
      [] {
          saturation(*saturating.arc[0]);
          saturating.drop(0);
      },
      true},
     {"copied, pinned copied", "copied, counted copied"}},
};

struct Failure {};

std::size_t explore(const Case& one, bool cutting) {
    ModelScenario scenario = one.scenario;
    std::set<std::string> outcomes;
    scenario.before = [&] {
        for (std::string& text : outcome)
            text.clear();
        one.scenario.before();
    };
    scenario.after = [&] {
        one.scenario.after();
        std::string text = outcome[0];
        for (int i = 1; i < 3; ++i)
            text += outcome[i].empty() ? "" : " " + outcome[i];
        outcomes.insert(text);
        if (one.outcomes.count(text) == 0)
            MemoryModel::fail("not among the outcomes: '" + text + "'");
    };
    const support::Exploration result = MemoryModel(cutting).explore(scenario);
    std::printf("%8zu executions, %8zu cut: %s\n", result.executions, result.cut, one.name);
    if (!result.violation.empty()) {
        std::printf("%s: %s\n", one.name, result.violation.c_str());
        throw Failure();
    }
    for (const std::string& text : one.outcomes)
        if (outcomes.count(text) == 0) {
            std::printf("%s: '%s' never happened\n", one.name, text.c_str());
            throw Failure();
        }
    return result.executions;
}

} // namespace

// Without arguments all scenarios; with one, those whose name contains it. "--all" tries each schedule to its end.
int main(int argc, char** argv) {
    std::size_t count = 0;
    std::size_t executions = 0;
    try {
        for (const Case& one : cases)
            if (argc < 2 || std::strstr(one.name, argv[1]) != nullptr) {
                executions += explore(one, argc < 3);
                ++count;
            }
    } catch (const Failure&) { return 1; }
    std::printf("%zu scenarios, %zu executions, each without race, leak or double end\n", count, executions);
    return count > 0 ? 0 : 2;
}
