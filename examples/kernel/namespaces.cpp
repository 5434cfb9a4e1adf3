// Namespaces: what fork, unshare and enter do, and which one is the current one of a processor.
#include "kernel.hpp"

namespace kernel {
namespace {

using procspace::Errno;

void relations() noexcept {
    Namespace parent;
    host.get_mut(parent)->name[0] = 'P';
    Namespace child = Namespace::fork(parent);
    check(&files.get(child) != &files.get(parent), "a fork copies the files");
    check(&host.get(child) == &host.get(parent), "a fork shares the host");
    check(&time_used.get(child) != &time_used.get(parent), "a fork has its own time");
    Namespace thread = Namespace::fork(parent, share_files | new_host);
    check(&files.get(thread) == &files.get(parent), "with the flag it shares the files");
    check(&host.get(thread) != &host.get(parent) && host.get(thread).name[0] == 'P', "and has a copy of the host");

    check(bool(Namespace::try_unshare(thread, share_files)), "the files can be unshared");
    check(&files.get(thread) != &files.get(parent), "and are its own then");
    check(bool(Namespace::try_enter(child, thread, new_host)), "the host of another namespace can be entered");
    check(&host.get(child) == &host.get(thread), "and is shared then");
    check(Namespace::try_enter(child, thread, share_files).error == Errno::invalid, "files cannot be entered");
    check(Namespace::try_unshare(child, share_files | 1).error == Errno::invalid, "a flag that is nobody's is refused");
}

void current() noexcept {
    Namespace own;
    const unsigned number = 1000 + machine::this_processor();
    *owner.get_mut(own) = number;
    switch_to(&own);
    unsigned wrong = 0;
    // Until the handler has come by: it charges what is current here.
    while (time_used.get(own).load(std::memory_order_relaxed) < 4)
        wrong += *owner.current<Traits>() != number;
    check(wrong == 0, "each processor has a current namespace, and keeps it, whatever the others do");
    switch_to(nullptr);
    check(&*host.current<Traits>() == &host.get(procspace::global_ns<Traits>()), "without one it is the global one");
}

} // namespace

void namespaces_scene() noexcept {
    relations();
    on_all_processors(current);
}

} // namespace kernel
