#include <procspace/posix/clone.hpp>

#include "fixture.hpp"

#include <procspace/resource/define.hpp>

using procspace::CloneFlag;
using procspace::CloneRequest;
using procspace::Errno;
using procspace::ForkRule;
using procspace::Namespace;
using procspace::ResourcePolicy;
using procspace::Signal;
using support::Shell;
namespace posix = procspace::posix;

namespace {

constexpr ResourcePolicy files_policy{
    .on_fork = ForkRule::copy, .share_flag = CloneFlag::files, .on_unshare = ForkRule::copy, .enterable = false};
constexpr ResourcePolicy fs_policy{
    .on_fork = ForkRule::copy, .share_flag = CloneFlag::fs, .on_unshare = ForkRule::copy, .enterable = false};
constexpr ResourcePolicy uts_policy{.share_flag = CloneFlag::new_uts, .on_unshare = ForkRule::copy};
constexpr ResourcePolicy mount_policy{.share_flag = CloneFlag::new_ns, .on_unshare = ForkRule::copy};
constexpr ResourcePolicy pid_policy{
    .share_flag = CloneFlag::new_pid, .on_unshare = ForkRule::copy, .next_child_only = true};
constexpr ResourcePolicy user_policy{.share_flag = CloneFlag::new_user, .on_unshare = ForkRule::copy};

} // namespace

PROCSPACE_RESOURCE_WITH(files_policy, int, clone_test_files, 3)
PROCSPACE_RESOURCE_WITH(fs_policy, int, clone_test_fs, 4)
PROCSPACE_RESOURCE_WITH(uts_policy, int, clone_test_uts, 5)
PROCSPACE_RESOURCE_WITH(mount_policy, int, clone_test_mounts, 6)
PROCSPACE_RESOURCE_WITH(pid_policy, int, clone_test_pids, 8)
PROCSPACE_RESOURCE_WITH(user_policy, int, clone_test_users, 7)

namespace {

constexpr std::uint64_t thread_flags = CloneFlag::thread | CloneFlag::sighand | CloneFlag::vm;

struct Cloning : Shell {
    Namespace ns;
    Errno error(const CloneRequest& request) { return posix::clone(*caller, ns, request, 0, 0).error; }
};

template <class Resource>
bool shared(const Resource& resource, const Namespace& one, const Namespace& other) {
    return &resource.get(one) == &resource.get(other);
}

} // namespace

TEST_CASE("clone: flags that exclude or need each other are refused, and nothing is made", "[posix][clone][trap:28]") {
    Cloning world;
    const auto before = world.tree.counts();
    for (const std::uint64_t flags :
         {CloneFlag::sighand + 0, CloneFlag::thread | CloneFlag::vm, CloneFlag::thread | CloneFlag::sighand,
          CloneFlag::new_ns | CloneFlag::fs, CloneFlag::new_user | CloneFlag::fs, thread_flags | CloneFlag::new_user,
          thread_flags | CloneFlag::new_pid, CloneFlag::pidfd | CloneFlag::detached,
          CloneFlag::new_ipc | CloneFlag::sysvsem})
        CHECK(world.error({.flags = flags}) == Errno::invalid);
    CHECK(world.error({.set_tid = -1}) == Errno::invalid);
    const auto after = world.tree.counts();
    CHECK(after.processes == before.processes);
    CHECK(after.threads == before.threads);
}

TEST_CASE("clone3: it looks more closely than clone", "[posix][clone][trap:28]") {
    Cloning world;
    const auto both = [&](CloneRequest request) {
        request.clone3 = false;
        const Errno old = world.error(request);
        request.clone3 = true;
        return std::pair(old, world.error(request));
    };
    CHECK(both({.flags = CloneFlag::parent}) == std::pair(Errno::ok, Errno::invalid));
    CHECK(both({.flags = thread_flags}) == std::pair(Errno::ok, Errno::invalid));
    CHECK(both({.flags = thread_flags, .exit_signal = 0}) == std::pair(Errno::ok, Errno::ok));
    CHECK(both({.exit_signal = 65}) == std::pair(Errno::ok, Errno::invalid));
    CHECK(both({.flags = CloneFlag::clear_sighand | CloneFlag::sighand | CloneFlag::vm}) ==
          std::pair(Errno::ok, Errno::invalid));
    CHECK(both({.flags = CloneFlag::detached}) == std::pair(Errno::ok, Errno::invalid));
    CHECK(both({.flags = std::uint64_t{1} << 40}) == std::pair(Errno::ok, Errno::invalid));
}

