// The functions that compilers call on their own. Compiled with -ffreestanding, else a loop that copies becomes a call
// of memcpy, in memcpy too; and without LTO, which would find nobody who calls them.
#include <cstddef>
#include <cstdint>

extern "C" {

void* memcpy(void* to, const void* from, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i)
        static_cast<unsigned char*>(to)[i] = static_cast<const unsigned char*>(from)[i];
    return to;
}
void* memmove(void* to, const void* from, std::size_t bytes) {
    if (reinterpret_cast<std::uintptr_t>(to) <= reinterpret_cast<std::uintptr_t>(from))
        return memcpy(to, from, bytes);
    for (std::size_t i = bytes; i > 0; --i)
        static_cast<unsigned char*>(to)[i - 1] = static_cast<const unsigned char*>(from)[i - 1];
    return to;
}
void* memset(void* to, int byte, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i)
        static_cast<unsigned char*>(to)[i] = static_cast<unsigned char>(byte);
    return to;
}
int memcmp(const void* left, const void* right, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i)
        if (const int difference =
                static_cast<const unsigned char*>(left)[i] - static_cast<const unsigned char*>(right)[i])
            return difference;
    return 0;
}

} // extern "C"
