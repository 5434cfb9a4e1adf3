// std::shared_ptr on all processors at once: its counts must be atomic here, whatever the C library would say.
#include "tasks.hpp"

namespace kernel {
namespace {

ProcessHandle* contended = nullptr;

} // namespace

void counts_scene() noexcept {
    ProcessHandle init = system_tree().init();
    contended = &init;
    on_all_processors([](unsigned) {
        for (unsigned i = 0; i < 100000 * scale; ++i)
            const ProcessHandle copy = *contended;
    });
    check(init.use_count() == 2, "a million handles on each processor, and none is left or lost"); // the tree has one
}

} // namespace kernel
