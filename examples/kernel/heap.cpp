// The heap behind the memory policy: blocks of 32 bytes times a power of two, each size with a free list.
#include "kernel.hpp"

namespace kernel {
namespace {

struct Block {
    Block* next;
};

struct State {
    Block* free[21]{};             // of 32 bytes to 32 MiB
    std::size_t used = 0;          // of the arena, by blocks of all sizes, free ones included
    std::size_t until_failure = 0; // 0: none is to fail
    Heap::Counts counts;
};
constinit procspace::Guarded<State, Lock> state;
constexpr std::size_t page = 4096;
alignas(page) unsigned char arena[24 << 20];

/// Returns which list has the blocks for this request, and makes `size` theirs.
std::size_t list_for(std::size_t& size, std::size_t align) noexcept {
    const std::size_t wanted = size > align ? size : align;
    std::size_t list = 0;
    for (size = 32; size < wanted; size *= 2)
        ++list;
    return list;
}

} // namespace

void* Heap::allocate(std::size_t size, std::size_t align) noexcept {
    if (size > sizeof arena || align > page)
        return nullptr;
    const std::size_t list = list_for(size, align);
    return state.with([&](State& s) -> void* {
        if (s.until_failure != 0 && --s.until_failure == 0)
            return nullptr;
        Block* block = s.free[list];
        if (block != nullptr) {
            s.free[list] = block->next;
        } else {
            const std::size_t begin = (s.used + size - 1) / size * size; // aligned to its own size
            if (begin + size > sizeof arena)
                return nullptr;
            s.used = begin + size;
            block = reinterpret_cast<Block*>(arena + begin);
        }
        ++s.counts.allocations;
        ++s.counts.live;
        return block;
    });
}
void Heap::deallocate(void* block, std::size_t size, std::size_t align) noexcept {
    const std::size_t list = list_for(size, align);
    state.with([&](State& s) {
        s.free[list] = ::new (block) Block{s.free[list]};
        --s.counts.live;
    });
}
Heap::Counts Heap::counts() noexcept {
    return state.with([](const State& s) { return s.counts; });
}
void Heap::fail_nth(std::size_t n) noexcept {
    state.with([&](State& s) { s.until_failure = n; });
}

} // namespace kernel
