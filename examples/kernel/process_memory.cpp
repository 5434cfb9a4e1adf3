// Out of memory in the process half, at every single allocation.
#include "out_of_memory.hpp"
#include "tasks.hpp"

namespace kernel {
namespace {

using procspace::Errno;

/// Everything that allocates, by the forms that return errors, in a tree of its own.
Errno scenario() noexcept {
    Tree tree;
    auto ns = Namespace::try_create();
    if (!ns)
        return ns.error;
    const auto init = tree.new_init(1).data(Task{std::move(ns.value)}).try_build();
    if (!init)
        return init.error;
    const auto leader = init.value->new_thread(1).try_build();
    if (!leader)
        return leader.error;
    const auto shell = spawn(*init.value);
    if (!shell)
        return shell.error;
    const auto thread = shell.value->new_thread().try_build();
    if (!thread)
        return thread.error;
    if (const auto session = shell.value->try_create_session(); !session)
        return session.error;
    const auto job = spawn(*shell.value);
    if (!job)
        return job.error;
    if (const auto group = job.value->try_create_group(); !group)
        return group.error;
    auto prepared = shell.value->fork().prepare();
    if (!prepared)
        return prepared.error;
    return prepared.value.publish().error;
}

} // namespace

void process_memory_scene() noexcept {
    fail_every_allocation("process memory", scenario);
}

} // namespace kernel
