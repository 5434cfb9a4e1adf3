# cmake -DCXX=<compiler> -DINCLUDE=<dir> -DFOLDER=<dir> "-DSOURCES=<file> <file>..."
#       -DWORK=<dir> [-DRUN=ON] -P headers.cmake
#
# Compiles SOURCES, in FOLDER, with -ffreestanding where the standard library consists of the headers below and of what they include
# themselves: everything else is not there. With RUN they are linked to no library at all, and what comes out runs.
#
# The option alone would prove nothing: the hosted headers of GCC 12 are found with -ffreestanding, too.
cmake_minimum_required(VERSION 3.23)
set(freestanding_headers
    atomic
    bit
    compare
    concepts
    cstddef
    cstdint
    initializer_list
    limits
    new
    type_traits
)
set(flags -std=c++20 -O2 -ffreestanding -fno-exceptions -fno-rtti -fno-stack-protector -fno-pie -Wall -Wextra -Werror)

function(run variable)
    execute_process(
        COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors
    )
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "status ${status} of: ${ARGN}\n${output}${errors}")
    endif()
    set(${variable} "${output}" PARENT_SCOPE)
endfunction()

# Asks the compiler which files the ten headers reach, and copies those of the C++ library, and no other, into a tree.
file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}/std")
list(TRANSFORM freestanding_headers PREPEND "#include <" OUTPUT_VARIABLE lines)
list(TRANSFORM lines APPEND ">")
list(JOIN lines "\n" text)
file(WRITE "${WORK}/all.cpp" "${text}\n")
run(dependencies "${CXX}" ${flags} -M "${WORK}/all.cpp")
string(REGEX REPLACE "[ \t\\\\\r\n]+" ";" dependencies "${dependencies}")
set(copied 0)
foreach(file IN LISTS dependencies)
    # Above c++/<version>/ (or v1/) stands the root of a C++ library; C headers of the compiler are elsewhere.
    if(file MATCHES "/c\\+\\+/(v?[0-9.]+)/(.+)$")
        cmake_path(SET target NORMALIZE "${WORK}/std/${CMAKE_MATCH_2}")
        cmake_path(GET target PARENT_PATH folder)
        file(MAKE_DIRECTORY "${folder}")
        file(COPY_FILE "${file}" "${target}")
        math(EXPR copied "${copied} + 1")
    endif()
endforeach()
if(copied LESS 10)
    message(FATAL_ERROR "the headers of the C++ library were not recognised among: ${dependencies}")
endif()

set(objects "")
separate_arguments(SOURCES)
foreach(source IN LISTS SOURCES)
    cmake_path(GET source STEM stem)
    run(_ "${CXX}" ${flags} -nostdinc++ -isystem "${WORK}/std" "-I${INCLUDE}" -c "${FOLDER}/${source}" -o "${WORK}/${stem}.o")
    list(APPEND objects "${WORK}/${stem}.o")
endforeach()
message("compiled with ${copied} files of the C++ library")

if(RUN)
    run(_ "${CXX}" -nostdlib -static -no-pie ${objects} -o "${WORK}/program")
    run(_ "${WORK}/program")
    message("linked to no library, and all checks passed")
endif()
