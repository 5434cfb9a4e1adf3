// [R5] A program with resources uses a shared library with others: each has its own registry, and neither sees the
// other's. Exit status 0 says that all holds.
#include "library.hpp"

PROCSPACE_RESOURCE(int, in_program, 21)

int main() {
    const procspace::Namespace before;
    if (procspace::Registry::size() != 2 || library_size() != 4)
        return 1;
    if (const int failed = library_check())
        return failed;
    const procspace::Namespace after;
    if (in_program.get(before) != 21 || in_program.get(after) != 21 || in_both.get(after) != 1)
        return 2;
    if (*in_program.current() != 21 || &procspace::global_ns() != &procspace::global_ns())
        return 3;
    return 0;
}
