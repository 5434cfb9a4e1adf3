// What an access compiles to, beside the same access to a vector of shared_ptr: pairs of functions for access.cmake.
#include <procspace/procspace.hpp>

#include <memory>
#include <vector>

struct Value {
    int first = 1;
    int second = 2;
};

PROCSPACE_DECLARE_RESOURCE(Value, value)

using Vector = std::vector<std::shared_ptr<void>>;

extern "C" {

const Value* ours_get(const procspace::Namespace& ns) {
    return &value.get(ns);
}
const Value* peer_get(const Vector& vector) {
    return static_cast<const Value*>(vector[5].get());
}

int ours_get_member(const procspace::Namespace& ns) {
    return value.get(ns).second;
}
int peer_get_member(const Vector& vector) {
    return static_cast<const Value*>(vector[5].get())->second;
}

// The current namespace, with the global provider, beside the global namespace asked for directly.
int ours_current() {
    return value.current()->second;
}
int peer_current() {
    return value.get(procspace::global_ns()).second;
}
}
