# pkg-config from a prefix that was moved after the installation.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
find_program(PKG_CONFIG NAMES pkg-config pkgconf)
if(NOT PKG_CONFIG)
    skip("pkg-config is not installed")
endif()
install_and_move()

set(ENV{PKG_CONFIG_PATH} "${SCRATCH}/moved/share/pkgconfig")
run("${PKG_CONFIG}" --modversion procspace)
string(STRIP "${output}" found)
if(NOT found STREQUAL version)
    message(FATAL_ERROR "pkg-config says version ${found}, the headers say ${version}")
endif()

run("${PKG_CONFIG}" --cflags --libs procspace)
separate_arguments(flags UNIX_COMMAND "${output}")
compile_and_run("${consumer_line}" ${flags})
