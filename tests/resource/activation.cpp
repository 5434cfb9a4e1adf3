#include <procspace/resource/activation.hpp>

#include <procspace/core/traits.hpp>

#include "support/catch.hpp"

using Mark = procspace::ActivationMark<procspace::DefaultTraits>;

TEST_CASE("ActivationMark: is active as long as one place is left", "[resource][activation]") {
    Mark mark;
    CHECK_FALSE(mark.active());
    mark.add();
    mark.add();
    mark.remove();
    CHECK(mark.active());
    mark.remove();
    CHECK_FALSE(mark.active());
}

TEST_CASE("ActivationMark: a claim is refused to another processor until it is given up",
          "[resource][activation][trap:44]") {
    Mark mark;
    const int first = 0;
    const int second = 0;
    CHECK(mark.claim(&first) == nullptr);
    CHECK(mark.active());
    CHECK(mark.claim(&first) == &first);
    CHECK(mark.claim(&second) == &first);
    mark.unclaim();
    CHECK_FALSE(mark.active());
    CHECK(mark.claim(&second) == nullptr);
    CHECK(mark.claim(&first) == &second);
    mark.unclaim();
}
