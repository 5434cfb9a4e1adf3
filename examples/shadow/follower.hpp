/// Stands between the tracer and everybody else: numbers the events, keeps the mirror, compares, tells of differences.
#pragma once

#include "compare.hpp"
#include "history.hpp"
#include "mirror.hpp"
#include "options.hpp"
#include "report.hpp"
#include "tracer.hpp"

#include <map>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace shadow {

class Follower final : public Witness {
public:
    Follower(const Options& options, std::ostream& out, const Colours& colours);

    /// A tree that ends while handles are out panics, and may do so by throwing; here all handles are the mirror's own.
    ~Follower() noexcept override {}

    void happened(const Event& event) override;
    bool wants_a_last_look(pid_t tid) override;
    bool agrees(const std::vector<pid_t>& seen) override;
    void disagrees() override;
    void ended_with(pid_t pid, int status) override;
    void asked(Question& question) override;
    void answered(const Question& question, std::int64_t result, bool certain) override;
    void waited(const Question& question, const WaitAnswer& answer, bool certain) override;
    bool may_get_terminal(pid_t pid) const override { return mirror_.may_get_terminal(pid); }
    Device terminal_of(pid_t pid) const override { return mirror_.terminal_of(pid); }
    void opened(pid_t pid, const Opened& opened, bool took, bool certain) override;
    std::vector<LostTerminal> lost_terminals() const override;
    bool vanishes(pid_t pid) override { return mirror_.vanishes(pid); }

    const Totals& totals() const { return totals_; }
    const History& history() const { return history_; }
    const std::vector<std::string>& reported() const { return reported_lines_; }
    /// --break was asked for, and nothing of that kind has happened.
    bool break_still_due() const { return broken_ != Break::none; }

private:
    bool is_to_be_dropped(const Event& event) const;
    void note_concerned(const Event& event);
    std::set<pid_t> to_compare() const;
    void compared();
    void report(const Difference& difference);
    bool may_be_losing_terminals() const;
    bool is_to_be_dropped(const Question& question) const;
    void count(const Question& question, const Verdict& verdict);
    void count(const std::string& what, const Verdict& verdict);
    void look_for_hang_ups(const std::vector<pid_t>& stopped);

    const Options& options_;
    std::ostream& out_;
    Colours colours_;
    Mirror mirror_;
    Comparer comparer_;
    History history_;
    Totals totals_;
    Break broken_;
    std::string last_event_;
    std::set<pid_t> concerned_;     ///< by the events since the last comparison
    std::vector<Difference> fresh_; ///< of the last comparison: not reported before
    /// The subjects that differ and are reported, with whom they are about: each counts once until it heals.
    std::map<std::string, pid_t> reported_;
    std::vector<std::string> reported_lines_;
};

} // namespace shadow
