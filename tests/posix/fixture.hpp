#pragma once
// A tree whose init, a shell and its jobs are there, for the tests of posix/.

#include "support/catch.hpp"

#include <procspace/debug/invariants.hpp>
#include <procspace/process/tree.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace support {

/// Init 1 with the shell 2, leader of a session of its own. At the end the tree is sound.
struct Shell {
    using Process = procspace::Process;
    using Pid = procspace::Pid;
    /// Who got which signal.
    using Sent = std::vector<std::pair<Pid, int>>;

    procspace::ProcessTree tree;
    std::shared_ptr<Process> init = tree.new_init(1).init_options({.nested = true}).build();
    std::shared_ptr<Process> shell = init->fork(2).build();
    std::shared_ptr<procspace::Thread> caller = shell->new_thread(2).build();

    Shell() { shell->create_session(); }
    Shell(const Shell&) = delete;
    Shell& operator=(const Shell&) = delete;
    ~Shell() {
        const procspace::BrokenRule broken = procspace::check_invariants(tree);
        if (broken.rule != nullptr) {
            UNSCOPED_INFO(broken.rule);
            CHECK(broken.rule == nullptr);
        }
    }

    /// A child of the shell that leads a group of its own.
    std::shared_ptr<Process> job(Pid pid) {
        auto leader = shell->fork(pid).build();
        leader->create_group();
        return leader;
    }

    /// Delivers effects, and returns the signals among them in ascending order of process and signal.
    static Sent signals(procspace::Effects effects) {
        Sent sent;
        effects.deliver([&](const procspace::Effect& effect) {
            if (effect.kind == procspace::EffectKind::signal)
                sent.emplace_back(effect.id.pid, effect.signal);
        });
        std::sort(sent.begin(), sent.end());
        return sent;
    }
};

} // namespace support
