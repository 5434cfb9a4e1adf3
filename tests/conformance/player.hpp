#pragma once
// Plays one trace and compares.

#include "trace.hpp"
#include "world.hpp"

#include <optional>
#include <string>

namespace conformance {

/// `expected` is what the kernel did, `got` what the library did.
struct Difference {
    std::string expected;
    std::string got;

    [[nodiscard]] std::string text() const { return "expected " + expected + " got " + got; }
};

/// The library beside a kernel, step by step.
class Comparison {
public:
    explicit Comparison(bool raw_init) : world_(raw_init) {}

    /// Before the first operation.
    [[nodiscard]] std::optional<Difference> start(const States& states);
    /// Does the operation on the library too, and compares everything it changed. `any_child`: as in World::run.
    /// **Throws** Malformed if the states that changed do not fit to those before.
    [[nodiscard]] std::optional<Difference> step(const Operation& operation, bool any_child);
    /// The library does not take part in the next step, and its result is believed.
    void drop_next() { dropped_ = true; }
    /// All processes, as the kernel had them after the last step.
    [[nodiscard]] const States& states() const { return expected_; }

private:
    World world_;
    States expected_;
    bool dropped_ = false;
};

struct Verdict {
    enum class Kind : unsigned char { pass, fail, skip };
    Kind kind;
    std::string line; ///< as replay prints it
};

[[nodiscard]] Verdict play(const Trace& trace);

/// Returns the processes in which `one` differs from `other`.
[[nodiscard]] std::string difference(const States& one, const States& other);

} // namespace conformance
