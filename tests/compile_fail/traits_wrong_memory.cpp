// refused: procspace: these traits miss a policy or have one of the wrong form.*satisf(y|action of)[^A-Za-z]*MemoryPolicy
#include <procspace/resource/namespace.hpp>

// It throws, and the library asks for memory at places where nothing may be thrown.
struct ThrowingHeap {
#ifdef PROCSPACE_CONTROL
    static void* allocate(std::size_t size, std::size_t) noexcept { return ::operator new(size, std::nothrow); }
#else
    static void* allocate(std::size_t size, std::size_t) { return ::operator new(size); }
#endif
    static void deallocate(void* p, std::size_t, std::size_t) noexcept { ::operator delete(p); }
};
struct Mine : procspace::DefaultTraits {
    using Memory = ThrowingHeap;
};
procspace::BasicNamespace<Mine> ns{procspace::NoValue{}};
