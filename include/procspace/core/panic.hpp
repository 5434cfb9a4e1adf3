#pragma once
// Panic: what becomes of misuse that no caller could handle. Where it goes is Traits::panic; this is the default.

#include "../fwd.hpp"
#include "config.hpp"

namespace procspace {

/// A place in the source: where a panic was raised.
struct Location {
    const char* file;
    unsigned line;
    const char* function;

    /// Returns the place of the call itself when called without arguments.
    static constexpr Location current(const char* file = __builtin_FILE(), unsigned line = __builtin_LINE(),
                                      const char* function = __builtin_FUNCTION()) noexcept {
        return {file, line, function};
    }
};

/// A line of text of bounded length, put together without memory or a C library. What does not fit is left out.
class PanicText {
public:
    PanicText() noexcept { text_[0] = '\0'; }
    [[PROCSPACE_SELDOM]] PanicText& operator<<(const char* text) noexcept {
        while (*text != '\0' && length_ < capacity)
            text_[length_++] = *text++;
        text_[length_] = '\0';
        return *this;
    }
    [[PROCSPACE_SELDOM_PART]] PanicText& operator<<(unsigned long long number) noexcept {
        char digits[21];
        char* first = digits + 20;
        *first = '\0';
        do {
            *--first = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        return *this << first;
    }

    [[nodiscard]] const char* text() const noexcept { return text_; }
    [[nodiscard]] unsigned length() const noexcept { return length_; }

private:
    static constexpr unsigned capacity = 510;

    char text_[capacity + 1]; // up to the end of the text
    unsigned length_ = 0;
};

/// Prints `what` and `where` in one line on the standard error stream, if there is one, and aborts.
[[noreturn, PROCSPACE_SELDOM]] inline void default_panic(const char* what, Location where) noexcept {
    PanicText line;
    line << "procspace: panic: " << what << " (" << where.file << ":" << where.line << ", " << where.function << ")\n";
    write_error(line.text(), line.length());
    stop();
}

/// Panics with `what` and the place of the call. Apart, so that a check costs its caller a compare and a call.
template <class Traits>
[[noreturn, PROCSPACE_SELDOM]] void raise_panic(const char* what, const char* file = __builtin_FILE(),
                                                unsigned line = __builtin_LINE(),
                                                const char* function = __builtin_FUNCTION()) {
    Traits::panic(what, Location{file, line, function});
}

/// The same with `what` followed by `number`.
template <class Traits>
[[noreturn, PROCSPACE_SELDOM]] void panic_with_number(const char* what, unsigned long long number,
                                                      const char* file = __builtin_FILE(),
                                                      unsigned line = __builtin_LINE(),
                                                      const char* function = __builtin_FUNCTION()) {
    PanicText text;
    text << what << number;
    raise_panic<Traits>(text.text(), file, line, function);
}

} // namespace procspace
