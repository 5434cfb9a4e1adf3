# The warnings that our own programs are held to. They sit on a target of their own, which nothing public links:
# a user's compiler may warn about things that these compilers do not know, and that must not stop the user's build.
# Our programs link it as $<TARGET_NAME_IF_EXISTS:procspace_warnings>, since it exists only in our own build.
add_library(procspace_warnings INTERFACE)
set(PROCSPACE_WARNING_FLAGS -Wall -Wextra -Wconversion -Wshadow -Werror)
target_compile_options(
    procspace_warnings INTERFACE "$<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:${PROCSPACE_WARNING_FLAGS}>"
)
