# cmake -DCXX=<compiler> -DINCLUDE=<dir> -DSOURCE=<dir with main.cpp ...> -DZERO=<zero_resources.cpp> -DWORK=<dir>
#       [-DEXPECTED=<number>] (-DCOMPILE=ON -DAR=<ar> | -DLINKER=<linker>) [-DONLY=<regular expression>] -P linker_matrix.cmake
#
# [trap:39] [trap:46] [R5] The registry lives in a section that the linker collects and bounds, so it is tested with
# every compiler and linker at hand, in several modes. With COMPILE the objects are made, once for all linkers; with
# LINKER each mode links and runs a program with eight resources and one without any, and checks, where it may depend on
# the mode, that a second definition of a resource is refused. The portable registry, which needs nothing of the linker, is
# tried where static constructors are most in danger.
# A mode that the tools cannot link at all is named in the output; without the linker the test is skipped.
cmake_minimum_required(VERSION 3.23)

# name of the objects | compiler flags
set(objects
    "plain|-O0"
    "fixed|-O2 -fno-pie"
    "fixed_sections|-O2 -fno-pie -ffunction-sections -fdata-sections"
    "pie_sections|-O2 -fPIE -ffunction-sections -fdata-sections"
    "lto|-O2 -flto -ffunction-sections -fdata-sections"
    "asan|-O1 -fPIE -fsanitize=address,undefined -fno-sanitize-recover=all"
    "tsan|-O1 -fPIE -fsanitize=thread"
    "portable|-O2 -fPIE -flto -ffunction-sections -fdata-sections -DPROCSPACE_PORTABLE_REGISTRY=1"
    "portable_asan|-O1 -fPIE -fsanitize=address,undefined -fno-sanitize-recover=all -DPROCSPACE_PORTABLE_REGISTRY=1"
)
# name of the mode | objects | linker flags | whether a second definition is tried
set(modes
    "O0|plain||yes"
    "O2, no PIE|fixed|-no-pie|no"
    "O2, static|fixed|-static -no-pie|no"
    "O2, static, gc-sections|fixed_sections|-static -no-pie -Wl,--gc-sections|no"
    "O2, PIE|pie_sections|-pie|no"
    "O2, PIE, gc-sections|pie_sections|-pie -Wl,--gc-sections|yes"
    "O2, static PIE, gc-sections|pie_sections|-static-pie -Wl,--gc-sections|no"
    "LTO|lto|-O2 -flto|yes"
    "LTO, gc-sections|lto|-O2 -flto -Wl,--gc-sections|no"
    "ASan and UBSan|asan|-pie -fsanitize=address,undefined|no"
    "ASan and UBSan, gc-sections|asan|-pie -fsanitize=address,undefined -Wl,--gc-sections|no"
    "TSan|tsan|-pie -fsanitize=thread|no"
    "portable registry, LTO, gc-sections|portable|-pie -O2 -flto -Wl,--gc-sections|no"
    "portable registry, ASan and UBSan|portable_asan|-pie -fsanitize=address,undefined|no"
)

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

function(must)
    try(done ${ARGN})
    if(NOT done)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "${command}:\n${output}")
    endif()
endfunction()

