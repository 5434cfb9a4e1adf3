/// What shadow prints: the tree as it grew, as text, for Graphviz, and as JSON.
#pragma once

#include "history.hpp"
#include "text.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace shadow {

struct Totals {
    unsigned long events = 0;
    unsigned long comparisons = 0;
    unsigned long differences = 0; ///< wrong predictions included
    unsigned long predictions = 0; ///< those that could be held against the kernel's answer
    unsigned long wrong = 0;
    unsigned long not_predicted = 0; ///< calls of the predicted kinds whose answer the library could not be sure of
};

/// `in_full`: with the times of birth and death, in events, and the threads.
void print_tree(std::ostream& out, const std::vector<Life>& lives, bool in_full, const Colours& colours);
void print_dot(std::ostream& out, const std::vector<Life>& lives);
void print_json(std::ostream& out, const std::vector<Life>& lives, const std::vector<std::string>& differences,
                const Totals& totals, int exit_status);

} // namespace shadow
