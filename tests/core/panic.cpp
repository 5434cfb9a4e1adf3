#include <procspace/core/panic.hpp>

#include "support/catch.hpp"
#include "support/traits.hpp"

#include <cstring>
#include <limits>
#include <string>

// What the default panic prints is held by the test default_panic (see CMakeLists.txt).

TEST_CASE("Location: current names the place of the call", "[core][panic]") {
    const procspace::Location here = procspace::Location::current();
    CHECK(here.line == __LINE__ - 1);
    CHECK(std::string(here.file) == __FILE__);
    CHECK(std::string(here.function) == __func__);
}

TEST_CASE("Panic: a traits struct decides what a panic does", "[core][panic]") {
    const procspace::Location here{"file", 7, "function"};
    try {
        support::PanicTraits::panic("what", here);
    } catch (const support::Panic& panic) {
        CHECK(panic.what == "what");
        CHECK(panic.where.line == 7);
        return;
    }
    FAIL("the panic returned");
}

TEST_CASE("PanicText: puts words and numbers together", "[core][panic]") {
    procspace::PanicText text;
    text << "a " << 0ULL << " b " << std::numeric_limits<unsigned long long>::max();
    CHECK_THAT(std::string(text.text()),
               Equals("a 0 b " + std::to_string(std::numeric_limits<unsigned long long>::max())));
    CHECK(text.length() == std::strlen(text.text()));
}

TEST_CASE("PanicText: what does not fit is left out", "[core][panic]") {
    procspace::PanicText text;
    const std::string hundred(100, 'x');
    for (int i = 0; i < 20; ++i)
        text << hundred.c_str();
    CHECK(text.length() == std::strlen(text.text()));
    CHECK(text.length() < 2000);
    const unsigned full = text.length();
    text << 1ULL;
    CHECK(text.length() == full);
    CHECK(std::string(text.text()) == std::string(full, 'x'));
}

TEST_CASE("panic_with_number: the number follows the sentence", "[core][panic]") {
    CHECK_THAT(
        support::panic_of([] { procspace::panic_with_number<support::PanicTraits>("handles still alive: ", 42); }),
        Equals("handles still alive: 42"));
}
