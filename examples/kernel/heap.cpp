// The heap behind the memory policy.
#include "kernel.hpp"

namespace kernel {
namespace {

constexpr std::size_t smallest = 32;
constexpr std::size_t sizes = 16; // up to 1 MiB
alignas(4096) unsigned char arena[24 << 20];

struct Block {
    Block* next;
};

struct State {
    Block* free[sizes]{};
    std::size_t used = 0; // of the arena, by blocks of all sizes, free ones included
    std::size_t allocations = 0;
    std::size_t live = 0;
    std::size_t until_failure = 0; // 0: none is to fail
    bool failed = false;

    void* allocate(std::size_t bytes, std::size_t list) noexcept {
        if (until_failure != 0 && --until_failure == 0) {
            failed = true;
            return nullptr;
        }
        Block* block = free[list];
        if (block != nullptr) {
            free[list] = block->next;
        } else {
            const std::size_t begin = (used + bytes - 1) / bytes * bytes; // aligned to its own size
            if (begin + bytes > sizeof arena)
                return nullptr;
            used = begin + bytes;
            block = reinterpret_cast<Block*>(arena + begin);
        }
        ++allocations;
        ++live;
        return block;
    }
    void deallocate(void* freed, std::size_t list) noexcept {
        auto* const block = static_cast<Block*>(freed);
        block->next = free[list];
        free[list] = block;
        --live;
    }
};
constinit procspace::Guarded<State, Lock> state;

/// Returns which list has blocks of this size, and makes `size` theirs.
std::size_t list_for(std::size_t& size, std::size_t align) noexcept {
    const std::size_t wanted = size > align ? size : align;
    std::size_t list = 0;
    for (size = smallest; size < wanted; size *= 2)
        ++list;
    return list;
}

} // namespace

void* Heap::allocate(std::size_t size, std::size_t align) noexcept {
    constexpr std::size_t largest = smallest << (sizes - 1);
    if (size > largest || align > 4096)
        return nullptr;
    const std::size_t list = list_for(size, align);
    return state.with([&](State& s) { return s.allocate(size, list); });
}
void Heap::deallocate(void* block, std::size_t size, std::size_t align) noexcept {
    state.with([&](State& s) { s.deallocate(block, list_for(size, align)); });
}
void Heap::fail_nth(std::size_t n) noexcept {
    state.with([&](State& s) {
        s.until_failure = n;
        s.failed = false;
    });
}
bool Heap::has_failed() noexcept {
    return state.with([](const State& s) { return s.failed; });
}
std::size_t Heap::allocations() noexcept {
    return state.with([](const State& s) { return s.allocations; });
}
std::size_t Heap::live_blocks() noexcept {
    return state.with([](const State& s) { return s.live; });
}

} // namespace kernel
