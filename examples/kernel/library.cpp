// What the hosted headers of libstdc++ leave to its archive, which no kernel can link: for the process half only. A
// kernel that uses more of the headers than the library does has more to supply: see the README.
#include "kernel.hpp"

#include <memory>
#include <new>

namespace {

[[noreturn]] void refuse(const char* what) {
    kernel::Traits::panic(what, procspace::Location::current());
}

} // namespace

// Virtual destructors refer to it, but nobody calls it: all memory of the library comes from the policy and goes there.
void operator delete(void*) noexcept {
    refuse("operator delete");
}
void operator delete(void*, std::size_t) noexcept {
    refuse("operator delete");
}

#ifdef __GLIBCXX__
// Without RTTI make_shared's control block asks for its deleter by this tag.
bool std::_Sp_make_shared_tag::_S_eq(const type_info&) noexcept {
    return false;
}
#endif

extern "C" void __cxa_pure_virtual() {
    refuse("a pure virtual function was called");
}
