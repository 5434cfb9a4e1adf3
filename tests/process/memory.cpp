// What the heap gives for living processes, block by block, and that all of it comes back. With the program's own
// malloc: usable bytes are what the program can't use for anything else.

#include <procspace/process/tree.hpp>

#include <cstdio>
#include <cstdlib>
#include <vector>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <malloc.h>

namespace {

struct UsableHeap {
    inline static long bytes = 0;
    inline static long blocks = 0;
    static void* allocate(std::size_t size, std::size_t align) noexcept {
        void* const p = procspace::HeapMemory::allocate(size, align);
        bytes += p != nullptr ? static_cast<long>(malloc_usable_size(p)) : 0;
        blocks += p != nullptr;
        return p;
    }
    static void deallocate(void* p, std::size_t size, std::size_t align) noexcept {
        bytes -= static_cast<long>(malloc_usable_size(p));
        --blocks;
        procspace::HeapMemory::deallocate(p, size, align);
    }
};

struct Traits : procspace::DefaultTraits {
    using Memory = UsableHeap;
};

/// Prints where the bytes of one process go. Returns their sum.
double itemise() {
    using Process = procspace::BasicProcess<Traits>;
    using Slot = procspace::SlotSize<Process>;
    double sum = 0;
    const auto line = [&](const char* what, double bytes) {
        std::printf("%6.1f  %s\n", bytes, what);
        sum += bytes;
    };
    line("its place among the children of a thread", sizeof(procspace::FamilyHook));
    line("its place in its group, with the key", sizeof(procspace::IndexHook));
    line("its place among the children to wait for, with the key", sizeof(procspace::IndexHook));
    line("its number in the table", sizeof(procspace::NumberHook));
    line("the handle that its parent owns", sizeof(Process::Handle));
    line("its children", sizeof(procspace::Family<Process>));
    line("those to wait for", sizeof(procspace::NumberIndex<Process, procspace::InEvents>));
    line("its threads", sizeof(procspace::BasicThreadGroup<Traits>));
    line("used time, its own and of its children", 2 * sizeof(procspace::Usage));
    line("signals to be delivered", sizeof(procspace::Posted));
    line("payload", sizeof(procspace::AnyData));
    line("ids, counts, flags, links", static_cast<double>(sizeof(Process)) - sum);
    void* const block = std::malloc(Slot::bytes);
    line("count of owners, and what malloc rounds up to",
         static_cast<double>(malloc_usable_size(block) - sizeof(Process)));
    std::free(block);
    line("its share of the table of numbers",
         static_cast<double>(sizeof(procspace::NumberNode)) / procspace::NumberBits::size);
    return sum;
}

} // namespace

int main() {
    constexpr long count = 100'000;
    procspace::BasicProcessTree<Traits> tree;
    const auto init = tree.new_init(1).build();
    const long bytes = UsableHeap::bytes;
    const long blocks = UsableHeap::blocks;
    std::vector<procspace::ProcessId> all;
    for (long i = 0; i < count; ++i)
        all.push_back(init->fork().build()->id());
    const double each = static_cast<double>(UsableHeap::bytes - bytes) / count;
    // The payload is AnyData here: two words in the object.
    const double own = each - static_cast<double>(sizeof(procspace::AnyData));
    const double sum = itemise();
    std::printf("%.1f usable bytes for each living process, %.1f without its payload, in %.3f blocks\n", each, own,
                static_cast<double>(UsableHeap::blocks - blocks) / count);
    for (const auto id : all) {
        const auto child = tree.find_process(id);
        child->exit();
        child->free();
    }
    std::printf("%ld bytes kept after all were reaped\n", UsableHeap::bytes - bytes);
    const bool itemised = sum > each - 1 && sum < each + 1;
    return own <= 400 && itemised && UsableHeap::bytes == bytes && UsableHeap::blocks == blocks ? 0 : 1;
}

#else

int main() {
    std::puts("skipped: malloc_usable_size says nothing here");
    return 77;
}

#endif
