# cmake -DCXX=<compiler> -DAR=<ar> -DINCLUDE=<dir> -DSOURCE=<dir with main.cpp ...> -DZERO=<zero_resources.cpp> -DWORK=<dir>
#       [-DEXPECTED=<number>] [-DONLY=<regular expression>] -P linker_matrix.cmake
#
# [trap:39] [trap:46] [R5] The registry lives in a section that the linker collects and bounds, so it is tested with every linker that this
# compiler can drive, at several optimisation levels. Each combination builds and runs one program with eight
# resources and one without any, and checks that a second definition of a resource is refused.
# A combination that the tools cannot link at all is named in the output and left out.
cmake_minimum_required(VERSION 3.23)

set(linkers bfd gold lld)
# name | compiler flags | linker flags
set(modes
    "O0|-O0|"
    "O2|-O2|"
    "O2, gc-sections|-O2 -ffunction-sections -fdata-sections|-Wl,--gc-sections"
    "O2, no PIE|-O2 -fno-pie|-no-pie"
    "O2, PIE|-O2 -fPIE|-pie"
    "O2, static|-O2 -fno-pie|-static"
    "O2, static, gc-sections|-O2 -fno-pie -ffunction-sections -fdata-sections|-static -Wl,--gc-sections"
    "LTO|-O2 -flto|-O2 -flto"
    "LTO, gc-sections|-O2 -flto -ffunction-sections -fdata-sections|-O2 -flto -Wl,--gc-sections"
)

file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
file(WRITE "${WORK}/probe.cpp" "#include <new>\nint main() { delete new int(0); }\n")

# Runs a command in ${WORK}; sets ${variable} to true or false and `output` to what it printed.
function(try variable)
    execute_process(
        COMMAND ${ARGN}
        WORKING_DIRECTORY "${WORK}"
        RESULT_VARIABLE status
        OUTPUT_VARIABLE text
        ERROR_VARIABLE text
    )
    if(status STREQUAL "0")
        set(${variable} TRUE PARENT_SCOPE)
    else()
        set(${variable} FALSE PARENT_SCOPE)
    endif()
    set(output "${text}\n(status ${status})" PARENT_SCOPE)
endfunction()

# The objects of one set of compiler flags, made once for all linkers.
function(compile directory flags)
    if(EXISTS "${WORK}/${directory}")
        return()
    endif()
    file(MAKE_DIRECTORY "${WORK}/${directory}")
    separate_arguments(flags)
    if(EXPECTED)
        list(APPEND flags "-DEXPECTED=${EXPECTED}")
    endif()
    foreach(source IN ITEMS "${SOURCE}/main.cpp" "${SOURCE}/second.cpp" "${SOURCE}/archive.cpp" "${SOURCE}/duplicate.cpp" "${ZERO}")
        cmake_path(GET source STEM stem)
        try(done "${CXX}" -std=c++20 ${flags} "-I${INCLUDE}" -c "${source}" -o "${directory}/${stem}.o")
        if(NOT done)
            message(FATAL_ERROR "${source} does not compile with ${flags}:\n${output}")
        endif()
    endforeach()
    if(NOT flags MATCHES "-flto") # an archive of LTO objects needs another ar
        try(done "${AR}" rcs "${directory}/archive.a" "${directory}/archive.o")
        if(NOT done)
            message(FATAL_ERROR "ar failed:\n${output}")
        endif()
    else()
        file(CREATE_LINK "archive.o" "${WORK}/${directory}/archive.a" SYMBOLIC)
    endif()
endfunction()

set(tested 0)
set(failures "")
foreach(linker IN LISTS linkers)
    foreach(mode IN LISTS modes)
        string(REGEX MATCH "^([^|]*)\\|([^|]*)\\|(.*)$" _ "${mode}")
        set(combination "${linker}, ${CMAKE_MATCH_1}")
        set(compiler_flags "${CMAKE_MATCH_2}")
        set(linker_flags "${CMAKE_MATCH_3}")
        if(ONLY AND NOT combination MATCHES "${ONLY}")
            continue()
        endif()
        separate_arguments(link UNIX_COMMAND "${linker_flags} -fuse-ld=${linker}")
        separate_arguments(probe UNIX_COMMAND "${compiler_flags}")
        try(available "${CXX}" ${probe} ${link} probe.cpp -o probe)
        if(available)
            try(available "${WORK}/probe")
        endif()
        if(NOT available)
            string(REGEX REPLACE "\n.*" "" reason "${output}")
            message("NOT TESTED: ${combination}: ${reason}")
            continue()
        endif()

        string(MAKE_C_IDENTIFIER "${compiler_flags}" d)
        compile(${d} "${compiler_flags}")
        math(EXPR tested "${tested} + 1")
        try(done "${CXX}" ${link} ${d}/main.o ${d}/second.o ${d}/archive.a -o program)
        if(done)
            try(done "${WORK}/program")
        endif()
        if(NOT done)
            string(APPEND failures "${combination}: the program with resources: ${output}\n")
        endif()
        try(done "${CXX}" ${link} ${d}/zero_resources.o -o zero)
        if(done)
            try(done "${WORK}/zero")
        endif()
        if(NOT done)
            string(APPEND failures "${combination}: the program without resources: ${output}\n")
        endif()
        try(done "${CXX}" ${link} ${d}/main.o ${d}/second.o ${d}/archive.a ${d}/duplicate.o -o duplicate)
        if(done)
            string(APPEND failures "${combination}: a second definition of a resource was linked\n")
        elseif(NOT output MATCHES "multiple definition|duplicate symbol|multiply defined|multiple symbol definitions")
            string(APPEND failures "${combination}: a second definition was refused for another reason: ${output}\n")
        endif()
    endforeach()
endforeach()

if(tested EQUAL 0)
    message("nothing to test: none of the linkers ${linkers} works with ${CXX}")
    return()
endif()
message("${tested} combinations of linker and flags tested")
if(failures)
    message(FATAL_ERROR "${failures}")
endif()
