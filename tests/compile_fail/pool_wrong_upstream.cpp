// refused: procspace: the Upstream of a pool is a memory policy
#include <procspace/core/pool.hpp>

struct Heap {
    static void* allocate(std::size_t size, std::size_t align)
#ifdef PROCSPACE_CONTROL
        noexcept
#endif
    {
        return procspace::HeapMemory::allocate(size, align);
    }
    static void deallocate(void* p, std::size_t size, std::size_t align) noexcept {
        procspace::HeapMemory::deallocate(p, size, align);
    }
};
struct Mine : procspace::DefaultPool {
    using Upstream = Heap;
};
void* block = procspace::PoolMemory<Mine>::allocate(8, 8);
