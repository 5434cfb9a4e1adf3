#pragma once
// The console: where lines and keys come from, and how long a tick of the simulated clock takes. A real terminal, or a
// script, in which time is only counted.

#include <deque>
#include <istream>
#include <memory>
#include <ostream>
#include <string>

namespace jobs {

/// What was typed.
struct Typed {
    enum class Kind { line, key, end };
    Kind kind;
    std::string text{}; ///< of a line
    int signal = 0;     ///< that a key sends
};

class Console {
public:
    Console() = default;
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;
    virtual ~Console() = default;

    /// Lets one tick pass, and returns what was typed meanwhile.
    virtual std::deque<Typed> tick() = 0;
    /// Somebody wants to read a line.
    virtual void demand() {}
};

/// Lines of a script. A line that is `^Z`, `^C`, `^\` or `^D`, or the byte of such a key, is that key. A line, or the
/// end of the input, comes when somebody wants to read; a key after a tick in which nothing was typed. What is typed is
/// echoed to `echo`, so that the output reads like the screen.
std::unique_ptr<Console> make_script(std::istream& input, std::ostream& echo);

/// The terminal on standard input: its line editing and echo stay, but keys are no signals for this program any more.
/// Restored by the destructor, and when a signal ends or stops the program.
std::unique_ptr<Console> make_terminal(int tick_milliseconds, std::ostream& echo);

} // namespace jobs
