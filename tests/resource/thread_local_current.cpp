#include <procspace/resource/thread_local_current.hpp>

#include "scripted.hpp"
#include "support/catch.hpp"
#include "support/traits.hpp"

#include <memory>
#include <string>
#include <thread>

using procspace::BasicNamespace;
using procspace::global_ns;
using procspace::NamespaceScope;
using procspace::ThreadLocalCurrent;

namespace {

struct Traits : support::PanicTraits {
    using CurrentNs = ThreadLocalCurrent<Traits>;
};
using Ns = BasicNamespace<Traits>;

const int* current_number() {
    return number.current<Traits>().get();
}

} // namespace

TEST_CASE("ThreadLocalCurrent: outside of any scope the global namespace is current", "[resource][thread_local][R7]") {
    CHECK(current_number() == &number.get(global_ns<Traits>()));
}

TEST_CASE("ThreadLocalCurrent: scopes nest and each leave restores the one before", "[resource][thread_local][R7]") {
    const Ns outer;
    const Ns inner;
    {
        const NamespaceScope first(outer);
        CHECK(current_number() == &number.get(outer));
        {
            const NamespaceScope second(inner);
            CHECK(current_number() == &number.get(inner));
            const NamespaceScope again(outer);
            CHECK(current_number() == &number.get(outer));
        }
        CHECK(current_number() == &number.get(outer));
    }
    CHECK(current_number() == &number.get(global_ns<Traits>()));
}

TEST_CASE("ThreadLocalCurrent: a scope in one thread is not seen by another", "[resource][thread_local][trap:44]") {
    const Ns mine;
    const Ns yours;
    const NamespaceScope scope(mine);
    const int* before = nullptr;
    const int* inside = nullptr;
    std::thread([&] {
        before = current_number();
        const NamespaceScope other_scope(yours);
        inside = current_number();
    }).join();
    CHECK(before == &number.get(global_ns<Traits>()));
    CHECK(inside == &number.get(yours));
    CHECK(current_number() == &number.get(mine));
}

TEST_CASE("ThreadLocalCurrent: two threads share one namespace as their current one", "[resource][thread_local]") {
    const Ns ns;
    const auto work = [&] {
        const NamespaceScope scope(ns);
        for (int i = 0; i < 1000; ++i)
            counter.current<Traits>()->fetch_add(1, std::memory_order_relaxed);
    };
    std::thread other(work);
    work();
    other.join();
    CHECK(counter.get(ns).load(std::memory_order_relaxed) == 2000);
}

TEST_CASE("ThreadLocalCurrent: leaving a scope with a ResCurrent alive is a panic",
          "[resource][thread_local][R7][trap:42][trap:43]") {
    const Ns ns;
    std::unique_ptr<procspace::ResCurrent<int, Traits>> kept;
    CHECK_THAT(support::panic_of([&] {
                   const NamespaceScope scope(ns);
                   kept = std::make_unique<procspace::ResCurrent<int, Traits>>(number);
               }),
               Equals("a ResCurrent outlives the NamespaceScope it came from"));
    // The scope is left all the same, and what was kept disturbs no later scope, neither while it lives nor by its end.
    CHECK(current_number() == &number.get(global_ns<Traits>()));
    CHECK(support::panic_of([&] { const NamespaceScope later(ns); }) == "no panic");
    CHECK(support::panic_of([&] {
              const NamespaceScope later(ns);
              kept.reset();
          }) == "no panic");
    CHECK(support::panic_of([&] { const NamespaceScope later(ns); }) == "no panic");
}

TEST_CASE("ThreadLocalCurrent: a ResCurrent that outlived its scope does not hide another one",
          "[resource][thread_local][R7][trap:43]") {
    using Current = procspace::ResCurrent<int, Traits>;
    const Ns ns;
    std::unique_ptr<Current> first;
    std::unique_ptr<Current> second;
    const auto keep_in_scope = [&](std::unique_ptr<Current>& kept) {
        return support::panic_of([&] {
            const NamespaceScope scope(ns);
            kept = std::make_unique<Current>(number);
        });
    };
    const auto outer = std::make_unique<Current>(number);
    CHECK(keep_in_scope(first) == "a ResCurrent outlives the NamespaceScope it came from");
    CHECK(keep_in_scope(second) == "a ResCurrent outlives the NamespaceScope it came from");
}

TEST_CASE("ThreadLocalCurrent: a ResCurrent of the outer scope may end inside an inner one",
          "[resource][thread_local][R7][trap:43]") {
    const Ns outer;
    const Ns inner;
    CHECK(support::panic_of([&] {
              const NamespaceScope first(outer);
              auto value = std::make_unique<procspace::ResCurrent<int, Traits>>(number);
              const NamespaceScope second(inner);
              value.reset();
          }) == "no panic");
    // It does not pay for one of the inner scope that stays too long.
    auto value = std::make_unique<procspace::ResCurrent<int, Traits>>(number);
    std::unique_ptr<procspace::ResCurrent<int, Traits>> kept;
    CHECK(support::panic_of([&] {
              const NamespaceScope scope(inner);
              kept = std::make_unique<procspace::ResCurrent<int, Traits>>(number);
              value.reset();
          }) == "a ResCurrent outlives the NamespaceScope it came from");
}

TEST_CASE("ThreadLocalCurrent: a ResCurrent of the outer scope may live through an inner one",
          "[resource][thread_local][R7]") {
    const Ns outer;
    const Ns inner;
    const NamespaceScope first(outer);
    const auto value = number.current<Traits>();
    CHECK(support::panic_of([&] { const NamespaceScope second(inner); }) == "no panic");
    CHECK(value.get() == &number.get(outer));
}

TEST_CASE("ThreadLocalCurrent: a ResCurrent that ended in time leaves the scope free to end",
          "[resource][thread_local][R7]") {
    const Ns ns;
    CHECK(support::panic_of([&] {
              const NamespaceScope scope(ns);
              const auto first = number.current<Traits>();
              const auto second = counter.current<Traits>();
              CHECK(*first == 5);
          }) == "no panic");
}

TEST_CASE("ThreadLocalCurrent: guards are given back when an exception passes", "[resource][thread_local][R7]") {
    const Ns ns;
    CHECK(support::panic_of([&] {
              const NamespaceScope scope(ns);
              try {
                  const auto value = number.current<Traits>();
                  throw std::string("out");
              } catch (const std::string&) {}
          }) == "no panic");
}