TEST_CASE("clone: a process comes with its leader, and shares what the flags say", "[posix][clone]") {
    Cloning world;
    const auto made = posix::clone(*world.caller, world.ns, {.flags = CloneFlag::files | CloneFlag::new_uts}, 11, 12);
    REQUIRE(made);
    CHECK(made.value.process->ppid() == 2);
    CHECK(made.value.thread->tid() == made.value.process->pid());
    CHECK(made.value.thread->process() == made.value.process);
    CHECK(*made.value.process->data<int>() == 11);
    CHECK(*made.value.thread->data<int>() == 12);
    CHECK(shared(clone_test_files, world.ns, made.value.ns));
    CHECK_FALSE(shared(clone_test_fs, world.ns, made.value.ns));
    CHECK_FALSE(shared(clone_test_uts, world.ns, made.value.ns));
}

TEST_CASE("clone: a thread is one of the caller's process", "[posix][clone]") {
    Cloning world;
    const auto made = posix::clone(*world.caller, world.ns, {.flags = thread_flags}, 0, 12);
    REQUIRE(made);
    CHECK(made.value.process == world.shell);
    CHECK(world.shell->thread_count() == 2);
    CHECK(*made.value.thread->data<int>() == 12);
}

TEST_CASE("clone: CLONE_PARENT makes a sibling with the caller's exit signal, but not of init", "[posix][clone]") {
    Cloning world;
    const auto child = posix::clone(*world.caller, world.ns, {.exit_signal = 10}, 0, 0);
    REQUIRE(child);
    const auto sibling = posix::clone(*child.value.thread, world.ns, {.flags = CloneFlag::parent}, 0, 0);
    REQUIRE(sibling);
    CHECK(sibling.value.process->ppid() == 2);
    CHECK(sibling.value.process->details().exit_signal == 10);
    const auto leader = world.init->new_thread(1).build();
    CHECK(posix::clone(*leader, world.ns, {.flags = CloneFlag::parent}, 0, 0).error == Errno::invalid);
}

TEST_CASE("clone: a chosen number must be free and in range", "[posix][clone]") {
    Cloning world;
    const auto made = posix::clone(*world.caller, world.ns, {.set_tid = 77}, 0, 0);
    REQUIRE(made);
    CHECK(made.value.process->pid() == 77);
    CHECK(world.error({.set_tid = 77}) == Errno::exists);
    CHECK(world.error({.set_tid = 2}) == Errno::exists);
    CHECK(world.error({.set_tid = 2000000000}) == Errno::invalid);
}

TEST_CASE("clone: the one who made a vfork child is told when it execs or exits", "[posix][clone]") {
    Cloning world;
    const auto made = posix::clone(*world.caller, world.ns, {.flags = CloneFlag::vfork | CloneFlag::vm}, 0, 0);
    REQUIRE(made);
    int told = 0;
    made.value.process->exit().deliver(
        [&](const procspace::Effect& effect) { told += effect.kind == procspace::EffectKind::vfork_done; });
    CHECK(told == 1);
}

TEST_CASE("clone: a child whose parent has execed since announces itself by SIGCHLD", "[posix][clone]") {
    Cloning world;
    const auto made = posix::clone(*world.caller, world.ns, {.exit_signal = 10}, 0, 0);
    const auto other = posix::clone(*world.caller, world.ns, {.exit_signal = 10}, 0, 0);
    CHECK(Shell::signals(other.value.process->exit()) == Shell::Sent{{2, 10}});
    REQUIRE(world.caller->exec());
    CHECK(Shell::signals(made.value.process->exit()) == Shell::Sent{{2, Signal::chld}});
}

