#include "journal.hpp"
#include "limits.hpp"

#include <cstdio>

int main() {
    procspace::Namespace first;
    procspace::Namespace second;
    int failures = 0;
    const auto expect = [&failures](bool right, const char* what) {
        if (!right) {
            std::fprintf(stderr, "wrong: %s\n", what);
            ++failures;
        }
    };

    expect(journal_entries(first) == 10 && journal.get(first).entries == 10, "the library and main see one journal");
    journal.get_mut(first)->entries = 11;
    expect(journal_entries(first) == 11 && journal_entries(second) == 10, "each namespace has its own journal");
    expect(limits.get(first).processes == 64, "a resource of a header has its initial value");
    expect(limits_seen_by_other(first) == &limits.get(first), "two translation units see one object");
    limits.share_from(second, first);
    expect(limits_seen_by_other(second) == &limits.get(first), "and still do when it is shared");

    std::printf("procspace parts: %d wrong\n", failures);
    return failures == 0 ? 0 : 1;
}
