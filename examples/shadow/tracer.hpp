/// Follows a command and all its descendants with ptrace and turns what they do into events.
///
/// The kernel changes its tree at the moments it likes; a mirror that compares itself with /proc needs moments at which
/// it stands still. Therefore every call that changes the tree is held at its entry, in a queue, and one at a time is
/// let go on up to its end; a dying task is held where PTRACE_EVENT_EXIT stops it. Nobody is interrupted: who sleeps in
/// the kernel goes on sleeping.
///
/// The calls that only ask about the tree, or whose answer depends on it, are held likewise: so the library can be
/// asked what the answer will be while nothing can change it.
///
/// SIGKILL breaks every stop and swallows the reports of what it interrupts. Therefore whatever sends it is held like
/// the calls that change the tree: kill and its kin, an exit_group and a deadly signal in a process of several threads.
/// So it is sent only while no call is under way, and it can hit only tasks that are running, asleep, or held; before
/// the next call goes, `settled` looks for those that it took out of their stops. (It may still come from outside of
/// the tree, in the middle of a call: what is known about that call then tells where to look for its effect.) One that
/// was about to end by itself may have been at its last stop, and we not know: `find_news` looks for those.
///
///     running --entry of such a call--> held --admitted--> released --return--> running
///                                                             |
///                                                             +--found asleep (a wait without a dead child)-->
///                                                             sleeping
///     any --PTRACE_EVENT_EXIT--> held --admitted--> leaving --seen as a zombie--> dead
///
/// A death has two halves. The tracer sees the zombie first, and as long as it only looks, nobody can reap it: that is
/// when it is compared. Only when the tracer consumes the death does the kernel tell the real parent.
#pragma once

#include "call.hpp"
#include "event.hpp"
#include "numbers.hpp"
#include "ptrace.hpp"
#include "question.hpp"

#include <deque>
#include <map>
#include <set>
#include <sys/types.h>
#include <vector>

namespace shadow {

/// A terminal that was hung up, whose session's leader may have got another one since.
struct LostTerminal {
    Device device;
    pid_t leader = 0;
    Device next; ///< none, most of the time
};

/// What the tracer tells, and asks, whoever keeps the mirror.
class Witness {
public:
    Witness() = default;
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;
    virtual ~Witness() = default;

    virtual void happened(const Event& event) = 0;
    /// This task is at its last stop and will change no more by itself: true if a comparison is wanted before it goes.
    virtual bool wants_a_last_look(pid_t tid) = 0;
    /// The tree stands still: compares. False when something differs that was not reported before.
    /// `seen`: the processes that were seen to come and not yet to go.
    virtual bool agrees(const std::vector<pid_t>& seen) = 0;
    /// What the last comparison found stays so: reports it.
    virtual void disagrees() = 0;
    /// The wait status of a process that has ended: an exit event has that of its last thread.
    virtual void ended_with(pid_t pid, int status) = 0;
    /// This call is about to be made, with no other under way that changes the tree.
    virtual void asked(Question& question) = 0;
    /// The kernel has answered, and nothing has happened since: `certain`, unless something may have that is not seen.
    virtual void answered(const Question& question, std::int64_t result, bool certain) = 0;
    /// The same for a wait.
    virtual void waited(const Question& question, const WaitAnswer& answer, bool certain) = 0;
    /// Whether an open may give this process a controlling terminal: a session leader. Even if it has one, to the
    /// library: it may be about to lose that.
    virtual bool may_get_terminal(pid_t pid) const = 0;
    /// The controlling terminal that it has to the library.
    virtual Device terminal_of(pid_t pid) const = 0;
    /// Such an open has opened a terminal: `took` it, as the kernel says.
    virtual void opened(pid_t pid, const Opened& opened, bool took, bool certain) = 0;
    /// Terminals that the library thinks to be somebody's, and whose other end was closed.
    virtual std::vector<LostTerminal> lost_terminals() const = 0;
    /// The parent of this zombie wants none: it disappears as soon as the parent would be told.
    virtual bool vanishes(pid_t pid) = 0;
};

class Tracer {
public:
    explicit Tracer(Witness& witness);

    /// Takes over a process that is seized and interrupted, and that shadow forked itself.
    void adopt(pid_t command);
    /// Returns when no descendant is left.
    void run();
    /// The wait status of the command itself.
    int command_status() const { return command_status_; }

private:
    enum class Phase { running, held, released, sleeping, leaving, dead };

