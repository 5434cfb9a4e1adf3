# cmake -DSCRIPT=<include_graph.cmake> -DFIXTURES=<folder> -P include_graph_self_test.cmake
# Runs the check on a tree with one mistake of each kind: it must fail, name exactly those, and nothing in the headers
# that are right.
execute_process(
    COMMAND "${CMAKE_COMMAND}" "-DROOT=${FIXTURES}" -P "${SCRIPT}"
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
if(status EQUAL 0)
    message(FATAL_ERROR "the check accepts a tree that breaks every rule")
endif()
string(REGEX MATCHALL "[a-z_/]+\\.hpp:[0-9]+: [^\n]*" found "${output}")
file(STRINGS "${FIXTURES}/expected.txt" expected)

set(missed ${expected})
list(REMOVE_ITEM missed ${found})
list(REMOVE_ITEM found ${expected})
foreach(line IN LISTS missed)
    message("not found: ${line}")
endforeach()
foreach(line IN LISTS found)
    message("not expected: ${line}")
endforeach()
if(missed OR found)
    message(FATAL_ERROR "the check does not find exactly the mistakes of ${FIXTURES}/expected.txt")
endif()
