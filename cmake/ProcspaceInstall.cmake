# Install rules: headers, a CMake package and a pkg-config file. Nothing in them depends on the machine or on the
# place of the prefix, so an installed tree may be moved or packed.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(procspace_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/procspace")
set(procspace_pkgconfig_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")

# INCLUDES: a consumer whose CMake is older than 3.23 does not know file sets and takes the include path from here.
install(
    TARGETS procspace
    EXPORT procspaceTargets
    FILE_SET HEADERS
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
)

# The library has no dependencies, so the exported targets are the whole package.
install(
    EXPORT procspaceTargets
    NAMESPACE procspace::
    DESTINATION "${procspace_cmake_dir}"
    FILE procspaceConfig.cmake
)

# SameMinorVersion: before 1.0 a minor release may break. ARCH_INDEPENDENT: one tree serves 32 and 64 bits.
write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/procspaceConfigVersion.cmake" COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT
)
install(FILES "${PROJECT_BINARY_DIR}/procspaceConfigVersion.cmake" DESTINATION "${procspace_cmake_dir}")

# The include path is written relative to the .pc file itself; only a packager who configured an absolute include
# directory gets that one.
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}" OR IS_ABSOLUTE "${procspace_pkgconfig_dir}")
    set(procspace_pc_prefix "${CMAKE_INSTALL_PREFIX}")
    set(procspace_pc_includedir "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
else()
    file(RELATIVE_PATH procspace_pc_up "/${procspace_pkgconfig_dir}" "/")
    string(REGEX REPLACE "/$" "" procspace_pc_up "${procspace_pc_up}")
    set(procspace_pc_prefix "\${pcfiledir}/${procspace_pc_up}")
    set(procspace_pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
set(procspace_pc_definitions "")
if(PROCSPACE_PORTABLE_REGISTRY)
    set(procspace_pc_definitions " -DPROCSPACE_PORTABLE_REGISTRY=1")
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/procspace.pc.in" "${PROJECT_BINARY_DIR}/procspace.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/procspace.pc" DESTINATION "${procspace_pkgconfig_dir}")

# MIT asks that the text goes along with every copy.
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/procspace")
