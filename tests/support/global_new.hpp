#pragma once
// The operator new and delete of a program that links global_new.cpp: those of the standard, but for one rule: under a
// DepthLock none of them may be called. Any that is called is a violation (see violations.hpp).

#include <cstddef>

namespace support {

/// Returns how often the calling thread has called any operator new.
std::size_t global_allocations() noexcept;

} // namespace support
