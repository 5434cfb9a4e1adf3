#include "tracer.hpp"

#include "interrupts.hpp"
#include "namespaces.hpp"
#include "proc.hpp"

#include <chrono>
#include <csignal>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace shadow {
namespace {

void nap(std::chrono::microseconds time) {
    std::this_thread::sleep_for(time);
}

} // namespace

Tracer::Tracer(Witness& witness) : witness_(witness) {}

Tracer::Tracee* Tracer::find(pid_t tid) {
    const auto at = tasks_.find(tid);
    return at == tasks_.end() ? nullptr : &at->second;
}

void Tracer::tell(const Event& event) {
    ++events_;
    compare_due_ = true;
    witness_.happened(event);
}

void Tracer::adopt(pid_t command) {
    command_ = command;
    numbers_.learn(command, 0);
    tasks_[command] = Tracee{.tid = command, .pid = command, .call = {}, .targets = {}, .question = {}, .image = {}};
    tell(Forked{::getpid(), command, 0, SIGCHLD, all_namespaces(command), image_of(command)});
    if (proc::ignores_signal(command, SIGCHLD))
        tell(ChildRuleSet{command, true, false});
}

void Tracer::run() {
    for (bool interrupted = false;;) {
        if (leaving_.empty())
            tell_who_goes_on();
        const bool still = standing_still();
        // Not in the middle of a call, unless that has been going on for so long that the clock came round.
        if (interrupts::must_kill() && (still || interrupted))
            kill_all();
        if (still) {
            if (compare_due_) {
                compare();
                continue;
            }
            if (frozen_ != 0) {
                consume_death(frozen_);
                continue;
            }
            if (!queue_.empty()) {
                admit();
                continue;
            }
        } else if (frozen_ != 0) {
            consume_death(frozen_);
            continue;
        }
        // Most calls end with a stop that waitid reports. Those that may sleep, and deaths that ptrace tells nobody
        // about (a leader's, while its threads live), can only be seen in /proc.
        const Tracee* current = find(current_);
        const bool watch = !leaving_.empty() || settle_due_ || (current != nullptr && current->call.waits());
        const ptrace::Outcome seen = ptrace::next_report(watch ? ptrace::Wait::poll : ptrace::Wait::block);
        interrupted = seen.interrupted;
        if (seen.childless)
            break;
        if (seen.report) {
            handle(*seen.report);
        } else if (watch) {
            look_at_the_leaving();
            look_at_current();
            nap(std::chrono::microseconds(20));
        }
    }
    // What the last events left behind, with nobody there any more.
    if (compare_due_)
        compare();
}

void Tracer::handle(const ptrace::Report& report) {
    if (report.death)
        return on_death(report);
    // Taken as a stop only: had the task been killed in between, this would be its death or its last stop.
    const auto stop = ptrace::consume_stop(report.tid);
    if (!stop)
        return;
    if (Tracee* task = find(report.tid))
        on_stop(*task, *stop);
    else
        early_[report.tid] = *stop;
}

void Tracer::on_stop(Tracee& task, const ptrace::Report& report) {
    if (task.call.kind == Call::Kind::deadly_signal && report.event != PTRACE_EVENT_EXIT)
        call_returned(task, 0); // it was not deadly after all
    switch (report.event) {
    case 0:
        if (report.stop_signal == (SIGTRAP | 0x80))
            return on_syscall(task);
        if (has_living_siblings(task) && is_deadly(task.tid, report.stop_signal)) {
            task.call.kind = Call::Kind::deadly_signal;
            task.call.signal = report.stop_signal;
            return hold(task);
        }
        return go_on(task, report.stop_signal); // a signal on its way to the program: delivered as it is
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
        return on_born(task, report.event, ptrace::event_message(task.tid));
    case PTRACE_EVENT_EXEC:
        return on_exec(task);
    case PTRACE_EVENT_EXIT:
        return on_last_stop(task);
    case PTRACE_EVENT_STOP:
        if (report.stop_signal == SIGTRAP) {         // a newborn, our own interruption, or SIGCONT
            if (task.stopped && !leaving_.empty()) { // perhaps that death lets it go on, and it must be told first
                continued_.push_back(task.tid);
                return;
            }
            if (std::exchange(task.stopped, false))
                tell(Continued{task.tid});
            return go_on(task);
        }
        if (!std::exchange(task.stopped, true))
            tell(Stopped{task.tid, report.stop_signal, !leaving_.empty()});
        ptrace::listen(task.tid);
        return;
    default:
        return go_on(task);
    }
}

void Tracer::tell_who_goes_on() {
    for (const pid_t tid : std::exchange(continued_, {})) {
        Tracee* const task = find(tid);
        if (task == nullptr || !std::exchange(task->stopped, false))
            continue; // killed meanwhile
        tell(Continued{tid});
        go_on(*task);
    }
}

