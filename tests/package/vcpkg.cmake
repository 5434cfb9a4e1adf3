# The overlay port, with the real vcpkg where the machine has one.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
if(NOT DEFINED ENV{VCPKG_ROOT})
    skip("VCPKG_ROOT is not set, so there is no vcpkg to try the overlay port with")
endif()
find_program(VCPKG vcpkg PATHS "$ENV{VCPKG_ROOT}" NO_DEFAULT_PATH REQUIRED)

# No binary cache: vcpkg takes a package from there when the port is unchanged, and the headers may have changed.
run("${VCPKG}" install procspace
    --classic
    "--overlay-ports=${SOURCE}/cmake/vcpkg"
    --binarysource=clear
    "--x-install-root=${SCRATCH}/installed"
    "--x-buildtrees-root=${SCRATCH}/buildtrees"
    "--x-packages-root=${SCRATCH}/packages"
)
configure(
    "${SOURCE}/tests/package/find_package"
    "${SCRATCH}/build"
    "-DCMAKE_TOOLCHAIN_FILE=$ENV{VCPKG_ROOT}/scripts/buildsystems/vcpkg.cmake"
    "-DVCPKG_INSTALLED_DIR=${SCRATCH}/installed"
    -DVCPKG_MANIFEST_MODE=OFF
)
build_and_run("${SCRATCH}/build" "${consumer_line}")
