#include "kcmp.hpp"

#include <array>
#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shadow::kcmp {

std::optional<int> order(Shared what, pid_t a, pid_t b) {
    constexpr std::array kinds{KCMP_FS, KCMP_FILES, KCMP_SIGHAND, KCMP_VM};
    const long answer = ::syscall(SYS_kcmp, a, b, kinds[static_cast<std::size_t>(what)], 0L, 0L);
    switch (answer) {
    case 0:
        return 0;
    case 1:
        return -1; // "less than" in the kernel's order of its (veiled) addresses
    case 2:
        return 1;
    default:
        return std::nullopt;
    }
}

} // namespace shadow::kcmp
