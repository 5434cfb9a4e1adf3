# cmake -DREPLAY=<program> -DTRACE=<file> -DMESSAGE=<text> -P expect_malformed.cmake
execute_process(COMMAND "${REPLAY}" "${TRACE}" RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE error)
if(NOT status EQUAL 2)
    message(FATAL_ERROR "the status is ${status}, not 2:\n${output}${error}")
endif()
string(FIND "${error}" "${MESSAGE}" place)
if(place EQUAL -1)
    message(FATAL_ERROR "'${MESSAGE}' was not said:\n${error}")
endif()
