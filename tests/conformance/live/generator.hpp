#pragma once
// Random operations, plausible and senseless ones.

#include "../trace.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace conformance::live {

/// What a run is made of.
struct Profile {
    const char* name;
    std::map<std::string, int> weights; ///< of the operations
    int blocking;                       ///< of 100 waits, how many may sleep
    int threads;                        ///< at most, in one process
};

[[nodiscard]] const std::vector<Profile>& profiles();

/// Chooses the operations of one run. They depend on the seed and on what the processes were after each operation, on
/// nothing else.
class Generator {
public:
    /// Without `privileged` there is one user only, and no terminal can be stolen.
    Generator(std::uint64_t seed, const Profile& profile, bool privileged);

    /// Returns the next operation, or nothing if nobody can do any more. `states` are those after the last one.
    [[nodiscard]] std::optional<Operation> next(const States& states);
    /// To be told what became of it.
    void note(const Operation& done);

private:
    struct Seen {
        std::uint32_t pid = 0, ppid = 0, pgid = 0, sid = 0;
        bool zombie = false, stopped = false;
        std::vector<std::uint32_t> tids; ///< the living
        bool has_terminal = false;
    };

    [[nodiscard]] std::uint32_t below(std::uint32_t limit);
    [[nodiscard]] bool chance(int percent) { return below(100) < static_cast<std::uint32_t>(percent); }
    template <class T>
    [[nodiscard]] const T& one_of(const std::vector<T>& choices) {
        return choices[below(static_cast<std::uint32_t>(choices.size()))];
    }

    void look(const States& states);
    [[nodiscard]] bool choose_actor();
    [[nodiscard]] std::string choose_name();
    [[nodiscard]] bool possible(const std::string& name) const;
    [[nodiscard]] std::vector<std::string> choose_arguments(const std::string& name);
    [[nodiscard]] std::vector<std::string> wait_arguments(bool by_id);
    [[nodiscard]] std::string options(bool by_id, bool sleeps);
    [[nodiscard]] std::int64_t some_process();
    [[nodiscard]] std::int64_t some_group();
    [[nodiscard]] std::string some_signal();
    [[nodiscard]] bool is_for_many(const std::string& signal) const;
    [[nodiscard]] bool somebody_is_stopped() const;
    [[nodiscard]] std::vector<std::int64_t> children() const;

    std::mt19937_64 random_;
    const Profile& profile_;
    bool privileged_;
    std::map<std::uint32_t, Seen> seen_;
    std::map<std::uint32_t, std::uint32_t> sleeping_; ///< thread -> its process
    std::set<std::uint32_t> waiters_;                 ///< threads that sleep until something happens to a child
    std::set<std::uint32_t> repeaters_;               ///< threads that stop their group again when they are continued
    // What has happened in this run:
    bool ignored_children_ = false;
    std::set<std::string> defaults_; ///< signals whose action was made the default one
    bool changed_user_ = false;
    bool asked_for_death_signal_ = false;
    bool made_subreapers_ = false;
    bool sent_to_stopped_ = false;      ///< a signal, that is: it may be deadly
    bool made_clones_ = false;          ///< whose end their parent may die of
    std::vector<std::int64_t> reaped_;  ///< numbers that a wait has freed
    std::set<std::uint32_t> just_gone_; ///< by the last operation
    std::set<std::string> hung_up_;
    bool init_stopped_ = false;
    std::uint32_t highest_ = 1;
    const Seen* actor_ = nullptr;
    std::uint32_t tid_ = 0;
    std::size_t idle_ = 0;
};

} // namespace conformance::live
