# cmake -DCXX=<compiler> "-DOPTIONS=<option> <option>..." -DINCLUDE=<dir> -DSOURCE=<file> -DOBJECT=<file> -DNM=<nm>
#       -DREADELF=<readelf> -DALLOWED=<regex> ["-DFOLDERS=<folder> <folder>..."] -P symbols.cmake
#
# Compiles SOURCE and fails if the object file has a static constructor or destructor, thread-local storage, a guard
# variable, run-time type information, or an undefined symbol that ALLOWED does not match. ALLOWED is matched against
# `U name` (or `w name` and `v name` for weak ones). With FOLDERS it also
# fails if SOURCE leaves out a header of one of these folders of INCLUDE/procspace.
cmake_minimum_required(VERSION 3.23)
cmake_path(GET OBJECT PARENT_PATH folder)
file(MAKE_DIRECTORY "${folder}")

function(run variable)
    execute_process(
        COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors
    )
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${ARGN}\n${output}${errors}")
    endif()
    set(${variable} "${output}" PARENT_SCOPE)
endfunction()

separate_arguments(OPTIONS)
set(compile "${CXX}" -std=c++20 -fno-exceptions -fno-rtti -fno-stack-protector -Wall -Wextra -Werror "-I${INCLUDE}" ${OPTIONS})
run(_ ${compile} -c "${SOURCE}" -o "${OBJECT}")
set(complaints "")

run(sections "${READELF}" -S -W "${OBJECT}")
string(REGEX MATCHALL "\\.(init_array|fini_array|ctors|dtors|tdata|tbss|preinit_array)[.0-9A-Za-z_]*" bad "${sections}")
list(REMOVE_DUPLICATES bad)
foreach(section IN LISTS bad)
    string(APPEND complaints "section ${section}: a static constructor, destructor or thread-local object\n")
endforeach()

run(relocations "${READELF}" -r -W "${OBJECT}")
string(REGEX MATCHALL "R_[A-Z0-9_]*(TPOFF|TLS|DTPMOD)[A-Z0-9_]*" bad "${relocations}")
list(REMOVE_DUPLICATES bad)
foreach(relocation IN LISTS bad)
    string(APPEND complaints "relocation ${relocation}: thread-local storage\n")
endforeach()

run(symbols "${NM}" -P "${OBJECT}") # one a line: name type [value size]
string(REGEX REPLACE "\n+" ";" symbols "${symbols}")
set(undefined "")
foreach(symbol IN LISTS symbols)
    if(NOT symbol MATCHES "^([^ ]+) ([A-Za-z])")
        continue()
    endif()
    set(name "${CMAKE_MATCH_1}")
    set(type "${CMAKE_MATCH_2}")
    if(name MATCHES "^_ZGV|^_GLOBAL__|^__cxx_global_var_init|^_ZTH|^_ZTW")
        string(APPEND complaints "symbol ${name}: guard variable, static constructor or thread-local wrapper\n")
    elseif(name MATCHES "^_ZT[IS]")
        string(APPEND complaints "symbol ${name}: run-time type information\n")
    elseif(type MATCHES "^[Uwv]$")
        list(APPEND undefined "${name}")
        if(NOT "${type} ${name}" MATCHES "^(${ALLOWED})$")
            string(APPEND complaints "undefined symbol: ${type} ${name}\n")
        endif()
    endif()
endforeach()
list(JOIN undefined " " undefined)
message("undefined: ${undefined}")

if(FOLDERS)
    separate_arguments(FOLDERS)
    run(dependencies ${compile} -M "${SOURCE}")
    foreach(folder IN LISTS FOLDERS)
        file(GLOB headers "${INCLUDE}/procspace/${folder}/*.hpp")
        if(NOT headers)
            string(APPEND complaints "no headers in ${folder}\n")
        endif()
        foreach(header IN LISTS headers)
            cmake_path(GET header FILENAME name)
            # These need thread-local storage, and say so; whoever wants none does not include them.
            if(NOT name MATCHES "^thread_local_" AND NOT dependencies MATCHES "/${name}")
                string(APPEND complaints "not included, so not inspected: ${folder}/${name}\n")
            endif()
        endforeach()
    endforeach()
endif()

if(complaints)
    message(FATAL_ERROR "${complaints}")
endif()
