#pragma once

// The part of Catch2 that 2.13 and 3.x have in common, under one include:
// TEST_CASE, TEMPLATE_TEST_CASE, SECTION, GENERATE, CHECK and REQUIRE with their _THROWS_AS, _FALSE and STATIC_ forms,
// CHECK_THAT with Equals and StartsWith, INFO, CAPTURE, FAIL.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#else
#include <catch2/catch.hpp>
#endif

using Catch::Matchers::Equals;
using Catch::Matchers::StartsWith;
