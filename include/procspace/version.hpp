#pragma once

/// The version of the library. CMake, pkg-config and vcpkg read it from these three lines, so that it is written once.
#define PROCSPACE_VERSION_MAJOR 0
#define PROCSPACE_VERSION_MINOR 1
#define PROCSPACE_VERSION_PATCH 0

/// One number for `#if`: 10000 * major + 100 * minor + patch.
#define PROCSPACE_VERSION (PROCSPACE_VERSION_MAJOR * 10000 + PROCSPACE_VERSION_MINOR * 100 + PROCSPACE_VERSION_PATCH)
