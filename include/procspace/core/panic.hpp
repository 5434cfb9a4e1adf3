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

/// Prints `what` and `where` in one line on the standard error stream, if there is one, and aborts.
[[noreturn]] inline void default_panic(const char* what, Location where) noexcept {
    stop_with_message(what, where.file, where.line, where.function);
}

/// Panics with `what` followed by `number` in decimal. `what` is cut to fit 160 characters.
template <class Traits>
[[noreturn]] void panic_with_number(const char* what, unsigned long long number, Location where) {
    constexpr unsigned limit = 160;
    constexpr unsigned digits = 20;
    char text[limit + digits + 1];
    char* end = text;
    while (*what != '\0' && end != text + limit)
        *end++ = *what++;
    char reversed[digits];
    unsigned count = 0;
    do {
        reversed[count++] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0)
        *end++ = reversed[--count];
    *end = '\0';
    Traits::panic(text, where);
}

} // namespace procspace
