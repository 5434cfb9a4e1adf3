// The rules without exceptions and without RTTI: they compile, and errors are values.

#include <procspace/posix/clone.hpp>
#include <procspace/posix/job_control.hpp>
#include <procspace/posix/kill.hpp>
#include <procspace/posix/orphan.hpp>
#include <procspace/posix/terminal.hpp>
#include <procspace/posix/wait.hpp>
#include <procspace/process/tree.hpp>

#include <cstdio>

using namespace procspace;

int main() {
    ProcessTree tree;
    Namespace ns;
    Terminal terminal(tree);
    const auto init = tree.new_init(1).build();
    const auto leader = init->new_thread(1).build();
    const auto made = posix::clone(*leader, ns, {}, 0, 0);
    if (!made)
        return 1;
    Process& child = *made.value.process;
    if (!posix::setsid(child) || !terminal.open(child) || !terminal.release(child))
        return 1;
    if (posix::setpgid(*init, 0, 0).error != Errno::permission)
        return 1;
    int sent = 0;
    const auto send = [&](const Effect&) { ++sent; };
    if (!posix::kill(
            *init, -1, 15, [](const auto&) { return true; }, send) ||
        sent != 1)
        return 1;
    child.group_exit(WaitStatus::killed(15).encoded);
    child.exit();
    const auto report = posix::wait4(*leader, -1, 0);
    if (report.value.pid != child.pid() || report.value.status != WaitStatus::killed(15))
        return 1;
    std::puts("all rules work");
    return 0;
}
