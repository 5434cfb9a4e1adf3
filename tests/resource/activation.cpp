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

TEST_CASE("ActivationMark: one processor may add itself again, another one not before it has left",
          "[resource][activation][trap:44]") {
    Mark mark;
    const int first = 0;
    const int second = 0;
    CHECK(mark.try_add(&first));
    CHECK(mark.try_add(&first));
    CHECK_FALSE(mark.try_add(&second));
    mark.remove();
    CHECK_FALSE(mark.try_add(&second));
    mark.remove();
    CHECK_FALSE(mark.active());
    CHECK(mark.try_add(&second));
    CHECK_FALSE(mark.try_add(&first));
    mark.remove();
}
