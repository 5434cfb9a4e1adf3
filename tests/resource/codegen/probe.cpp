// The smallest program that uses everything, for probe.cmake: its code is what the library costs a kernel.
#include <procspace/resource/define.hpp>

#include <new>

struct First {
    int value = 1;
};
struct Second {
    Second() = default;
    Second(const Second&) = default;
    ~Second() { value = 0; }
    volatile long value = 2;
};

#ifdef CHANGES
constexpr procspace::ResourcePolicy policy{
    .on_fork = procspace::ForkRule::copy, .share_flag = 1, .on_unshare = procspace::ForkRule::copy};
PROCSPACE_RESOURCE_WITH(policy, First, first)
#else
PROCSPACE_RESOURCE(First, first)
#endif
PROCSPACE_RESOURCE(Second, second)

#ifdef KERNEL_POLICIES
struct Traits : procspace::DefaultTraits {
    struct Memory {
#ifdef JOINT_VALUES
        static constexpr bool joint_values = true;
#endif
        static void* allocate(std::size_t size, std::size_t align) noexcept;
        static void deallocate(void* p, std::size_t size, std::size_t align) noexcept;
    };
    [[noreturn]] static void panic(const char* what, procspace::Location where) noexcept;
};
#else
using Traits = procspace::DefaultTraits;
#endif
using Ns = procspace::BasicNamespace<Traits>;

extern "C" {
void create(void* place) {
    ::new (place) Ns;
}
void destroy(Ns* ns) {
    ns->~Ns();
}
const First* get(const Ns& ns) {
    return &first.get(ns);
}
First* get_mut(Ns& ns) {
    return first.get_mut(ns);
}
void share_from(Ns& dst, const Ns& src) {
    first.share_from(dst, src);
}
void reset(Ns& ns) {
    first.reset(ns);
}
void arc(void* place, const Ns& ns) {
    ::new (place) procspace::ResArc<Second, Traits>(second.arc(ns));
}
#ifdef CHANGES
void fork_namespace(void* place, const Ns& parent) {
    ::new (place) Ns(Ns::fork(parent, 1));
}
void unshare_namespace(Ns& ns) {
    Ns::unshare(ns, 1);
}
void enter_namespace(Ns& ns, const Ns& target) {
    Ns::enter(ns, target, procspace::all_resources);
}
#endif
}
