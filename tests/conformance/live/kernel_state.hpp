#pragma once
// What /proc says about the processes of the run.

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace conformance::live {

struct TaskView {
    char state = '?';                  ///< R S D T Z X, as in /proc
    unsigned long long switches = 0;   ///< how often it left its processor: grows whenever it ran and sleeps again
    std::uint64_t pending = 0;         ///< to the thread; bit signal - 1
    std::uint64_t process_pending = 0; ///< to the process

    friend bool operator==(const TaskView&, const TaskView&) = default;
};
/// The threads of a process, the leader included while it is a zombie.
using Tasks = std::map<std::uint32_t, TaskView>;
using Snapshot = std::map<std::uint32_t, Tasks>;

enum class Condition : unsigned char { running, stopped, zombie };

/// Reads the /proc of one pid namespace.
class KernelState {
public:
    /// `proc` stays the caller's.
    explicit KernelState(int proc) : proc_(proc) {}

    [[nodiscard]] Snapshot snapshot() const;
    /// Returns whether nothing can happen in there any more without a cause from outside: every thread sleeps, is
    /// stopped or dead, and none ran while the whole was looked at. `now` is what was seen.
    [[nodiscard]] bool at_rest(Snapshot& now) const;
    /// Returns how it is with a process at rest.
    [[nodiscard]] static Condition condition(std::uint32_t pid, const Tasks& tasks);
    /// Returns the process as a trace has it, without the subreaper flag: `ppid:pgid:sid:state:tids:tty`. `terminals`
    /// are the device numbers of the two.
    [[nodiscard]] std::string describe(std::uint32_t pid, const Tasks& tasks,
                                       const unsigned long (&terminals)[2]) const;

private:
    [[nodiscard]] std::string read(const std::string& path) const;
    [[nodiscard]] std::set<std::uint32_t> numbers(const std::string& path) const;

    int proc_;
};

} // namespace conformance::live
