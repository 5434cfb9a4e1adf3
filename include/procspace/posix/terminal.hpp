#pragma once
// Terminal: the controlling terminal of a session, and who is in its foreground.

#include "../fwd.hpp"
#include "../core/result.hpp"
#include "../process/effects.hpp"
#include "../process/process.hpp"
#include "../process/terminal_link.hpp"
#include "../process/tree.hpp"
#include "job_control.hpp"
#include "orphan.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace procspace {

/// What the caller does about the signal that its use of the terminal may cause: SIGTTIN for a read, SIGTTOU otherwise.
enum class TerminalSignal : unsigned char {
    taken,             ///< it has its default action or a handler
    blocked_or_ignored ///< by the calling thread, or by the process
};

/// Whether a caller may take a terminal away from another session (CAP_SYS_ADMIN).
enum class Privilege : unsigned char { none, system_administration };

/// A terminal, as job control sees it.
///
///      Session <- - -> Terminal - - -> foreground group, by number      - - knows
///
/// It belongs to one session at most, and a session has one at most. A member of the session has it as its controlling
/// terminal if it inherited it from a process that had: whoever gave it up by release() has none, nor have its
/// children. All of them lose it at once when the session does: that costs the same for one member or for a million.
///
/// What a use of it causes comes as Effects: an empty value where the use is allowed. Where it is not empty for
/// set_foreground(), read() and write(), the caller's group has got the signal and nothing else has happened: the
/// caller delivers it, and repeats the call when it has returned from the handler or was continued (Linux:
/// ERESTARTSYS).
///
/// The leader's exit hangs up: Process::exit() does it.
///
/// **Thread safety**: all members may be called concurrently; each is one critical section of the tree lock.
/// **Source**: POSIX.1-2017, 11.1 General Terminal Interface; tty_ioctl(4).
template <class Traits>
class BasicTerminal : BasicTerminalLink<Traits> {
    using Topology = BasicTopology<Traits>;
    using Guard = typename Topology::Guard;
    using Process = BasicProcess<Traits>;
    using Group = BasicProcessGroup<Traits>;
    using Session = BasicSession<Traits>;
    using Thread = BasicThread<Traits>;
    using Link = BasicTerminalLink<Traits>;

public:
    using Effects = BasicEffects<Traits>;

    /// A terminal that belongs to nobody, for the processes of this tree, which outlives it.
    explicit BasicTerminal(BasicProcessTree<Traits>& tree) noexcept : topology_(&tree.topology_) {}
    BasicTerminal(const BasicTerminal&) = delete;
    BasicTerminal& operator=(const BasicTerminal&) = delete;
    /// Its session loses it, without a signal.
    ~BasicTerminal() {
        Guard guard(topology_->lock());
        forget();
    }

    /// What an open without O_NOCTTY does: a session leader without a terminal gets one that belongs to nobody. Returns
    /// whether it did. **Complexity**: constant, as all below but where signals are delivered.
    bool open(Process& caller) {
        Guard guard(topology_->lock());
        if (!caller.living() || !caller.is_session_leader() || has_any(caller) || this->session != nullptr)
            return false;
        acquire(caller);
        return true;
    }

    /// Makes it the caller's controlling terminal, with the caller's group in the foreground. Nothing if it is already.
    /// **Errors**: permission (not a session leader, or one that has another terminal; the terminal of another session,
    /// unless `argument` is 1 and the caller may take it: then that session loses it, without a signal).
    /// **Source**: tty_ioctl(4), TIOCSCTTY.
    [[nodiscard]] Result<void> set_controlling(Process& caller, int argument, Privilege privilege) {
        Guard guard(topology_->lock());
        if (!caller.living() || !caller.is_session_leader())
            return Errno::permission;
        if (this->session == caller.group_->session_.get())
            return {};
        if (has_any(caller) ||
            (this->session != nullptr && (argument != 1 || privilege != Privilege::system_administration)))
            return Errno::permission;
        forget();
        acquire(caller);
        return {};
    }

    /// Gives it up: the caller for itself; a session leader for all members, and the foreground group gets SIGHUP and
    /// SIGCONT. **Errors**: not_a_tty (not the caller's terminal). **Source**: tty_ioctl(4), TIOCNOTTY.
    [[nodiscard]] Result<Effects> release(Process& caller) {
        Effects effects(*topology_);
        Guard guard(topology_->lock());
        if (!has_this(caller))
            return Errno::not_a_tty;
        caller.terminal_stamp_ = 0;
        if (caller.is_session_leader()) {
            effects.hang_up(this->foreground);
            this->session->last_foreground_ = {};
            forget();
        }
        return effects;
    }

    /// Returns the number of the foreground group, which may have no members any more.
    /// **Errors**: not_a_tty (not the caller's terminal). **Source**: tcgetpgrp(3); tty_ioctl(4), TIOCGPGRP.
    [[nodiscard]] Result<Pid> foreground_group(const Process& caller) const {
        Guard guard(topology_->lock());
        if (!has_this(caller))
            return Errno::not_a_tty;
        return Pid{this->foreground.pgid};
    }

