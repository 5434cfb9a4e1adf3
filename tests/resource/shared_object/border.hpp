#pragma once
// What both sides of the border between a program and a shared object say: border.cpp tries keys of its own object on
// namespaces of another.
#include "support/traits.hpp"

#include <procspace/resource/define.hpp>

#include <cstdio>
#include <string>
#include <utility>

namespace border {

struct Traits : support::PanicTraits {};
using Namespace = procspace::BasicNamespace<Traits>;
using Key = procspace::ResWrapper<long>;
using Arc = procspace::ResArc<long, Traits>;

/// Counts what did not hold, and says it.
class Checks {
public:
    void check(bool holds, const std::string& what) {
        if (!holds) {
            std::fprintf(stderr, "%s\n", what.c_str());
            ++failed_;
        }
    }
    template <class F>
    void panics(F&& f, const std::string& what) {
        const std::string said = support::panic_of(std::forward<F>(f));
        check(said.find("no such resource in this namespace") != std::string::npos, what + ": " + said);
    }
    [[nodiscard]] int failed() const { return failed_; }

private:
    int failed_ = 0;
};

/// Everything that can be asked of `foreign`, a namespace that another object made, with a key of this one. `own` is
/// one of this object's. All but the typed get and get_mut must panic, and nothing may change.
inline void try_foreign(Checks& checks, const Key& key, Namespace& foreign, Namespace& own) {
    const std::string name = key.resource().name();
    const Arc before = key.arc(own);
    const std::size_t owners = before.use_count();
    checks.panics([&] { static_cast<void>(foreign.get(key.resource())); }, name + ": erased get");
    checks.panics([&] { static_cast<void>(foreign.get_mut(key.resource())); }, name + ": erased get_mut");
    checks.panics([&] { static_cast<void>(foreign.get_for_children(key.resource())); }, name + ": get_for_children");
    checks.panics([&] { static_cast<void>(key.get_for_children(foreign)); }, name + ": typed get_for_children");
    checks.panics([&] { key.share_from(foreign, own); }, name + ": share_from to there");
    checks.panics([&] { key.share_from(own, foreign); }, name + ": share_from there");
    checks.panics([&] { key.reset(foreign); }, name + ": reset");
    checks.panics([&] { static_cast<void>(key.try_reset(foreign)); }, name + ": try_reset");
    checks.panics([&] { static_cast<void>(key.arc(foreign)); }, name + ": arc");
    checks.panics([&] { static_cast<void>(key.replace(foreign, key.create<Traits>())); }, name + ": replace");
    checks.check(key.arc(own).same_as(before), name + ": the own value changed");
    checks.check(before.use_count() == owners, name + ": the own value has another number of owners");
}

/// As try_foreign, of the operations on whole namespaces.
inline void try_foreign(Checks& checks, Namespace& foreign, Namespace& own) {
    checks.panics([&] { Namespace::enter(own, foreign, procspace::all_resources); }, "enter");
    checks.panics([&] { static_cast<void>(Namespace::try_enter(own, foreign, procspace::all_resources)); },
                  "try_enter");
    checks.panics([&] { Namespace::enter(foreign, own, procspace::all_resources); }, "enter by the foreign one");
}

} // namespace border

/// What plugin.cpp exports. It has six resources; the program has two, and then as many.
struct Plugin {
    /// Tries keys that have no index yet; returns how many checks failed.
    int (*try_early)(border::Namespace& foreign);
    std::size_t (*registry_size)();
    /// These return the number of the check that failed, or 0. The global namespace stays until the program ends.
    int (*use_own)();
    int (*use_global)();
    /// Tries all keys on a namespace of the program; returns how many checks failed.
    int (*try_namespace)(border::Namespace& foreign);
    /// A namespace of the plugin, and its end.
    border::Namespace* (*make)();
    void (*end)(border::Namespace*);
    /// Forks a namespace of the program: that needs no key.
    border::Namespace* (*fork)(const border::Namespace&);
};
