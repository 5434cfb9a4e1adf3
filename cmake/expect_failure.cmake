# cmake -DCOMMAND=<program;argument;...> -DMESSAGE=<regex> -P expect_failure.cmake
# Passes if the command fails and prints something that matches. It tests our checks: each is run on something bad.
execute_process(
    COMMAND ${COMMAND}
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
if(status EQUAL 0)
    message(FATAL_ERROR "succeeded, but must fail:\n${output}")
endif()
# CMake wraps what a script prints at some width; a match must not depend on where.
string(REGEX REPLACE "[ \t\r\n]+" " " output "${output}")
if(NOT output MATCHES "${MESSAGE}")
    message(FATAL_ERROR "failed, but without a message that matches \"${MESSAGE}\":\n${output}")
endif()
