# For access.cmake and probe.cmake, which look at object files.

# Runs a command and stops when it fails; what it printed is in ${variable}.
function(run variable)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE errors)
    if(NOT status STREQUAL "0")
        message(FATAL_ERROR "status ${status} of: ${ARGN}\n${text}${errors}")
    endif()
    set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# The compilers to look at: the one of this build, and the other one if it is installed.
function(find_compilers variable)
    set(found "${CXX}")
    foreach(name g++ clang++)
        find_program(other_${name} ${name})
        if(other_${name})
            run(mine "${CXX}" --version)
            run(its "${other_${name}}" --version)
            string(REGEX REPLACE "^[^ ]+ " "" mine "${mine}") # c++ and g++ are one
            string(REGEX REPLACE "^[^ ]+ " "" its "${its}")
            if(NOT mine STREQUAL its AND NOT other_${name} IN_LIST found)
                list(APPEND found "${other_${name}}")
            endif()
        else()
            message("NOT TESTED: ${name} is not installed")
        endif()
    endforeach()
    set(${variable} ${found} PARENT_SCOPE)
endfunction()