if(COMPILE)
    file(REMOVE_RECURSE "${WORK}")
    file(MAKE_DIRECTORY "${WORK}")
    file(WRITE "${WORK}/probe.cpp" "#include <new>\nint main() { delete new int(0); }\n")
    foreach(entry IN LISTS objects)
        string(REGEX MATCH "^([^|]*)\\|(.*)$" _ "${entry}")
        set(directory "${CMAKE_MATCH_1}")
        set(flags "${CMAKE_MATCH_2}")
        separate_arguments(flags UNIX_COMMAND "${flags}")
        if(EXPECTED)
            list(APPEND flags "-DEXPECTED=${EXPECTED}")
        endif()
        if(ONLY AND NOT directory MATCHES "${ONLY}")
            continue()
        endif()
        file(MAKE_DIRECTORY "${WORK}/${directory}")
        set(sources "${WORK}/probe.cpp" "${SOURCE}/main.cpp" "${SOURCE}/second.cpp" "${SOURCE}/archive.cpp" "${ZERO}")
        if(modes MATCHES "\\|${directory}\\|[^|]*\\|yes")
            list(APPEND sources "${SOURCE}/duplicate.cpp")
        endif()
        # One run of the compiler for all: it takes several files when it names the objects itself.
        execute_process(
            COMMAND "${CXX}" -std=c++20 ${flags} "-I${INCLUDE}" -c ${sources}
            WORKING_DIRECTORY "${WORK}/${directory}"
            RESULT_VARIABLE status
            ERROR_VARIABLE errors
        )
        if(NOT status EQUAL 0)
            message(FATAL_ERROR "the sources do not compile with ${flags}:\n${errors}")
        endif()
        if("-flto" IN_LIST flags) # an archive of LTO objects needs another ar
            file(CREATE_LINK "archive.o" "${WORK}/${directory}/archive.a" SYMBOLIC)
        else()
            must("${AR}" rcs "${directory}/archive.a" "${directory}/archive.o")
        endif()
    endforeach()
    return()
endif()

try(available "${CXX}" "-fuse-ld=${LINKER}" plain/probe.o -o "${LINKER}_probe")
if(NOT available)
    message("nothing to test: ${CXX} cannot link with ${LINKER}: ${output}")
    return()
endif()

set(tested 0)
set(failures "")
set(program "${WORK}/${LINKER}_program")
foreach(entry IN LISTS modes)
    string(REGEX MATCH "^([^|]*)\\|([^|]*)\\|([^|]*)\\|(.*)$" _ "${entry}")
    set(mode "${CMAKE_MATCH_1}")
    set(o "${CMAKE_MATCH_2}")
    separate_arguments(flags UNIX_COMMAND "${CMAKE_MATCH_3} -fuse-ld=${LINKER}")
    set(second_definition "${CMAKE_MATCH_4}")
    if(ONLY AND NOT o MATCHES "${ONLY}")
        continue()
    endif()
    try(available "${CXX}" ${flags} ${o}/probe.o -o "${program}")
    if(available)
        try(available "${program}")
    endif()
    if(NOT available)
        string(REGEX REPLACE "\n.*" "" reason "${output}")
        message("NOT TESTED: ${LINKER}, ${mode}: ${reason}")
        continue()
    endif()

    math(EXPR tested "${tested} + 1")
    try(done "${CXX}" ${flags} ${o}/main.o ${o}/second.o ${o}/archive.a -o "${program}")
    if(done)
        try(done "${program}")
    endif()
    if(NOT done)
        string(APPEND failures "${LINKER}, ${mode}: the program with resources: ${output}\n")
    endif()
    try(done "${CXX}" ${flags} ${o}/zero_resources.o -o "${program}")
    if(done)
        try(done "${program}")
    endif()
    if(NOT done)
        string(APPEND failures "${LINKER}, ${mode}: the program without resources: ${output}\n")
    endif()
    if(second_definition)
        try(done "${CXX}" ${flags} ${o}/main.o ${o}/second.o ${o}/archive.a ${o}/duplicate.o -o "${program}")
        if(done)
            string(APPEND failures "${LINKER}, ${mode}: a second definition of a resource was linked\n")
        elseif(NOT output MATCHES "multiple definition|duplicate symbol|multiply defined|multiple symbol definitions")
            string(APPEND failures "${LINKER}, ${mode}: a second definition was refused for another reason: ${output}\n")
        endif()
    endif()
endforeach()
message("${tested} modes tested with ${CXX} and ${LINKER}")
if(failures OR tested EQUAL 0)
    message(FATAL_ERROR "${failures}")
endif()
