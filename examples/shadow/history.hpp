/// The tree as it grew: every process there ever was, with what became of it.
#pragma once

#include "event.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace shadow {

struct Life {
    static constexpr std::size_t nobody = static_cast<std::size_t>(-1);

    pid_t pid = 0;
    std::size_t parent = nobody; ///< who it was born to, as an index: numbers are used again
    std::vector<std::size_t> children;
    std::string command;
    std::vector<std::string> notes; ///< "session 12", "adopted by 1", ...
    std::vector<pid_t> threads;     ///< beyond the leader, all that ever were
    unsigned long born = 0;         ///< event numbers; 0 for not
    unsigned long died = 0;
    unsigned long reaped = 0;
    int status = 0; ///< once dead, as wait4 tells it
    pid_t reaped_by = 0;
};

class History {
public:
    /// `adopted`: children that the event gave a new parent, with that parent. `last`: an exit that ended its process.
    void record(unsigned long number, const Event& event, bool last,
                const std::vector<std::pair<pid_t, pid_t>>& adopted);

    void ended_with(pid_t pid, int status);

    const std::vector<Life>& lives() const { return lives_; }

private:
    Life* living(pid_t pid);
    void note(pid_t pid, std::string text);

    std::vector<Life> lives_;
    std::map<pid_t, std::size_t> now_; ///< who has this number at present; threads lead to their process
};

} // namespace shadow
