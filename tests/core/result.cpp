#include <procspace/core/result.hpp>

#include "support/catch.hpp"

#include <cerrno>
#include <memory>
#include <type_traits>
#include <utility>

using procspace::Errno;
using procspace::NoValue;
using procspace::Result;

namespace {

struct Handle {
    explicit Handle(NoValue) : empty(true) {}
    explicit Handle(int) : empty(false) {}
    bool empty;
};

Result<std::unique_ptr<int>> made(bool well) {
    if (!well)
        return Errno::no_memory;
    return std::make_unique<int>(5);
}

} // namespace

TEST_CASE("Result: a value means ok", "[core][result]") {
    auto result = made(true);
    REQUIRE(result);
    CHECK(result.error == Errno::ok);
    CHECK(*result.value == 5);
}

TEST_CASE("Result: an error means an empty value", "[core][result]") {
    const auto result = made(false);
    CHECK_FALSE(result);
    CHECK(result.error == Errno::no_memory);
    CHECK(result.value == nullptr);
}

TEST_CASE("Result: a type that has an empty state of its own is put into it", "[core][result]") {
    const Result<Handle> failed(Errno::again);
    CHECK(failed.value.empty);
    const Result<Handle> fine{Handle(1)};
    CHECK_FALSE(fine.value.empty);
}

TEST_CASE("Result: of nothing is ok until it is given an error", "[core][result]") {
    CHECK(Result<void>());
    CHECK_FALSE(Result<void>(Errno::invalid));
    CHECK(Result<void>(Errno::invalid).error == Errno::invalid);
}

TEST_CASE("Result: converts to bool only where a condition is asked for", "[core][result]") {
    STATIC_REQUIRE_FALSE(std::is_convertible_v<Result<int>, bool>);
    STATIC_REQUIRE(std::is_constructible_v<bool, Result<int>>);
    SUCCEED();
}

TEST_CASE("Errno: the numbers are those of Linux", "[core][result]") {
    CHECK(static_cast<int>(Errno::ok) == 0);
    CHECK(static_cast<int>(Errno::permission) == EPERM);
    CHECK(static_cast<int>(Errno::no_process) == ESRCH);
    CHECK(static_cast<int>(Errno::interrupted) == EINTR);
    CHECK(static_cast<int>(Errno::io) == EIO);
    CHECK(static_cast<int>(Errno::no_device) == ENXIO);
    CHECK(static_cast<int>(Errno::no_child) == ECHILD);
    CHECK(static_cast<int>(Errno::again) == EAGAIN);
    CHECK(static_cast<int>(Errno::no_memory) == ENOMEM);
    CHECK(static_cast<int>(Errno::access) == EACCES);
    CHECK(static_cast<int>(Errno::fault) == EFAULT);
    CHECK(static_cast<int>(Errno::exists) == EEXIST);
    CHECK(static_cast<int>(Errno::invalid) == EINVAL);
    CHECK(static_cast<int>(Errno::not_a_tty) == ENOTTY);
}
