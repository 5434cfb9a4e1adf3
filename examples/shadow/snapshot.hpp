/// The whole machine at one moment, loaded into the library.
#pragma once

namespace shadow {

/// Loads, checks, prints. Returns the exit status.
int snapshot();

} // namespace shadow
