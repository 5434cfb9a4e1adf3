# cmake -DROOT=<folder that holds procspace/> -P include_graph.cmake
#
# The include graph is the ownership graph, and this is its keeper. It reads every header under ROOT/procspace, prints
# one line for each finding, `<header>:<line>: <what is wrong>`, and fails if there was any.
cmake_minimum_required(VERSION 3.23)

# Which folders a header of a folder may include. "." is the root: fwd.hpp and version.hpp may be included by all.
set(edges_core core)
set(edges_resource core resource)
set(edges_process core process)
set(edges_posix core process posix)
set(edges_debug core resource process posix debug)

# The one header that joins both halves.
set(joins_both_halves posix/clone.hpp)
# The headers outside folders, and what they may include.
set(root_headers procspace.hpp fwd.hpp version.hpp)
set(may_include_procspace.hpp core resource process posix debug)
set(may_include_fwd.hpp core)

# What a kernel has without an operating system (the common part of both compilers' freestanding libraries).
set(freestanding
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
# Opt-in and hosted, not in the umbrella.
set(hosted_headers core/thread_local_pool.hpp debug/checked_traits.hpp process/blocking_wait.hpp
    resource/thread_local_current.hpp
)
# Each puts a static constructor into every translation unit.
set(banned_everywhere iostream)

set(longest_header 320)

set(findings 0)
macro(finding line text)
    math(EXPR findings "${findings} + 1")
    message("${header}:${line}: ${text}")
endmacro()

# Sets `equals` to whether the template head at the start of `text` has a default argument (a lone = between its <>),
# and `closed` to whether the head ends in `text`.
function(examine_template_head text)
    set(equals FALSE PARENT_SCOPE)
    set(closed FALSE PARENT_SCOPE)
    string(REGEX REPLACE "^template *<" "" text "${text}")
    # Comparisons are no default arguments, and their brackets are no brackets.
    string(REGEX REPLACE "==|!=|<=|>=|->" "" text "${text}")
    set(depth 1)
    string(LENGTH "${text}" length)
    set(at 0)
    while(at LESS length)
        string(SUBSTRING "${text}" ${at} 1 char)
        if(char STREQUAL "<" OR char STREQUAL "(")
            math(EXPR depth "${depth} + 1")
        elseif(char STREQUAL ">" OR char STREQUAL ")")
            math(EXPR depth "${depth} - 1")
            if(depth EQUAL 0)
                set(closed TRUE PARENT_SCOPE)
                return()
            endif()
        elseif(char STREQUAL "=")
            set(equals TRUE PARENT_SCOPE)
        endif()
        math(EXPR at "${at} + 1")
    endwhile()
endfunction()

cmake_path(ABSOLUTE_PATH ROOT)
file(GLOB_RECURSE headers RELATIVE "${ROOT}/procspace" "${ROOT}/procspace/*.hpp")
list(SORT headers)
if(NOT headers)
    message(FATAL_ERROR "no header under ${ROOT}/procspace: nothing was checked")
endif()

foreach(header IN LISTS headers)
    cmake_path(GET header PARENT_PATH folder)
    string(REGEX REPLACE "/.*" "" layer "${folder}")
    if(layer STREQUAL "")
        set(allowed "${may_include_${header}}")
        if(NOT header IN_LIST root_headers)
            finding(1 "no header of this name may stand outside the layers")
        endif()
    else()
        set(allowed "${edges_${layer}}")
        if(header IN_LIST joins_both_halves)
            list(APPEND allowed resource)
        endif()
        if(NOT DEFINED edges_${layer})
            finding(1 "${layer}/ is not a layer")
        endif()
    endif()

    # One list element for each line, whatever characters it has.
    file(READ "${ROOT}/procspace/${header}" text)
    string(REPLACE "\\" " " text "${text}")
    string(REPLACE ";" " " text "${text}")
    string(REPLACE "[" "(" text "${text}")
    string(REPLACE "]" ")" text "${text}")
    string(REGEX REPLACE "\n$" "" text "${text}")
    string(REPLACE "\n" ";" lines "${text}")

    set(includes_${header} "")
    set(has_pragma FALSE)
    set(head "")
    set(number 0)
    foreach(line IN LISTS lines)
        math(EXPR number "${number} + 1")
        string(REGEX REPLACE "//.*" "" line "${line}")

        if(line MATCHES "^#pragma once")
            set(has_pragma TRUE)
        elseif(line MATCHES "^[ \t]*#[ \t]*include[ \t]*(.)([^>\"]+)")
            set(bracket "${CMAKE_MATCH_1}")
            set(name "${CMAKE_MATCH_2}")
            # Ours: "relative/to/this.hpp", or <procspace/...> in either kind of brackets.
            set(target "")
            if(name MATCHES "^procspace/(.*)")
                set(target "${CMAKE_MATCH_1}")
            elseif(bracket STREQUAL "\"")
                cmake_path(APPEND folder "${name}" OUTPUT_VARIABLE target)
                cmake_path(NORMAL_PATH target)
            endif()

            if(NOT target STREQUAL "")
                string(REGEX MATCH "^[^/]*/" target_layer "${target}")
                string(REPLACE "/" "" target_layer "${target_layer}")
                list(APPEND includes_${header} "${target}")
                if(NOT target IN_LIST headers)
                    finding(${number} "includes ${target}, which does not exist")
                elseif(target STREQUAL "procspace.hpp")
                    finding(${number} "includes the umbrella")
                elseif(target STREQUAL "fwd.hpp" OR target STREQUAL "version.hpp")
                    # Both name things and own nothing.
                elseif(NOT target_layer IN_LIST allowed)
                    finding(${number} "the edge to ${target} is outside the include graph")
                endif()
            elseif(name IN_LIST banned_everywhere)
                finding(${number} "<${name}> puts a static constructor into every translation unit")
            elseif(
                layer MATCHES "^(core|resource)$"
                AND NOT name IN_LIST freestanding
                AND NOT header IN_LIST hosted_headers
            )
                finding(${number} "<${name}> is not a freestanding header")
            endif()
        elseif(line MATCHES "concept +([a-z][A-Za-z0-9_]*) *=")
            finding(${number} "the concept ${CMAKE_MATCH_1} is not in CamelCase")
        endif()

        # Default arguments of what stands at namespace scope (nothing there is indented). Members cannot have theirs
        # in fwd.hpp.
        if(NOT head STREQUAL "")
            string(APPEND head " ${line}")
        elseif(line MATCHES "^template *<" AND NOT line MATCHES "^template *<>")
            set(head "${line}")
            set(head_number ${number})
        endif()
        if(NOT head STREQUAL "")
            examine_template_head("${head}")
            if(equals AND NOT header STREQUAL "fwd.hpp")
                finding(${head_number} "a default template argument belongs into fwd.hpp")
            endif()
            if(equals OR closed)
                set(head "")
            endif()
        endif()
    endforeach()

    if(NOT has_pragma)
        finding(1 "no #pragma once")
    endif()
    if(number GREATER longest_header)
        finding(${number} "longer than ${longest_header} lines: two headers?")
    endif()
endforeach()

# Take away, again and again, the headers that include none of the rest, and those that none of the rest includes: what
# then remains is a cycle.
set(rest "${headers}")
set(removed TRUE)
while(removed)
    set(removed FALSE)
    set(included "")
    foreach(header IN LISTS rest)
        list(APPEND included ${includes_${header}})
    endforeach()
    foreach(header IN LISTS rest)
        set(includes_rest FALSE)
        foreach(target IN LISTS includes_${header})
            if(target IN_LIST rest)
                set(includes_rest TRUE)
            endif()
        endforeach()
        if(NOT includes_rest OR NOT header IN_LIST included)
            list(REMOVE_ITEM rest "${header}")
            set(removed TRUE)
        endif()
    endforeach()
endwhile()
foreach(header IN LISTS rest)
    foreach(target IN LISTS includes_${header})
        if(target IN_LIST rest)
            finding(1 "the include of ${target} closes a cycle")
        endif()
    endforeach()
endforeach()

list(LENGTH headers count)
if(findings)
    message(FATAL_ERROR "${findings} finding(s) in ${count} headers")
endif()
message("${count} headers keep to the include graph")
