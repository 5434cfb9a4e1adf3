#pragma once
#include <procspace/procspace.hpp>

struct Journal {
    int entries = 10;
};

// Defined in journal.cpp, which becomes a static library.
PROCSPACE_DECLARE_RESOURCE(Journal, journal)

int journal_entries(const procspace::Namespace& ns);
