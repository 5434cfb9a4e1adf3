#pragma once
// The programs of the machine.

#include "machine.hpp"

#include <string>
#include <vector>

namespace jobs {

/// Returns the program that these words start. What can't be started is a program that says so and exits with 127 if
/// there is none of that name, with 2 if its arguments are wrong. **Pre**: there is a word.
Program make_program(const std::vector<std::string>& words);

/// Returns what there is, a line for each.
std::vector<std::string> list_programs();

/// Returns the words with blanks between them.
std::string joined(const std::vector<std::string>& words, std::size_t from = 0);

} // namespace jobs
