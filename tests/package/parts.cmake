# Resources in a static library and in a header, in a program linked with --gc-sections.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
install_and_move()
configure("${SOURCE}/tests/package/parts" "${SCRATCH}/build" "-DCMAKE_PREFIX_PATH=${SCRATCH}/moved")
build_and_run("${SCRATCH}/build" "procspace parts: 0 wrong")
