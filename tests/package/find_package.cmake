# Install, move, find_package: the headers are all there, no file names this machine, the version is honoured.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
install_and_move()

file(GLOB_RECURSE ours RELATIVE "${SOURCE}/include" "${SOURCE}/include/*")
file(GLOB_RECURSE installed RELATIVE "${SCRATCH}/moved/include" "${SCRATCH}/moved/include/*")
if(NOT "${ours}" STREQUAL "${installed}")
    message(FATAL_ERROR "installed headers:\n${installed}\nheaders of the library:\n${ours}")
endif()

file(GLOB_RECURSE installed LIST_DIRECTORIES FALSE "${SCRATCH}/moved/*")
foreach(file IN LISTS installed)
    file(READ "${file}" text)
    foreach(place "${SOURCE}" "${SCRATCH}")
        string(FIND "${text}" "${place}" found)
        if(NOT found EQUAL -1)
            message(FATAL_ERROR "${file} holds a path of this machine: ${place}")
        endif()
    endforeach()
endforeach()

set(consumer "${SOURCE}/tests/package/find_package")
set(where "-DCMAKE_PREFIX_PATH=${SCRATCH}/moved")
configure("${consumer}" "${SCRATCH}/build" "${where}" "-DWANTED_VERSION=${version_major}.${version_minor}")
build_and_run("${SCRATCH}/build" "${consumer_line}")

# Another minor version is another interface, and may not be taken for this one.
math(EXPR other "${version_minor} + 1")
execute_process(
    COMMAND "${CMAKE_COMMAND}" -S "${consumer}" -B "${SCRATCH}/refused" -G "${GENERATOR}" "${where}"
            "-DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
            "-DWANTED_VERSION=${version_major}.${other}"
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
string(REGEX REPLACE "[ \n]+" " " output "${output}")
if(status EQUAL 0 OR NOT output MATCHES "compatible with requested version \"${version_major}.${other}\"")
    message(FATAL_ERROR "a request for version ${version_major}.${other} was not refused:\n${output}")
endif()
