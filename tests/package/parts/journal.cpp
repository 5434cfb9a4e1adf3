#include "journal.hpp"

PROCSPACE_RESOURCE(Journal, journal)

int journal_entries(const procspace::Namespace& ns) {
    return journal.get(ns).entries;
}
