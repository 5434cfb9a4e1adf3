// What the hosted headers of libstdc++ leave to its archive, which no kernel can link: for the process half only. The
// library refers to these and never gets here, as its memory comes from the policy. A kernel that uses the snapshots,
// children() and its kin, which return a std::vector, makes operator new and delete real.
#include "kernel.hpp"

#include <memory>
#include <new>

namespace {

[[noreturn]] void refuse(const char* what) {
    kernel::Traits::panic(what, procspace::Location::current());
}

} // namespace

void* operator new(std::size_t) {
    refuse("operator new");
}
void operator delete(void*) noexcept {
    refuse("operator delete");
}
void operator delete(void*, std::size_t) noexcept {
    refuse("operator delete");
}

namespace std {
void __throw_bad_alloc() {
    refuse("bad_alloc");
}
void __throw_bad_array_new_length() {
    refuse("bad_array_new_length");
}
void __throw_length_error(const char* what) {
    refuse(what);
}
#ifdef __GLIBCXX__
// This one is called: without RTTI make_shared's control block asks for its deleter by this tag.
bool _Sp_make_shared_tag::_S_eq(const type_info&) noexcept {
    return false;
}
#endif
} // namespace std

extern "C" void abort() {
    refuse("abort");
}
extern "C" void __cxa_pure_virtual() {
    refuse("a pure virtual function was called");
}