    struct Tracee {
        pid_t tid = 0;
        pid_t pid = 0;
        Phase phase = Phase::running;
        Call call;              ///< under way, or about to be
        NamespaceNames targets; ///< of a setns: found out while it is held, since its descriptor may be closed later
        Question question;      ///< what the call is to the library, since it was let go on
        unsigned long asked_at = 0; ///< the number of events then
        Image image;                ///< of an exec: the one that it is to replace
        bool dying = false;         ///< at its last stop or past it
        bool killed = false;        ///< by us
        unsigned naps = 0;          ///< looks that found it asleep on its way out
        bool stopped = false;       ///< by job control
        int status = 0;             ///< once dead
    };

    void handle(const ptrace::Report& report);
    void on_stop(Tracee& task, const ptrace::Report& report);
    void tell_who_goes_on();
    void on_syscall(Tracee& task);
    void on_born(Tracee& parent, int event, pid_t child);
    void on_exec(Tracee& leader);
    void execed(Tracee& leader, pid_t former);
    void on_last_stop(Tracee& task);
    void on_death(const ptrace::Report& report);

    void hold(Tracee& task);
    void go_on(Tracee& task, int signal = 0);
    void let_die(Tracee& task);
    void leaves(Tracee& task);
    bool has_been_woken(const Tracee& held) const;
    void admit();
    void terminal_changed(const Tracee& task, Call::Kind kind);
    void find_terminal_changed(const Tracee& task, Call::Kind kind);
    Device taken_by_open(const Tracee& task) const;
    void opened(const Tracee& task, const Call& call, std::int64_t result);
    bool somebody_opens() const;
    void tell_of_lost_terminals();
    void judge(const Tracee& task, const Call& call, std::int64_t result);
    void judge_wait(const Tracee& task, const Waited& waited, std::int64_t result);
    bool all_deaths_are_seen() const;
    bool knows_zombies_of(const Tracee& parent, pid_t but) const;
    void catch_up_with(pid_t pid, bool until_it_goes_on);
    void call_returned(Tracee& task, std::int64_t result);
    void call_lost(Tracee& task);
    void find_lost_child(Tracee& maker);
    void find_lost_exec(Tracee& dying);
    void find_core_written(const Tracee& dying);
    void find_taken_child(const Tracee& parent, pid_t number);
    void reaped(pid_t pid, pid_t by);
    void ended(Tracee& task, int status);
    void consume_death(pid_t tid);
    void sweep_namespace(pid_t init);
    void zombies_change_parent(pid_t dead_parent);

    bool standing_still();
    bool settled();
    void compare();
    std::vector<pid_t> processes() const;
    bool find_news();
    void look_at_the_leaving();
    void look_at_current();
    bool has_living_siblings(const Tracee& task) const;
    bool is_alone(const Tracee& task) const;
    bool siblings_must_go(const Tracee& task) const;
    bool someone_woke_up() const;
    void kill_all();

    /// In place of a zombie's parent: somebody reaped it already, and the call that did so is about to tell.
    static constexpr pid_t already_taken = -1;

    Tracee* find(pid_t tid);
    void tell(const Event& event);

    Witness& witness_;
    PidNumbers numbers_;
    std::map<pid_t, Tracee> tasks_;
    std::map<pid_t, ptrace::Report> early_; ///< children whose first stop came before their parent told of them
    std::map<pid_t, pid_t> zombies_; ///< dead, their parent told, not yet reaped; with that parent, or `already_taken`
    std::vector<pid_t> continued_;   ///< held as stopped jobs that go on, until nobody is leaving
    std::deque<pid_t> queue_;        ///< held, in the order they came
    pid_t current_ = 0;              ///< the one call under way
    std::set<pid_t> leaving_;        ///< on their way from PTRACE_EVENT_EXIT to a zombie that we are told of
    pid_t frozen_ = 0;               ///< a death that was looked at and not yet consumed
    bool compare_due_ = false;
    bool settle_due_ = false;
    unsigned long events_ = 0;
    std::set<pid_t> guessed_;  ///< reaped by a wait that did not say whom: perhaps another is about to say it
    bool some_unseen_ = false; ///< children made with CLONE_UNTRACED
    pid_t command_ = 0;
    int command_status_ = 0;
};

} // namespace shadow
