// What programs do about signals: dispositions, masks, pending sets, default actions. The library says who gets what.

#include "world.hpp"

#include "procspace/posix/orphan.hpp"

#include <algorithm>
#include <utility>

namespace conformance {

using namespace procspace;

namespace {

World* running = nullptr; // one at a time: a tree has no other way to its world

/// What a processor's faults cause comes before all others, whoever has sent it: ILL, TRAP, BUS, FPE, SEGV, SYS.
bool is_synchronous(int signal) {
    return signal == 4 || signal == 5 || signal == 7 || signal == 8 || signal == 11 || signal == 31;
}

bool is_stop(int signal) {
    return signal >= StopSignal::stop && signal <= StopSignal::ttou;
}
bool is_kernel_only(int signal) {
    return signal == Signal::kill || signal == StopSignal::stop;
}
/// Ignored unless there is a handler: SIGCHLD, SIGCONT, SIGURG, SIGWINCH.
bool is_ignored_by_default(int signal) {
    return signal == Signal::chld || signal == Signal::cont || signal == 23 || signal == 28;
}

} // namespace

void WorldTraits::effect(const BasicEffect<WorldTraits>& effect) {
    if (running != nullptr)
        running->receive(effect);
}

World::World(bool raw) : terminals_{Terminal(tree_), Terminal(tree_)} {
    running = this;
    Program init;
    init.process = tree_.new_init(1).init_options({.nested = true, .own_session = !raw}).build();
    init.tasks[1].thread = init.process->new_thread(1).build();
    for (const int signal : {1, 2, 10, 12, 17, 18})
        init.actions[signal] = Action::handler;
    programs_.emplace(1, std::move(init));
}

World::~World() {
    running = nullptr;
    programs_.clear();
}

void World::receive(const BasicEffect<WorldTraits>& effect) {
    if (effect.process == nullptr)
        return;
    const auto found = programs_.find(effect.process->pid());
    if (found == programs_.end() || found->second.process != effect.process)
        return;
    if (effect.kind == EffectKind::signal)
        send(found->second, effect.signal, effect.tid, false);
    if (effect.kind == EffectKind::wake)
        for (auto& [tid, task] : found->second.tasks)
            if (task.call && task.call->waits && !task.call->restarted)
                task.call->woken = true;
}

bool World::is_ignored(const Program& program, const std::set<int>& blocked, int signal, bool forced) const {
    if (blocked.contains(signal))
        return false; // it may be handled when it is unblocked
    const Action action = program.actions[signal];
    if (program.process->is_init() && action == Action::standard && !(forced && is_kernel_only(signal)))
        return true;
    return action == Action::ignored || (action == Action::standard && is_ignored_by_default(signal));
}

void World::flush(Program& program, int signal) {
    program.pending.erase(signal);
    for (auto& [tid, task] : program.tasks)
        task.pending.erase(signal);
}

/// To the process, or with `tid` to this thread of it. **Source**: signal(7).
void World::send(Program& program, int signal, Pid tid, bool from_outside) {
    if (program.dead || signal == Signal::none)
        return;
    const auto target = tid != 0 ? program.tasks.find(tid) : program.tasks.end();
    if (tid != 0 && target == program.tasks.end())
        return; // a zombie leader takes nothing any more, and continues nobody
    if (is_stop(signal)) {
        flush(program, Signal::cont);
    } else if (signal == Signal::cont) {
        for (int stop = StopSignal::stop; stop <= StopSignal::ttou; ++stop)
            flush(program, stop);
        program.process->resume();
    }
    const auto leader = program.tasks.find(program.process->pid());
    const std::set<int>& blocked = target != program.tasks.end()   ? target->second.blocked
                                   : leader != program.tasks.end() ? leader->second.blocked
                                                                   : program.leader_blocked;
    if (is_ignored(program, blocked, signal, from_outside))
        return;
    (target != program.tasks.end() ? target->second.pending : program.pending).insert(signal);
    if (is_fatal_now(program, signal, tid)) {
        program.process->group_exit(WaitStatus::killed(signal).encoded);
        program.pending.insert(Signal::kill); // for each thread
    }
}

/// Returns whether the process has begun to exit when this signal has been sent. It is so without a thread having taken
/// it where one could, unless there is a core to dump first.
bool World::is_fatal_now(const Program& program, int signal, Pid tid) const {
    static const std::set<int> dumping{3, 4, 5, 6, 7, 8, 11, 24, 25, 31};
    if (program.process->is_init() || program.actions[signal] != Action::standard || is_stop(signal) ||
        is_ignored_by_default(signal) || dumping.contains(signal))
        return signal == Signal::kill && !program.process->is_init();
    return signal == Signal::kill || (!program.process->is_stopped() &&
                                      std::any_of(program.tasks.begin(), program.tasks.end(), [&](const auto& one) {
                                          return (tid == 0 || one.first == tid) && !one.second.blocked.contains(signal);
                                      }));
}

/// Until nothing happens any more. Each takes all its signals before the next one is looked at.
void World::settle() {
    for (bool again = true; again;) {
        again = false;
        for (auto place = programs_.begin(); place != programs_.end();) {
            Program& program = (place++)->second;
            again = react(program) || again;
        }
    }
    return_calls();
    for (auto place = programs_.begin(); place != programs_.end();) {
        Program& program = place->second;
        place = program.process->state() == ProcessState::reaped ? programs_.erase(place) : ++place;
    }
}

/// A call returns to its program when nothing holds that up any more: not if the process was stopped or killed
/// meanwhile.
void World::return_calls() {
    for (auto& [pid, program] : programs_) {
        if (program.dead || program.process->is_stopped())
            continue;
        for (auto& [tid, task] : program.tasks) {
            if (!task.call || task.call->result.empty())
                continue;
            if (task.call->operation != operation_)
                outcome_.late.push_back({task.call->operation, tid, task.call->result});
            else
                outcome_.result = task.call->result;
            task.call.reset();
        }
    }
}

/// Returns whether something happened.
bool World::react(Program& program) {
    bool happened = false;
    if (program.dead)
        return false;
    for (auto& [tid, task] : program.tasks)
        if (!program.process->is_stopped() && task.call && task.call->result.empty() && task.call->woken)
            repeat(program, tid);
    while (!program.dead && take_signal(program))
        happened = true;
    if (program.dead || program.process->is_stopped())
        return happened;
    if (!program.handled.empty()) {
        outcome_.handled[program.process->pid()].insert(program.handled.begin(), program.handled.end());
        program.handled.clear();
        for (auto& [tid, task] : program.tasks)
            if (task.call)
                task.call->restarted = true; // SA_RESTART
    }
    for (auto& [tid, task] : program.tasks) {
        if (!task.call || (task.call->result.empty() && !task.call->restarted))
            continue;
        if (task.call->result.empty()) {
            repeat(program, tid);
            happened = true; // a signal may have come before the return, or from the call itself
        }
    }
    return happened;
}

/// Asks again what a thread sleeps for.
void World::repeat(Program& program, Pid tid) {
    Call& call = *program.tasks.at(tid).call;
    call.woken = call.restarted = false;
    Program* const former = std::exchange(caller_, &program);
    const Pid former_tid = std::exchange(caller_tid_, tid);
    call.result = call.again().value_or("");
    caller_ = former;
    caller_tid_ = former_tid;
}

/// Takes the lowest pending signal that a thread does not block, of those first that faults cause. Returns false if
/// there is none to be taken now.
bool World::take_signal(Program& program) {
    bool killed = program.pending.contains(Signal::kill);
    for (const auto& [tid, task] : program.tasks)
        killed = killed || task.pending.contains(Signal::kill);
    if (program.process->is_stopped() && !killed)
        return false;
    int signal = Signal::none;
    if (killed) {
        signal = Signal::kill;
        flush(program, signal);
    }
    for (auto place = program.tasks.begin(); place != program.tasks.end() && signal == Signal::none; ++place)
        for (std::set<int>* const pending : {&place->second.pending, &program.pending}) {
            const auto is_due = [&](int one) { return !place->second.blocked.contains(one); };
            auto next = std::find_if(pending->begin(), pending->end(),
                                     [&](int one) { return is_due(one) && is_synchronous(one); });
            if (next == pending->end())
                next = std::find_if(pending->begin(), pending->end(), is_due);
            if (next == pending->end() || signal != Signal::none)
                continue;
            signal = *next;
            pending->erase(next);
        }
    if (signal == Signal::none)
        return false;
    const Action action = program.actions[signal];
    if (action == Action::handler) {
        program.handled.insert(signal);
    } else if (action == Action::standard && !is_ignored_by_default(signal) &&
               (!program.process->is_init() || is_kernel_only(signal))) {
        if (is_stop(signal)) {
            if (posix::stops_by_default(*program.process, signal)) {
                program.process->stop(signal);
                for (auto& [tid, task] : program.tasks)
                    if (task.call && task.call->waits) { // when it is continued, after what it is continued by
                        task.call->woken = false;
                        task.call->restarted = true;
                    }
            }
        } else {
            die(program, WaitStatus::killed(signal).encoded);
        }
    }
    return true;
}

/// All threads end.
void World::die(Program& program, int status) {
    if (program.process->is_init())
        return end_namespace(status);
    program.process->group_exit(status);
    bury(program);
    program.process->exit();
}

/// Nothing of the program is left but the process.
void World::bury(Program& program) {
    program.dead = true;
    for (auto& [tid, task] : program.tasks)
        if (task.call && task.call->operation != operation_)
            outcome_.late.push_back({task.call->operation, tid, "!killed"});
    // The threads end with the last of their handles, and what that causes comes back to the program: it has none then.
    const auto ended = std::exchange(program.tasks, {});
    program.pending.clear();
    program.handled.clear();
}

/// Init takes all with it. **Source**: pid_namespaces(7).
void World::end_namespace(int status) {
    Program& init = programs_.at(1);
    init.dead = true;
    init.process->close_tree();
    for (auto& [pid, program] : programs_)
        if (!program.dead && pid != 1)
            die(program, WaitStatus::killed(Signal::kill).encoded);
    init.process->group_exit(status);
    bury(init);
    init.process->exit();
}

} // namespace conformance
