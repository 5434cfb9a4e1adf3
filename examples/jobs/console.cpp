#include "console.hpp"

#include "names.hpp"

#include <cerrno>
#include <csignal>
#include <optional>
#include <poll.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace jobs {

namespace {

constexpr char end_key = 4; // ^D

/// Returns the signal of a key, or 0.
int signal_of(char key) {
    return key == 3 ? Key::interrupt : key == 26 ? Key::suspend : key == 28 ? Key::quit : 0;
}

class Script final : public Console {
public:
    Script(std::istream& input, std::ostream& echo) : input_(input), echo_(echo) { advance(); }

    std::deque<Typed> tick() override {
        const bool due = next_.kind == Typed::Kind::key ? idle_ : wanted_;
        idle_ = !due;
        if (!due)
            return {};
        wanted_ = false;
        if (next_.kind == Typed::Kind::line)
            echo_ << next_.text << '\n';
        else if (key_ != 0)
            echo_ << '^' << key_ << '\n';
        std::deque<Typed> typed{next_};
        advance();
        return typed;
    }

    void demand() override { wanted_ = true; }

private:
    /// Reads ahead: whether the next is a key has to be known before it is wanted.
    void advance() {
        std::string text;
        key_ = 0;
        for (char c = 0; input_.get(c) && c != '\n'; text += c)
            if (signal_of(c) != 0 || (c == end_key && text.empty())) { // as on a terminal, what is before a key is lost
                if (input_.peek() == '\n')
                    input_.get();
                press(c);
                return;
            }
        if (!input_ && text.empty())
            next_ = {Typed::Kind::end};
        else if (text.size() == 2 && text[0] == '^' && (text[1] == 'D' || signal_of(static_cast<char>(text[1] - '@'))))
            press(static_cast<char>(text[1] - '@'));
        else
            next_ = {Typed::Kind::line, text};
    }

    void press(char key) {
        key_ = static_cast<char>(key + '@');
        next_ = key == end_key ? Typed{Typed::Kind::end} : Typed{Typed::Kind::key, {}, signal_of(key)};
    }

    std::istream& input_;
    std::ostream& echo_;
    Typed next_{Typed::Kind::end};
    char key_ = 0; // of next_, as it is echoed; 0 for a line and for the end of the file
    bool wanted_ = false;
    bool idle_ = false; // nothing was typed in the last tick
};

// What the handlers need, which can be given nothing.
termios mode_before;
termios mode_here;

extern "C" void restore_and_end(int signal) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &mode_before);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

extern "C" void restore_and_stop(int) {
    const int error = errno;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &mode_before);
    std::raise(SIGSTOP);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &mode_here); // continued
    errno = error;
}

class RealTerminal final : public Console {
public:
    RealTerminal(int tick_milliseconds, std::ostream& echo) : tick_(tick_milliseconds), echo_(echo) {
        ::tcgetattr(STDIN_FILENO, &mode_before);
        mode_here = mode_before;
        mode_here.c_lflag &= static_cast<tcflag_t>(~ISIG);
        mode_here.c_lflag |= ICANON | IEXTEN | ECHO;
        mode_here.c_cc[VEOL] = 26; // ^Z and ^C end a line, without being a newline: so they are read at once
        mode_here.c_cc[VEOL2] = 3;
        for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT})
            std::signal(signal, restore_and_end);
        std::signal(SIGTSTP, restore_and_stop);
        ::tcsetattr(STDIN_FILENO, TCSANOW, &mode_here);
    }
    ~RealTerminal() override { ::tcsetattr(STDIN_FILENO, TCSANOW, &mode_before); }

    std::deque<Typed> tick() override {
        echo_.flush();
        pollfd input{STDIN_FILENO, POLLIN, 0};
        std::deque<Typed> typed;
        if (::poll(&input, 1, tick_) <= 0)
            return typed;
        char bytes[4096]; // at least a line
        const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
        if (count < 0 && errno == EINTR)
            return typed;
        if (count <= 0)
            typed.push_back({Typed::Kind::end});
        for (ssize_t i = 0; i < count; ++i) {
            if (bytes[i] == '\n') {
                typed.push_back({Typed::Kind::line, std::exchange(line_, {})});
            } else if (const int signal = signal_of(bytes[i]); signal != 0) {
                echo_ << '\n'; // after the ^Z that the terminal has echoed
                line_.clear();
                typed.push_back({Typed::Kind::key, {}, signal});
            } else {
                line_ += bytes[i];
            }
        }
        return typed;
    }

private:
    int tick_;
    std::ostream& echo_;
    std::string line_;
};

} // namespace

std::unique_ptr<Console> make_script(std::istream& input, std::ostream& echo) {
    return std::make_unique<Script>(input, echo);
}

std::unique_ptr<Console> make_terminal(int tick_milliseconds, std::ostream& echo) {
    return std::make_unique<RealTerminal>(tick_milliseconds, echo);
}

} // namespace jobs
