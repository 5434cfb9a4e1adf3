#include "global_new.hpp"

#include "depth_lock.hpp"

#include <cstdlib>
#include <new>

// All forms, since a sanitizer's runtime brings its own of every one that is missing here, and would find them mixed.
namespace {

thread_local std::size_t allocations = 0;

void* obtain(std::size_t size, std::size_t align = alignof(std::max_align_t)) noexcept {
    support::expect_unlocked("operator new under a lock");
    ++allocations;
    if (align <= alignof(std::max_align_t))
        return std::malloc(size != 0 ? size : 1);
    void* p = nullptr;
    return posix_memalign(&p, align, size) == 0 ? p : nullptr;
}

void* obtain_or_throw(std::size_t size, std::size_t align = alignof(std::max_align_t)) {
    void* const p = obtain(size, align);
    if (p == nullptr)
        throw std::bad_alloc();
    return p;
}

void give_back(void* p) noexcept {
    if (p != nullptr)
        support::expect_unlocked("operator delete under a lock");
    std::free(p);
}

std::size_t number(std::align_val_t align) noexcept {
    return static_cast<std::size_t>(align);
}

} // namespace

std::size_t support::global_allocations() noexcept {
    return allocations;
}

void* operator new(std::size_t n) {
    return obtain_or_throw(n);
}
void* operator new[](std::size_t n) {
    return obtain_or_throw(n);
}
void* operator new(std::size_t n, std::align_val_t a) {
    return obtain_or_throw(n, number(a));
}
void* operator new[](std::size_t n, std::align_val_t a) {
    return obtain_or_throw(n, number(a));
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
    return obtain(n);
}
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept {
    return obtain(n);
}
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
    return obtain(n, number(a));
}
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
    return obtain(n, number(a));
}

void operator delete(void* p) noexcept {
    give_back(p);
}
void operator delete[](void* p) noexcept {
    give_back(p);
}
void operator delete(void* p, std::size_t) noexcept {
    give_back(p);
}
void operator delete[](void* p, std::size_t) noexcept {
    give_back(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    give_back(p);
}
void operator delete[](void* p, std::align_val_t) noexcept {
    give_back(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    give_back(p);
}
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept {
    give_back(p);
}
void operator delete(void* p, const std::nothrow_t&) noexcept {
    give_back(p);
}
void operator delete[](void* p, const std::nothrow_t&) noexcept {
    give_back(p);
}
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept {
    give_back(p);
}
void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept {
    give_back(p);
}