void Tracer::on_syscall(Tracee& task) {
    const auto stop = ptrace::syscall_stop(task.tid);
    if (!stop)
        return go_on(task);
    if (!stop->entry) {
        if (task.call.kind != Call::Kind::none)
            call_returned(task, stop->result);
        return go_on(task);
    }
    const auto call = followed_call(task.tid, *stop);
    if (call && call->kind == Call::Kind::open) {
        if (witness_.may_get_terminal(task.pid)) {
            task.call = *call;
            task.asked_at = events_;
        }
        return go_on(task);
    }
    if (call && call->about_terminal() && !terminal_file(task.pid, task.tid, call->fd) && !proc::hidden(task.tid))
        return go_on(task);
    // The exit of a single thread is held when it comes to its last stop.
    if (!call || (call->kind == Call::Kind::exit_group && !has_living_siblings(task)))
        return go_on(task);
    task.call = *call;
    if (call->kind == Call::Kind::setns)
        task.targets = namespaces_to_enter(task.tid, *call);
    if (call->kind == Call::Kind::exec)
        task.image = image_of(task.tid);
    hold(task);
}

void Tracer::hold(Tracee& task) {
    task.phase = Phase::held;
    task.question = {}; // not asked yet
    queue_.push_back(task.tid);
}

void Tracer::go_on(Tracee& task, int signal) {
    if (task.phase == Phase::held)
        task.phase = Phase::running;
    ptrace::resume(task.tid, signal); // failure means that it was killed: its death is still to come
}

/// Lets the next in the queue do what it is held for.
void Tracer::admit() {
    const pid_t tid = queue_.front();
    queue_.pop_front();
    Tracee* task = find(tid);
    if (task == nullptr || task->phase != Phase::held)
        return;
    if (task->dying)
        return let_die(*task);
    if (has_been_woken(*task)) { // by a SIGKILL from outside: its last stop is still to come, or must not be missed
        task->phase = Phase::running;
        return;
    }
    current_ = tid;
    task->phase = Phase::released;
    if (task->call.about_terminal())
        tell_of_lost_terminals();
    task->question = question_of(tid, task->pid, task->call, numbers_);
    task->asked_at = events_;
    witness_.asked(task->question);
    if (task->call.waits_for_siblings())
        for (auto& [other, sibling] : tasks_)
            if (sibling.pid == task->pid && sibling.dying && sibling.phase == Phase::held)
                let_die(sibling);
    ptrace::resume(tid, task->call.kind == Call::Kind::deadly_signal ? task->call.signal : 0);
}

void Tracer::on_born(Tracee& parent, int event, pid_t child) {
    const pid_t maker = parent.tid;
    if (child != 0 && find(child) == nullptr) {
        Call call = parent.call;
        if (call.kind != Call::Kind::fork) {
            // A call that we could not read (a 32-bit program's): what the event and /proc tell must do.
            call.exit_signal = SIGCHLD;
            call.flags = event == PTRACE_EVENT_VFORK ? CLONE_VM | CLONE_VFORK : 0;
            if (event == PTRACE_EVENT_CLONE && proc::thread_group(child) == parent.pid)
                call.flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_FS | CLONE_FILES;
        }
        const bool thread = (call.flags & CLONE_THREAD) != 0;
        numbers_.learn(child, maker);
        guessed_.erase(child);
        tasks_[child] = Tracee{
            .tid = child, .pid = thread ? parent.pid : child, .call = {}, .targets = {}, .question = {}, .image = {}};
        tell(Forked{maker, child, call.flags, call.exit_signal, namespaces_made(child, call.flags), {}});
    }
    parent.call = {};
    if (parent.phase == Phase::released)
        parent.phase = Phase::running;
    if (current_ == maker)
        current_ = 0;
    if (event != 0)
        go_on(parent);
    if (const auto first = early_.find(child); first != early_.end()) {
        const ptrace::Report stop = first->second;
        early_.erase(first);
        on_stop(tasks_[child], stop);
    }
}

void Tracer::on_exec(Tracee& leader) {
    const pid_t pid = leader.pid;
    const pid_t former = ptrace::event_message(pid);
    execed(leader, former == 0 ? pid : former);
    go_on(leader);
}

/// The caller of the exec is now all there is of its process, under the number of the leader.
void Tracer::execed(Tracee& leader, pid_t former) {
    const pid_t pid = leader.pid;
    if (former != pid) {
        std::erase_if(tasks_, [&](const auto& entry) { return entry.second.pid == pid && entry.first != pid; });
        numbers_.rename(former, pid);
    }
    for (const pid_t gone : {former, pid}) {
        std::erase(queue_, gone);
        leaving_.erase(gone);
    }
    if (current_ == former || current_ == pid)
        current_ = 0;
    leader = Tracee{.tid = pid, .pid = pid, .call = {}, .targets = {}, .question = {}, .image = {}};
    tell(Execed{pid, former, image_of(pid), proc::command_line(pid)});
}

} // namespace shadow
