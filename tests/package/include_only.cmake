# No package at all: the compiler and -I.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
compile_and_run("${consumer_line}" "-I${SOURCE}/include")
