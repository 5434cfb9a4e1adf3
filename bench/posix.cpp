// The calls of job control in a small tree and in a large one: that they are flat.

#include "ratios.hpp"

#include <procspace/posix/job_control.hpp>
#include <procspace/posix/kill.hpp>
#include <procspace/posix/wait.hpp>
#include <procspace/process/tree.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace bench {
namespace {

using procspace::Pid;
namespace posix = procspace::posix;

/// A shell with a job among `living` others, all of them its children and in its group.
struct World {
    procspace::ProcessTree tree;
    std::shared_ptr<procspace::Process> init = tree.new_init(1).build();
    std::shared_ptr<procspace::Process> shell = init->fork().build();
    std::shared_ptr<procspace::Thread> caller = shell->new_thread(shell->pid()).build();
    std::shared_ptr<procspace::Process> job;

    explicit World(Pid living) {
        shell->create_session();
        for (Pid i = 0; i < living; ++i)
            if (auto child = shell->fork().build(); i == living / 2)
                job = std::move(child);
    }

    /// Made once: a million processes take longer than what is measured among them.
    static World& with(Pid living) {
        static std::map<Pid, World> worlds;
        return worlds.try_emplace(living, living).first->second;
    }
};

std::int32_t number(const std::shared_ptr<procspace::Process>& process) {
    return static_cast<std::int32_t>(process->pid());
}

void setpgid(benchmark::State& state, Pid living) {
    World& world = World::with(living);
    bool moved = true;
    for (auto _ : state) {
        moved &= bool(posix::setpgid(*world.shell, number(world.job), 0));
        moved &= bool(posix::setpgid(*world.shell, number(world.job), number(world.shell)));
    }
    if (!moved)
        state.SkipWithError("setpgid was refused");
}

void kill(benchmark::State& state, Pid living) {
    World& world = World::with(living);
    std::int64_t sent = 0;
    for (auto _ : state)
        static_cast<void>(posix::kill(
            *world.shell, number(world.job), 15, [](const auto&) { return true; }, [&](const auto&) { ++sent; }));
    if (sent != state.iterations())
        state.SkipWithError("a signal was lost");
}

/// fork, exit, and wait for it by its number; before that perhaps setsid.
void wait(benchmark::State& state, Pid living, bool leads) {
    World& world = World::with(living);
    bool waited = true;
    for (auto _ : state) {
        const auto child = world.shell->fork().build();
        if (leads)
            waited &= bool(posix::setsid(*child));
        child->exit();
        waited &= posix::wait4(*world.caller, number(child), 0).value.pid == child->pid();
    }
    if (!waited)
        state.SkipWithError("the child was not waited for, or does not lead a session");
}

} // namespace

void add_posix(Table& table) {
    const auto add = [&](const std::string& operation, const std::string& name, auto run) {
        const auto among = [&](Pid living) {
            return Side{"posix/" + name + "/living:" + std::to_string(living),
                        [=](benchmark::State& state) { run(state, living); }};
        };
        table.add(operation + ", 1000000 living", among(1'000'000), {among(1'000)});
    };
    add("setpgid, there and back", "setpgid", setpgid);
    add("kill(pid)", "kill_pid", kill);
    add("fork, exit, wait4(pid)", "wait_pid", [](benchmark::State& state, Pid living) { wait(state, living, false); });
    add("fork, setsid, exit, wait4(pid)", "setsid",
        [](benchmark::State& state, Pid living) { wait(state, living, true); });
}

} // namespace bench
