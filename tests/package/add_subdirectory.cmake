# add_subdirectory: the consumer's CMakeLists.txt compares what it sees before and after.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
configure("${SOURCE}/tests/package/add_subdirectory" "${SCRATCH}/build" "-DPROCSPACE_SOURCE=${SOURCE}")
build_and_run("${SCRATCH}/build" "${consumer_line}")

# The consumer has no install rules, so nothing may be installed.
run("${CMAKE_COMMAND}" --install "${SCRATCH}/build" --config Release --prefix "${SCRATCH}/prefix")
file(GLOB_RECURSE installed "${SCRATCH}/prefix/*")
if(installed)
    message(FATAL_ERROR "the library installs itself along with its consumer: ${installed}")
endif()
