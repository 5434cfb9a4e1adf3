// Ends by the default panic: tests/core/CMakeLists.txt looks at what is printed and at the status.
#include <procspace/core/traits.hpp>

int main() {
    // The number of the next line is in the test.
    procspace::DefaultTraits::panic("the reason", procspace::Location::current());
}
