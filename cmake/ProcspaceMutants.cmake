# Do the tests find what they are there for? Each mutant is a copy of the headers in which one known defect is put back,
# built into the same program, which then must fail for the right reason.
include_guard()

set(mutant_headers "${PROJECT_SOURCE_DIR}/include/procspace")

# mutated_headers(<directory> HEADER <path under procspace/> FIND <code> REPLACE <code> FOLDERS <folder>...)
# Puts a copy of the FOLDERS with the one defect into the directory. The rest is not read.
function(mutated_headers directory)
    cmake_parse_arguments(PARSE_ARGV 1 ARG "" "HEADER;FIND;REPLACE" "FOLDERS")
    set(original "${mutant_headers}/${ARG_HEADER}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${original}")
    file(READ "${original}" code)
    string(FIND "${code}" "${ARG_FIND}" first)
    string(FIND "${code}" "${ARG_FIND}" last REVERSE)
    if(first EQUAL -1 OR NOT first EQUAL last)
        message(FATAL_ERROR "${directory}: the code to be replaced must be in ${ARG_HEADER} once:\n${ARG_FIND}")
    endif()
    string(REPLACE "${ARG_FIND}" "${ARG_REPLACE}" code "${code}")
    foreach(folder IN LISTS ARG_FOLDERS)
        file(GLOB headers CONFIGURE_DEPENDS "${mutant_headers}/${folder}/*.hpp")
        list(REMOVE_ITEM headers "${original}")
        foreach(header IN LISTS headers)
            cmake_path(GET header FILENAME file)
            configure_file("${header}" "${directory}/procspace/${folder}/${file}" COPYONLY)
        endforeach()
    endforeach()
    configure_file("${mutant_headers}/fwd.hpp" "${directory}/procspace/fwd.hpp" COPYONLY)
    # Written only if it differs, so that a new configuration builds nothing again.
    file(CONFIGURE OUTPUT "${directory}/procspace/${ARG_HEADER}" CONTENT "${code}" @ONLY)
endfunction()

# mutant_test(<program>.<name> SOURCE <file> DIRECTORY <mutated headers> MESSAGE <regex> ARGUMENTS <arg>...
#             LABEL <label> [LIBRARY <target>])
function(mutant_test test)
    cmake_parse_arguments(PARSE_ARGV 1 ARG "" "SOURCE;DIRECTORY;MESSAGE;LABEL;LIBRARY" "ARGUMENTS")
    string(REPLACE "." "_" target "${test}")
    add_executable(${target} ${ARG_SOURCE})
    target_include_directories(${target} BEFORE PRIVATE "${ARG_DIRECTORY}")
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(${target} PRIVATE procspace::procspace Threads::Threads ${ARG_LIBRARY})
    target_compile_options(${target} PRIVATE -O0)
    add_test(
        NAME "${test}"
        COMMAND "${CMAKE_COMMAND}" "-DCOMMAND=$<TARGET_FILE:${target}>;${ARG_ARGUMENTS}" "-DMESSAGE=${ARG_MESSAGE}" -P
                "${PROJECT_SOURCE_DIR}/cmake/expect_failure.cmake"
    )
    set_tests_properties("${test}" PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${PROCSPACE_TEST_TIMEOUT})
endfunction()
