// for_each_child and its kin write nothing: they run while all memory that the tree ever allocated is read-only. A
// reference count that went up and down would end the program.

#include <procspace/process/tree.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <sys/mman.h>

namespace {

/// A heap that never frees, on pages of its own.
class Arena {
public:
    static void* allocate(std::size_t size, std::size_t align) noexcept {
        used_ = (used_ + align - 1) / align * align;
        if (start_ == nullptr) {
            void* const pages = mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (pages == MAP_FAILED)
                return nullptr;
            start_ = static_cast<char*>(pages);
        }
        if (used_ + size > capacity)
            return nullptr;
        void* const block = start_ + used_;
        used_ += size;
        return block;
    }
    static void deallocate(void*, std::size_t, std::size_t) noexcept {}

    static bool protect(int rights) { return mprotect(start_, capacity, rights) == 0; }

private:
    static constexpr std::size_t capacity = 1 << 20;
    inline static char* start_ = nullptr;
    inline static std::size_t used_ = 0;
};

struct Traits : procspace::DefaultTraits {
    using Memory = Arena;
};

} // namespace

int main() {
    procspace::BasicProcessTree<Traits> tree; // the lock is in here
    const auto init = tree.new_init(1).build();
    for (procspace::Pid pid = 2; pid < 72; ++pid)
        init->fork(pid).build();
    init->fork(100).build()->create_group();
    const auto thread = init->new_thread(1).build();
    const auto group = init->group();
    const auto session = init->session();

    if (!Arena::protect(PROT_READ))
        return 77;
    std::size_t seen = 0;
    init->for_each_child([&](const procspace::ProcessInfo&) { ++seen; });
    init->for_each_thread([&](procspace::Pid) { ++seen; });
    group->for_each_process([&](const procspace::ProcessInfo&) { ++seen; });
    session->for_each_process_group([&](procspace::Pid) { ++seen; });
    seen += init->info().pid + thread->tid() + group->session()->sid();
    Arena::protect(PROT_READ | PROT_WRITE);

    std::printf("%zu entries without a write\n", seen);
    return seen == 71 + 1 + 71 + 2 + 3 ? 0 : 1;
}
