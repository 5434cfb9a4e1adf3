#include <procspace/resource/policy.hpp>

#include "support/catch.hpp"

using procspace::all_resources;
using procspace::ForkRule;
using procspace::ResourcePolicy;

TEST_CASE("ResourcePolicy: without a word a resource is shared by fork, fresh after unshare and enterable",
          "[resource][policy][R8]") {
    constexpr ResourcePolicy policy;
    STATIC_REQUIRE(policy.fork_rule(0) == ForkRule::share);
    STATIC_REQUIRE(policy.fork_rule(0xFFFF) == ForkRule::share);
    STATIC_REQUIRE(policy.on_unshare == ForkRule::fresh);
    STATIC_REQUIRE(policy.enterable);
    STATIC_REQUIRE_FALSE(policy.next_child_only);
    STATIC_REQUIRE_FALSE(policy.selected(0xFFFF));
    STATIC_REQUIRE(policy.selected(all_resources));
    SUCCEED();
}

TEST_CASE("ResourcePolicy: the flag shares what is copied otherwise, and renews what is shared otherwise",
          "[resource][policy][R8]") {
    constexpr ResourcePolicy files{
        .on_fork = ForkRule::copy, .share_flag = 0x400, .on_unshare = ForkRule::copy, .enterable = false};
    STATIC_REQUIRE(files.fork_rule(0) == ForkRule::copy);
    STATIC_REQUIRE(files.fork_rule(0x400) == ForkRule::share);
    STATIC_REQUIRE(files.fork_rule(0x800) == ForkRule::copy);
    constexpr ResourcePolicy uts{.share_flag = 0x4000000, .on_unshare = ForkRule::copy};
    STATIC_REQUIRE(uts.fork_rule(0) == ForkRule::share);
    STATIC_REQUIRE(uts.fork_rule(0x4000000) == ForkRule::copy);
    constexpr ResourcePolicy pending{.on_fork = ForkRule::fresh, .share_flag = 1, .on_unshare = ForkRule::share};
    STATIC_REQUIRE(pending.fork_rule(0) == ForkRule::fresh);
    STATIC_REQUIRE(pending.fork_rule(1) == ForkRule::share);
    STATIC_REQUIRE(files.copies());
    STATIC_REQUIRE_FALSE(pending.copies());
    SUCCEED();
}
