# Shared by the tests of the packages. Each is a script that gets SOURCE (this repository), SCRATCH (a folder of its
# own), COMPILER, GENERATOR and MAKE_PROGRAM, and that fails as soon as one of its steps does.
cmake_minimum_required(VERSION 3.23)

file(REMOVE_RECURSE "${SCRATCH}")
file(MAKE_DIRECTORY "${SCRATCH}")

# What a machine has set up for its other projects must not decide.
foreach(variable CXXFLAGS LDFLAGS CPATH CPLUS_INCLUDE_PATH CMAKE_PREFIX_PATH procspace_DIR PKG_CONFIG_PATH DESTDIR)
    unset(ENV{${variable}})
endforeach()

# run(<command>...): leaves what it printed in `output`.
macro(run)
    execute_process(
        COMMAND ${ARGN}
        RESULT_VARIABLE status
        OUTPUT_VARIABLE output
        ERROR_VARIABLE output
    )
    if(NOT status EQUAL 0)
        string(JOIN " " command_line ${ARGN})
        # Printed plainly: FATAL_ERROR would fold the compiler's lines.
        message("${command_line}\n${output}")
        message(FATAL_ERROR "ended with ${status}")
    endif()
endmacro()

# The test that prints this counts as skipped (SKIP_REGULAR_EXPRESSION).
macro(skip reason)
    message("SKIPPED: ${reason}")
    return()
endmacro()

# configure(<source folder> <build folder> <option>...)
macro(configure source build)
    run("${CMAKE_COMMAND}"
        -S "${source}"
        -B "${build}"
        -G "${GENERATOR}"
        "-DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM}"
        "-DCMAKE_CXX_COMPILER=${COMPILER}"
        -DCMAKE_BUILD_TYPE=Release
        ${ARGN}
    )
endmacro()

# install_and_move(<option>...)
# Installs the library under ${SCRATCH}/moved: first to another place, since an installed tree must survive a move.
macro(install_and_move)
    configure(
        "${SOURCE}"
        "${SCRATCH}/library"
        "-DCMAKE_INSTALL_PREFIX=${SCRATCH}/prefix"
        -DPROCSPACE_BUILD_TESTS=OFF
        -DPROCSPACE_BUILD_EXAMPLES=OFF
        ${ARGN}
    )
    run("${CMAKE_COMMAND}" --build "${SCRATCH}/library" --config Release)
    run("${CMAKE_COMMAND}" --install "${SCRATCH}/library" --config Release)
    file(RENAME "${SCRATCH}/prefix" "${SCRATCH}/moved")
endmacro()

# Builds the `run` target of a consumer and looks for the line that its program prints when all is right.
macro(build_and_run build expected)
    run("${CMAKE_COMMAND}" --build "${build}" --config Release --target run)
    if(NOT output MATCHES "${expected}")
        message(FATAL_ERROR "the consumer did not print \"${expected}\":\n${output}")
    endif()
endmacro()

# compile_and_run(<expected line> <option>...): one line for the compiler, no build system.
macro(compile_and_run expected)
    run("${COMPILER}" -std=c++20 -Wall -Wextra -Wpedantic -Werror ${ARGN} "${SOURCE}/tests/package/consumer.cpp" -o
        "${SCRATCH}/consumer"
    )
    run("${SCRATCH}/consumer")
    if(NOT output MATCHES "${expected}")
        message(FATAL_ERROR "the consumer did not print \"${expected}\":\n${output}")
    endif()
endmacro()

# What consumer.cpp prints: with the version, so that it is this library and no other one on the machine.
file(STRINGS "${SOURCE}/include/procspace/version.hpp" version REGEX "#define PROCSPACE_VERSION_(MAJOR|MINOR|PATCH) ")
string(REGEX MATCHALL "[0-9]+" version "${version}")
list(GET version 0 version_major)
list(GET version 1 version_minor)
list(JOIN version "." version)
set(consumer_line "procspace ${version}: 0 wrong")
