// What the hosted headers of libstdc++ leave to its archive, which no kernel can link: for the process half only.
#include "kernel.hpp"

#include <memory>
#include <new>

namespace {

[[noreturn]] void refuse(const char* what) {
    kernel::Traits::panic(what, procspace::Location::current());
}

/// In front of each block of operator new: what the heap wants to hear when it is freed.
struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) Header {
    std::size_t size;
};

} // namespace

// Of the library only the snapshots (children(), threads(), ...) come here: they return a std::vector. operator new can
// not return null without exceptions, so out of memory is the end; for_each_child() and its kin need no memory.
void* operator new(std::size_t size) {
    auto* const header =
        static_cast<Header*>(kernel::Heap::allocate(sizeof(Header) + size, __STDCPP_DEFAULT_NEW_ALIGNMENT__));
    if (header == nullptr)
        refuse("operator new: out of memory");
    header->size = size;
    return header + 1;
}
void operator delete(void* block) noexcept {
    if (block == nullptr)
        return;
    auto* const header = static_cast<Header*>(block) - 1;
    kernel::Heap::deallocate(header, sizeof(Header) + header->size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void operator delete(void* block, std::size_t) noexcept {
    operator delete(block);
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
// Without RTTI make_shared's control block asks for its deleter by this tag.
bool _Sp_make_shared_tag::_S_eq(const type_info&) noexcept {
    return false;
}
#endif
} // namespace std

extern "C" {
void abort() {
    refuse("abort");
}
void __cxa_pure_virtual() {
    refuse("a pure virtual function was called");
}
}
