# Finds Catch2, 2.13 or 3.x, or fetches a pinned 3.x; makes `procspace_catch_main`, an object library with main().
# Found without a version: the version file of 2.x refuses a request for 3 and the other way round.
find_package(Catch2 CONFIG QUIET)

if(Catch2_FOUND AND Catch2_VERSION VERSION_LESS 2.13)
    message(WARNING "Catch2 ${Catch2_VERSION} is too old (2.13 is the oldest that the tests know); fetching 3.7.1")
    set(Catch2_FOUND FALSE)
endif()

if(NOT Catch2_FOUND)
    # Said before the download: on a machine without a network the reader knows at once what to do.
    message(STATUS "Catch2 is not installed (Debian and Ubuntu: apt-get install catch2); fetching 3.7.1")
    # Where CMake knows the policy: files of the archive are dated now, so that a new version is rebuilt.
    if(POLICY CMP0135)
        cmake_policy(SET CMP0135 NEW)
    endif()
    include(FetchContent)
    FetchContent_Declare(
        Catch2
        URL https://github.com/catchorg/Catch2/archive/refs/tags/v3.7.1.tar.gz
        URL_HASH SHA256=c991b247a1a0d7bb9c39aa35faf0fe9e19764213f28ffba3109388e62ee0269c
    )
    FetchContent_MakeAvailable(Catch2)
    # Our warnings are for our code: its headers count as system headers, as those of an installed one do.
    get_target_property(catch2_includes Catch2 INTERFACE_INCLUDE_DIRECTORIES)
    set_target_properties(Catch2 PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${catch2_includes}")
    list(APPEND CMAKE_MODULE_PATH "${catch2_SOURCE_DIR}/extras")
    set(Catch2_VERSION 3.7.1)
endif()
include(Catch)

# Compiling the main() of Catch2 2.x takes longer than any test, so it is done once, and not optimised: that halves it
# (20 s to 10 s with g++ 12, 54 s to 22 s with its address sanitizer). Sanitizers stay on, since the linker may take
# an instantiation of std::shared_ptr from this object for the whole program.
add_library(procspace_catch_main OBJECT "${PROJECT_SOURCE_DIR}/tests/support/catch_main.cpp")
target_link_libraries(procspace_catch_main PUBLIC Catch2::Catch2)
target_compile_features(procspace_catch_main PUBLIC cxx_std_20)
target_compile_options(procspace_catch_main PRIVATE $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-O0>)
