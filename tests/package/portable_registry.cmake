# Installed with PROCSPACE_PORTABLE_REGISTRY: whoever uses the package gets the same registry, with CMake or pkg-config.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
install_and_move(-DPROCSPACE_PORTABLE_REGISTRY=ON)
set(definition "-DPROCSPACE_PORTABLE_REGISTRY=1")

configure(
    "${SOURCE}/tests/package/find_package"
    "${SCRATCH}/build"
    "-DCMAKE_PREFIX_PATH=${SCRATCH}/moved"
    "-DWANTED_VERSION=${version_major}.${version_minor}"
    -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
)
build_and_run("${SCRATCH}/build" "${consumer_line}")
# Written by the generators that have such a thing: make and ninja.
if(EXISTS "${SCRATCH}/build/compile_commands.json")
    file(READ "${SCRATCH}/build/compile_commands.json" commands)
    if(NOT commands MATCHES "${definition}")
        message(FATAL_ERROR "find_package: ${definition} is missing:\n${commands}")
    endif()
endif()

file(STRINGS "${SCRATCH}/moved/share/pkgconfig/procspace.pc" flags REGEX "^Cflags:")
if(NOT flags MATCHES "${definition}")
    message(FATAL_ERROR "pkg-config: ${definition} is missing: ${flags}")
endif()
