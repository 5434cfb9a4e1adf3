// What the programs share whose calls the library predicts.
#pragma once

#include <cerrno>
#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>

inline int failures = 0;

/// `expected`: the result, or an error as a negative number.
inline void expect(const char* what, long result, long expected) {
    const long got = result < 0 ? -errno : result;
    if (got == expected)
        return;
    std::fprintf(stderr, "%s: %ld, expected %ld\n", what, got, expected);
    ++failures;
}
#define EXPECT(call, expected) expect(#call, call, expected)

inline constexpr pid_t nobody = 4194303; // beyond what a kernel gives but after four million others

template <class F>
pid_t child(F&& f) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        failures = 0;
        f();
        ::_exit(failures);
    }
    return pid;
}

inline void join(pid_t pid) {
    int status = 0;
    EXPECT(::waitpid(pid, &status, 0), pid);
    EXPECT(status, 0);
}
