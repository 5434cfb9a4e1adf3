# cmake -DCOMMAND=<compiler;option;...> -DSOURCE=<file> -DMESSAGE=<regex> -P check_compile_fail.cmake
# See procspace_compile_fail() in ProcspaceTesting.cmake.
execute_process(
    COMMAND ${COMMAND} -DPROCSPACE_CONTROL "${SOURCE}"
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "the control does not compile, so a refusal would prove nothing:\n${output}")
endif()

execute_process(
    COMMAND ${COMMAND} "${SOURCE}"
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
if(status EQUAL 0)
    message(FATAL_ERROR "compiles, but must not")
endif()
if(NOT output MATCHES "${MESSAGE}")
    message(FATAL_ERROR "refused, but without a message that matches \"${MESSAGE}\":\n${output}")
endif()
