#pragma once
// Errors as values.

#include "../fwd.hpp"

namespace procspace {

/// Linux's numbers for the errors that a user program can provoke.
enum class Errno : int {
    ok = 0,
    permission = 1,
    no_process = 3,
    interrupted = 4,
    io = 5,
    no_device = 6,
    bad_file = 9,
    no_child = 10,
    again = 11,
    no_memory = 12,
    access = 13,
    fault = 14,
    exists = 17,
    invalid = 22,
    not_a_tty = 25
};

/// Constructs the empty state of a type that owns something: what a moved-from object is.
struct NoValue {};

/// The outcome of an operation that can fail: a value, or the reason why there is none.
///
/// Invariant: `value` is empty (as `T(NoValue{})` or `T()` makes it) exactly when `error != Errno::ok`.
template <class T>
struct [[nodiscard]] Result {
    T value;
    Errno error;

    Result(T&& v) : value(static_cast<T&&>(v)), error(Errno::ok) {}
    /// **Pre**: `e != Errno::ok`, unless the value is put in next.
    Result(Errno e)
        requires requires { T(NoValue{}); }
        : value(NoValue{}), error(e) {}
    Result(Errno e)
        requires(!requires { T(NoValue{}); })
        : value(), error(e) {}

    explicit operator bool() const noexcept { return error == Errno::ok; }
};

/// The outcome of an operation that has nothing to return.
template <>
struct [[nodiscard]] Result<void> {
    Errno error = Errno::ok;

    Result() = default;
    Result(Errno e) noexcept : error(e) {}

    explicit operator bool() const noexcept { return error == Errno::ok; }
};

} // namespace procspace