    /// Puts a group into the foreground. As on Linux, a process or thread of the session can be named that leads no
    /// group: the foreground is then empty until it makes one. See above for what it returns.
    /// **Errors**, in this order: not_a_tty (a background caller in an orphaned group, who would get SIGTTOU); invalid
    /// (negative); not_a_tty (not the caller's terminal); no_process (nothing has the number); permission
    /// (something of another session has). **Source**: tcsetpgrp(3); tty_ioctl(4), TIOCSPGRP.
    [[nodiscard]] Result<Effects> set_foreground(Process& caller, std::int32_t pgid, TerminalSignal ttou) {
        Effects effects(*topology_);
        Guard guard(topology_->lock());
        if (in_background(caller) && ttou == TerminalSignal::taken) {
            if (caller.group_->ties_ == 0)
                return Errno::not_a_tty;
            effects.post(*caller.group_, StopSignal::ttou);
            return effects;
        }
        if (pgid < 0)
            return Errno::invalid;
        if (!has_this(caller))
            return Errno::not_a_tty;
        const auto number = static_cast<Pid>(pgid);
        if (number == 0 || topology_->numbers_.roles(number) == nullptr)
            return Errno::no_process;
        if (session_of(number) != caller.group_->session_.get())
            return Errno::permission;
        this->foreground = {number, topology_->generations_};
        return effects;
    }

    /// Returns the number of the session that it belongs to.
    /// **Errors**: not_a_tty (not the caller's terminal). **Source**: tcgetsid(3); tty_ioctl(4), TIOCGSID.
    [[nodiscard]] Result<Pid> session_id(const Process& caller) const {
        Guard guard(topology_->lock());
        if (!has_this(caller))
            return Errno::not_a_tty;
        return Pid{this->session->sid()};
    }

    /// Asks whether the caller may read. See above for what it returns. A terminal that is not the caller's controlling
    /// one may be read. **Errors**: io (in the background, and SIGTTIN is blocked or ignored, or the group orphaned).
    /// **Source**: POSIX.1-2017, 11.1.4 Terminal Access Control.
    [[nodiscard]] Result<Effects> read(Process& caller, TerminalSignal ttin) {
        Effects effects(*topology_);
        Guard guard(topology_->lock());
        if (!in_background(caller))
            return effects;
        if (ttin == TerminalSignal::blocked_or_ignored || caller.group_->ties_ == 0)
            return Errno::io;
        effects.post(*caller.group_, StopSignal::ttin);
        return effects;
    }

    /// Asks whether the caller may write, or change the terminal's settings, where TOSTOP is set; without it a write
    /// needs no leave. See above for what it returns. **Errors**: io (in the background, in an orphaned group).
    /// **Source**: POSIX.1-2017, 11.1.4 Terminal Access Control.
    [[nodiscard]] Result<Effects> write(Process& caller, TerminalSignal ttou) {
        Effects effects(*topology_);
        Guard guard(topology_->lock());
        if (!in_background(caller) || ttou == TerminalSignal::blocked_or_ignored)
            return effects;
        if (caller.group_->ties_ == 0)
            return Errno::io;
        effects.post(*caller.group_, StopSignal::ttou);
        return effects;
    }

    /// A signal for the foreground group: a key such as ^C was typed, or the window has another size.
    [[nodiscard]] Effects signal_foreground(int signal) {
        Effects effects(*topology_);
        Guard guard(topology_->lock());
        effects.post(this->foreground, signal);
        return effects;
    }

    /// The line is gone: the session's leader gets SIGHUP and SIGCONT, all members lose the terminal. The foreground
    /// group gets them when the leader exits. **Source**: POSIX.1-2017, 11.1.10 Modem Disconnect.
    Effects hang_up() {
        Effects effects(*topology_);
        Guard guard(topology_->lock());
        if (this->session == nullptr)
            return effects;
        Process* const leader = topology_->template find<Process>(this->session->sid(), NumberRole::pid);
        if (leader != nullptr) {
            effects.post(*leader, Signal::hup);
            effects.post(*leader, Signal::cont);
            this->session->last_foreground_ = this->foreground;
        }
        forget();
        return effects;
    }

    /// Returns the process's controlling terminal, which open("/dev/tty") opens; null if it has none (ENXIO).
    [[nodiscard]] static BasicTerminal* of(const Process& process) {
        Guard guard(process.topology_->lock());
        return has_any(process) ? static_cast<BasicTerminal*>(process.group_->session_->terminal_) : nullptr;
    }

private:
    // Under the tree lock.

    [[nodiscard]] static bool has_any(const Process& process) noexcept {
        if (process.group_ == nullptr)
            return false;
        const Session& session = *process.group_->session_;
        return session.terminal_ != nullptr && process.terminal_stamp_ == session.terminal_stamp_;
    }
    [[nodiscard]] bool has_this(const Process& process) const noexcept {
        return has_any(process) && process.group_->session_.get() == this->session;
    }
    [[nodiscard]] bool in_background(const Process& process) const noexcept {
        if (!has_this(process) || this->foreground.pgid == 0)
            return false;
        return process.pgid() != this->foreground.pgid || process.group_->origin_ > this->foreground.stamp;
    }

    /// Returns the session of the group with this number, or of the process or thread that has it.
    [[nodiscard]] const Session* session_of(Pid number) const noexcept {
        const auto* const group = topology_->template find<Group>(number, NumberRole::pgid);
        if (group != nullptr && group->anchor_ != nullptr)
            return group->session_.get();
        const auto* const process = BasicJobControl<Traits>::find(*topology_, static_cast<std::int32_t>(number));
        return process != nullptr && process->group_ != nullptr ? process->group_->session_.get() : nullptr;
    }

    /// **Pre**: the caller leads a session without a terminal, and this belongs to nobody.
    void acquire(Process& caller) noexcept {
        Session& its_session = *caller.group_->session_;
        this->session = &its_session;
        this->foreground = {caller.pgid(), topology_->generations_};
        its_session.terminal_ = this;
        its_session.last_foreground_ = {};
        caller.terminal_stamp_ = its_session.terminal_stamp_ = ++topology_->terminals_;
    }
    void forget() noexcept {
        if (this->session != nullptr)
            this->session->terminal_ = nullptr;
        static_cast<Link&>(*this) = {};
    }

    Topology* topology_; // immutable
};

} // namespace procspace
