# Functions with which the folders under tests/ declare their tests. Every test carries at least one label, so that
# `ctest -L <label>` runs one part of the suite.

find_package(Threads REQUIRED)
include(ProcspaceCatch2)

# A deadlock is what these tests most likely end in when they are wrong: do not wait CTest's 25 minutes for it.
set(PROCSPACE_TEST_TIMEOUT 120 CACHE STRING "Seconds after which a test of procspace counts as hanging")

# Common to every program of the suite.
function(_procspace_test_program target)
    target_link_libraries(
        ${target} PRIVATE procspace::procspace $<TARGET_NAME_IF_EXISTS:procspace_warnings> Threads::Threads
    )
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    target_compile_definitions(${target} PRIVATE ${ARG_DEFINITIONS})
    target_compile_options(${target} PRIVATE ${ARG_OPTIONS})
endfunction()

# procspace_catch_test(<target> LABELS <label>... SOURCES <file>...
#                      [DEFINITIONS <def>...] [OPTIONS <compiler option>...] [TIMEOUT <seconds>] [SUFFIX <text>]
#                      [NO_DISCOVER])
#
# One program with Catch2's main(); each TEST_CASE becomes a CTest of its own and so a process of its own. SUFFIX is
# appended to their names: for sources that are built twice.
# NO_DISCOVER builds the program only: the caller writes the add_test() lines.
function(procspace_catch_test target)
    cmake_parse_arguments(PARSE_ARGV 1 ARG "NO_DISCOVER" "TIMEOUT;SUFFIX" "LABELS;SOURCES;DEFINITIONS;OPTIONS")
    _procspace_check_arguments(${target})
    add_executable(${target} ${ARG_SOURCES})
    _procspace_test_program(${target})
    target_link_libraries(${target} PRIVATE procspace_catch_main)
    if(ARG_NO_DISCOVER)
        return()
    endif()

    # Catch2 2.x ends with 0 when a name matches nothing, so a renamed case would pass for ever, unless it is told to
    # warn. 3.x fails by itself, and refuses the option.
    set(no_tests "")
    if(Catch2_VERSION VERSION_LESS 3)
        set(no_tests EXTRA_ARGS -w NoTests)
    endif()
    # No DISCOVERY_MODE: 2.x does not know it and would take the words for arguments of the program.
    catch_discover_tests(${target} TEST_SUFFIX "${ARG_SUFFIX}" ${no_tests})

    # Properties that hold lists do not survive PROPERTIES of catch_discover_tests: set them when CTest has read the
    # names.
    set(file "${CMAKE_CURRENT_BINARY_DIR}/${target}_properties.cmake")
    file(
        CONFIGURE
        OUTPUT "${file}"
        CONTENT
            [[
foreach(test IN LISTS @target@_TESTS)
    set_tests_properties("${test}" PROPERTIES LABELS "@ARG_LABELS@" TIMEOUT @ARG_TIMEOUT@)
endforeach()
]]
        @ONLY
    )
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${file}")
endfunction()

# procspace_program_test(<target> LABELS <label>... SOURCES <file>...
#                        [DEFINITIONS <def>...] [OPTIONS <compiler option>...] [ARGUMENTS <arg>...] [TIMEOUT <seconds>])
#
# A plain program whose exit status is the verdict: 0 passed, 77 skipped, anything else failed. For what Catch2 cannot
# do: -fno-exceptions, a crash that is wanted, output that is compared.
function(procspace_program_test target)
    cmake_parse_arguments(PARSE_ARGV 1 ARG "" "TIMEOUT" "LABELS;SOURCES;DEFINITIONS;OPTIONS;ARGUMENTS")
    _procspace_check_arguments(${target})
    add_executable(${target} ${ARG_SOURCES})
    _procspace_test_program(${target})
    add_test(NAME ${target} COMMAND ${target} ${ARG_ARGUMENTS})
    set_tests_properties(${target} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77)
endfunction()

# procspace_compile_fail(<name> SOURCE <file> MESSAGE <regex> [OPTIONS <compiler option>...])
#
# Passes only if the compiler refuses the file and says something that matches MESSAGE, and accepts the same file with
# -DPROCSPACE_CONTROL. The offending line stands under #ifndef PROCSPACE_CONTROL, so a typo elsewhere in the file, or
# a header that no longer compiles, fails the test instead of passing for the refusal.
function(procspace_compile_fail name)
    cmake_parse_arguments(PARSE_ARGV 1 ARG "" "SOURCE;MESSAGE" "OPTIONS")
    if(NOT ARG_SOURCE OR NOT ARG_MESSAGE OR ARG_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "procspace_compile_fail(${name}): wants SOURCE, MESSAGE and at most OPTIONS")
    endif()
    cmake_path(ABSOLUTE_PATH ARG_SOURCE)
    procspace_syntax_only_command(command ${ARG_OPTIONS})
    add_test(
        NAME "compile_fail.${name}"
        COMMAND
            "${CMAKE_COMMAND}" "-DCOMMAND=${command}" "-DSOURCE=${ARG_SOURCE}" "-DMESSAGE=${ARG_MESSAGE}" -P
            "${PROJECT_SOURCE_DIR}/cmake/check_compile_fail.cmake"
    )
    set_tests_properties(
        "compile_fail.${name}" PROPERTIES LABELS compile_fail TIMEOUT ${PROCSPACE_TEST_TIMEOUT}
    )
endfunction()

# procspace_syntax_only_command(<variable> [<compiler option>...])
#
# The command that checks one C++ file with the compiler, the standard, the flags and the warnings of this build and
# writes no file. The file's name is to be appended.
function(procspace_syntax_only_command variable)
    separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
    set(${variable}
        "${CMAKE_CXX_COMPILER}"
        ${CMAKE_CXX_COMPILER_ARG1}
        ${flags}
        ${CMAKE_CXX20_STANDARD_COMPILE_OPTION}
        ${PROCSPACE_WARNING_FLAGS}
        ${ARGN}
        "-I${PROJECT_SOURCE_DIR}/include"
        "-I${PROJECT_SOURCE_DIR}/tests"
        -fsyntax-only
        PARENT_SCOPE
    )
endfunction()

# A macro, so that it sees and completes the ARG_ variables of the function that calls it.
macro(_procspace_check_arguments target)
    if(NOT ARG_LABELS OR NOT ARG_SOURCES)
        message(FATAL_ERROR "${target}: LABELS and SOURCES are needed")
    endif()
    if(ARG_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "${target}: unknown arguments ${ARG_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT ${PROCSPACE_TEST_TIMEOUT})
    endif()
endmacro()
