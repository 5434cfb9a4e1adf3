# An overlay port that stands in the library's own tree and packages that tree:
#     vcpkg install procspace --overlay-ports=<this repository>/cmake/vcpkg
# It downloads nothing. A port in a registry names the archive of a release and its hash, which a file inside that very
# archive cannot do. vcpkg does not see changes of the headers, only of the port: add --binarysource=clear while you
# change the library.
set(VCPKG_BUILD_TYPE release) # header-only

get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS -DPROCSPACE_INSTALL=ON -DPROCSPACE_BUILD_TESTS=OFF -DPROCSPACE_BUILD_EXAMPLES=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/procspace)
vcpkg_fixup_pkgconfig()

# The licence lies where vcpkg wants it, and nowhere else.
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/licenses")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
