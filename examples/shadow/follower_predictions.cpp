/// Asks the library what calls will return, and counts how it did.
#include "follower.hpp"

#include "proc.hpp"
#include "ptrace.hpp"
#include "text.hpp"

#include <algorithm>
#include <csignal>

namespace shadow {

void Follower::asked(Question& question) {
    if (const auto caller = mirror_.info(question.pid))
        question.own_group = static_cast<pid_t>(caller->pgid);
    // Those that change nothing. The others are asked when they have returned: until then the mirror stays as it is,
    // and should the caller be killed in between it need not be put back.
    if (question.call.only_asks())
        question.expected = mirror_.predict(question);
}

/// The mirror of what the call has done is to be left out, which a prediction would not do.
bool Follower::is_to_be_dropped(const Question& question) const {
    if (question.call.kind == Call::Kind::setsid)
        return broken_ == Break::setsid;
    if (question.call.kind == Call::Kind::take_terminal)
        return broken_ == Break::terminal;
    if (question.call.kind != Call::Kind::setpgid || broken_ != Break::setpgid)
        return false;
    const pid_t target = question.first.value_or(0) != 0 ? *question.first : question.pid;
    return mirror_.has_effect(GroupSet{target, question.second.value_or(0) != 0 ? *question.second : target});
}

void Follower::answered(const Question& question, std::int64_t result, bool certain) {
    if (!question.call.is_predicted() || (result >= 0 && is_to_be_dropped(question)))
        return;
    Verdict verdict;
    if (certain) {
        const auto expected = question.call.only_asks() ? question.expected : mirror_.predict(question);
        const bool excused =
            mirror_.may_be_excused(question) || (question.call.about_terminal() && may_be_losing_terminals());
        if (expected && (*expected == result || !excused))
            verdict = {*expected == result ? Verdict::Kind::right : Verdict::Kind::wrong, describe_result(*expected),
                       describe_result(result)};
    }
    count(question, verdict);
}

void Follower::waited(const Question& question, const WaitAnswer& answer, bool certain) {
    count(question, certain ? mirror_.judge_wait(question, answer) : Verdict());
}

void Follower::opened(pid_t pid, const Opened& opened, bool took, bool certain) {
    if (took && broken_ == Break::terminal)
        return;
    Verdict verdict;
    const auto expected = certain ? mirror_.predict_open(pid, opened) : std::nullopt;
    if (expected && (*expected == took || !may_be_losing_terminals())) {
        const auto in_words = [](bool taken) { return taken ? "its terminal" : "not its terminal"; };
        verdict = {*expected == took ? Verdict::Kind::right : Verdict::Kind::wrong, in_words(*expected),
                   in_words(took)};
    }
    count(join("open of ", opened.file.device.name(), " by ", pid), verdict);
}

/// A pseudo-terminal is lost the moment that its other end is closed, by whomever and in the middle of anything. Its
/// name goes first. A session that has lost its terminal while the name is still there has not lost it so.
std::vector<LostTerminal> Follower::lost_terminals() const {
    std::vector<LostTerminal> out;
    for (const auto& [device, leader, birth] : mirror_.held_terminals()) {
        const auto stat = proc::stat(leader);
        if (stat && !stat->ended() && stat->terminal != device.number &&
            (!birth || node_birth(leader, device) != birth))
            out.push_back({device, leader, {stat->terminal}});
    }
    return out;
}

bool Follower::may_be_losing_terminals() const {
    const auto held = mirror_.held_terminals();
    return std::any_of(held.begin(), held.end(), [](const Mirror::HeldTerminal& each) {
        return !each.birth || node_birth(each.leader, each.device) != each.birth;
    });
}

void Follower::count(const Question& question, const Verdict& verdict) {
    count(join(describe(question.call), " by ", question.tid), verdict);
}

void Follower::count(const std::string& what, const Verdict& verdict) {
    if (verdict.kind == Verdict::Kind::open) {
        ++totals_.not_predicted;
        return;
    }
    ++totals_.predictions;
    if (options_.log)
        out_ << "    " << what << ": predicted " << verdict.library << std::endl;
    if (verdict.kind == Verdict::Kind::wrong) {
        ++totals_.wrong;
        report({0, what, verdict.library, verdict.kernel});
    }
}

/// The library says that these stopped processes get SIGHUP and SIGCONT, as their group is orphaned now. The kernel has
/// sent both before the death that did it could be seen; SIGHUP stays pending for as long as we don't let them go on.
void Follower::look_for_hang_ups(const std::vector<pid_t>& stopped) {
    for (const pid_t pid : stopped) {
        const auto stat = proc::stat(pid);
        const bool sent = proc::in_signal_set(pid, "ShdPnd", SIGHUP);
        // Not if somebody else has let it go on before, and it is about to tell: then there was no stopped job.
        const bool certain = sent || (stat && stat->state == 't' && !ptrace::answers(pid) &&
                                      !ptrace::next_report(ptrace::Wait::poll, pid).report);
        Verdict verdict;
        if (certain)
            verdict = {sent ? Verdict::Kind::right : Verdict::Kind::wrong, "SIGHUP", sent ? "SIGHUP" : "no signal"};
        count(join("orphaned group of the stopped process ", pid), verdict);
    }
}

} // namespace shadow