TEST_CASE("unshare: what only a single thread may do is refused to several", "[posix][clone]") {
    Cloning world;
    CHECK(posix::unshare(*world.caller, world.ns, CloneFlag::thread | CloneFlag::vm));
    CHECK(posix::unshare(*world.caller, world.ns, CloneFlag::parent).error == Errno::invalid);
    CHECK(posix::unshare(*world.caller, world.ns, CloneFlag::new_net).error ==
          Errno::invalid); // nobody has declared it
    const auto second = world.shell->new_thread(9).build();
    for (const std::uint64_t flag : {CloneFlag::thread, CloneFlag::sighand, CloneFlag::vm, CloneFlag::new_user})
        CHECK(posix::unshare(*world.caller, world.ns, flag).error == Errno::invalid);
    Namespace other = Namespace::fork(world.ns, CloneFlag::files | CloneFlag::fs);
    REQUIRE(posix::unshare(*world.caller, other, CloneFlag::files));
    CHECK_FALSE(shared(clone_test_files, world.ns, other));
    CHECK(shared(clone_test_fs, world.ns, other));
    REQUIRE(posix::unshare(*world.caller, other, CloneFlag::new_ns));
    CHECK_FALSE(shared(clone_test_mounts, world.ns, other));
    CHECK_FALSE(shared(clone_test_fs, world.ns, other)); // implied
}

TEST_CASE("unshare, setns: a leader that has exited still is another thread", "[posix][clone]") {
    Cloning world;
    const auto second = world.shell->new_thread(9).build();
    world.caller->exit(0);
    REQUIRE(world.shell->thread_count() == 1);
    for (const std::uint64_t flag : {CloneFlag::thread, CloneFlag::sighand, CloneFlag::vm, CloneFlag::new_user})
        CHECK(posix::unshare(*second, world.ns, flag).error == Errno::invalid);
    CHECK(posix::unshare(*second, world.ns, CloneFlag::fs));
    const Namespace other;
    CHECK(posix::setns(*second, world.ns, other, CloneFlag::new_user).error == Errno::invalid);
    CHECK(posix::setns(*second, world.ns, other, CloneFlag::new_uts));
    REQUIRE(second->exec()); // takes the leader's place
    CHECK(posix::unshare(*second, world.ns, CloneFlag::vm | CloneFlag::new_user));
    REQUIRE(posix::setns(*second, world.ns, other, CloneFlag::new_user));
    CHECK(shared(clone_test_users, world.ns, other));
}

TEST_CASE("clone: who has left its PID namespace makes children there, and neither threads nor a third one",
          "[posix][clone]") {
    Cloning world;
    REQUIRE(posix::unshare(*world.caller, world.ns, CloneFlag::new_pid));
    CHECK(posix::unshare(*world.caller, world.ns, CloneFlag::new_pid).error == Errno::invalid);
    CHECK(world.error({.flags = thread_flags}) == Errno::invalid);
    CHECK(world.error({.flags = CloneFlag::new_pid}) == Errno::invalid);
    CHECK(world.shell->thread_count() == 1);
    const auto child = posix::clone(*world.caller, world.ns, {}, 0, 0);
    REQUIRE(child);
    CHECK_FALSE(shared(clone_test_pids, world.ns, child.value.ns));
    CHECK(world.error({.flags = thread_flags}) == Errno::invalid);                           // for ever
    CHECK(posix::clone(*child.value.thread, child.value.ns, {.flags = thread_flags}, 0, 0)); // which is in it
    CHECK(posix::clone(*child.value.thread, child.value.ns, {.flags = CloneFlag::new_pid}, 0, 0));
    SECTION("and can come back") {
        const Namespace& home = procspace::global_ns();
        Namespace away = Namespace::fork(home, 0);
        REQUIRE(posix::unshare(*world.caller, away, CloneFlag::new_pid));
        REQUIRE(posix::setns(*world.caller, away, home, CloneFlag::new_pid));
        CHECK(posix::clone(*world.caller, away, {.flags = thread_flags}, 0, 0));
    }
}

TEST_CASE("setns: only namespaces are entered", "[posix][clone]") {
    Cloning world;
    Namespace other;
    CHECK(posix::setns(*world.caller, world.ns, other, 0).error == Errno::invalid);
    CHECK(posix::setns(*world.caller, world.ns, other, CloneFlag::files).error == Errno::invalid);
    CHECK(posix::setns(*world.caller, world.ns, other, CloneFlag::new_net).error == Errno::invalid);
    REQUIRE(posix::setns(*world.caller, world.ns, other, CloneFlag::new_uts));
    CHECK(shared(clone_test_uts, world.ns, other));
    CHECK_FALSE(shared(clone_test_mounts, world.ns, other));
}
