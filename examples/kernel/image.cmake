# How an image of the kernel is built: what a kernel has to say to its compiler is all here. Images are built by compilers
# of their own, whatever this build is made with, and only when a target asks for them.

set(kernel_architectures x86_64 aarch64 riscv64) # the folders of arch/
set(kernel_sources main heap resources namespaces memory)
set(kernel_process_sources library tasks processes jobs)

set(kernel_flags
    -std=c++20
    -fno-exceptions
    -fno-rtti
    -fno-pic
    -fno-pie
    -fno-stack-protector
    -fno-asynchronous-unwind-tables
    -ffunction-sections
    -fdata-sections
    -Wall
    -Wextra
    -Wconversion
    -Wshadow
    -Werror
)
set(kernel_flags_x86_64 -mno-red-zone -mcmodel=kernel -fcf-protection=none)
set(kernel_flags_x86_64_g++ -mgeneral-regs-only)
set(kernel_flags_x86_64_clang++ -mno-mmx -mno-sse -mno-sse2 -mno-implicit-float)
set(kernel_flags_aarch64 -mgeneral-regs-only -mno-outline-atomics -mstrict-align)
set(kernel_flags_aarch64_clang++ --target=aarch64-linux-gnu)
# GCC 12 has no atomics of one byte for riscv64, which is why its libstdc++ would count owners by functions of its archive.
set(kernel_flags_riscv64 -mabi=lp64 -mcmodel=medany -mno-relax
                         -D_GLIBCXX_ATOMIC_BUILTINS=1 -D_GLIBCXX_HAVE_ATOMIC_LOCK_POLICY=1
)
set(kernel_flags_riscv64_g++ -march=rv64imac_zicsr)
set(kernel_flags_riscv64_clang++ --target=riscv64-linux-gnu -march=rv64imac)
set(kernel_link_flags -nostdlib -static -Wl,--gc-sections -Wl,--build-id=none)
set(kernel_link_flags_g++ -no-pie -Wl,--no-warn-rwx-segments)
set(kernel_link_flags_clang++ -fuse-ld=lld)

# procspace_kernel_image(<name> <variable> ARCH <arch> COMPILER g++|clang++ [CORE_ONLY] [REPLACE_MAIN <file>]
#                        [BEFORE <include directory>] OPTIONS <option>...)
#
# Rules that build build/.../<name>.elf, and a target kernel_image_<name>. <variable>: the file's name, or what is missing,
# as boot.sh wants it. CORE_ONLY: the resource half alone, freestanding.
function(procspace_kernel_image name variable)
    cmake_parse_arguments(PARSE_ARGV 2 arg "CORE_ONLY" "ARCH;COMPILER;REPLACE_MAIN;BEFORE" "OPTIONS")
    set(tools "${arg_COMPILER}")
    if(arg_COMPILER STREQUAL "clang++")
        list(APPEND tools ld.lld)
    endif()
    if(NOT CMAKE_HOST_SYSTEM_PROCESSOR STREQUAL arg_ARCH) # clang++ is a cross compiler as it is, but for the headers
        list(APPEND tools ${arg_ARCH}-linux-gnu-g++)
    endif()
    foreach(tool IN LISTS tools)
        find_program(PROCSPACE_KERNEL_${tool} NAMES ${tool})
        if(NOT PROCSPACE_KERNEL_${tool})
            set(${variable} "missing:${tool}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
    set(compiler "${PROCSPACE_KERNEL_${arg_COMPILER}}")
    if(arg_COMPILER STREQUAL "g++")
        list(GET tools -1 cross)
        set(compiler "${PROCSPACE_KERNEL_${cross}}")
    endif()
    set(here "${PROJECT_SOURCE_DIR}/examples/kernel")
    set(objects_dir "${PROJECT_BINARY_DIR}/kernel/${name}")
    set(image "${objects_dir}/${name}.elf")
    set(include_dirs "")
    if(arg_BEFORE)
        list(APPEND include_dirs "-I${arg_BEFORE}")
    endif()
    list(APPEND include_dirs "-I${here}" "-I${here}/arch/${arg_ARCH}" "-I${PROJECT_SOURCE_DIR}/include")
    set(compile ${compiler} ${kernel_flags} ${kernel_flags_${arg_ARCH}} ${kernel_flags_${arg_ARCH}_${arg_COMPILER}}
                ${include_dirs} ${arg_OPTIONS}
    )
    set(sources ${kernel_sources})
    if(arg_CORE_ONLY)
        list(APPEND compile -ffreestanding)
    else()
        list(APPEND sources ${kernel_process_sources})
    endif()
    if(arg_REPLACE_MAIN)
        list(REMOVE_ITEM sources main)
        list(APPEND sources "${arg_REPLACE_MAIN}")
    endif()
    list(APPEND sources runtime "arch/${arg_ARCH}/machine" "arch/${arg_ARCH}/boot.S")
    set(objects "")
    foreach(source IN LISTS sources)
        cmake_path(GET source EXTENSION LAST_ONLY extension)
        if(NOT extension)
            string(APPEND source ".cpp")
        endif()
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${here}")
        cmake_path(GET source FILENAME file)
        set(object "${objects_dir}/${file}.o")
        set(own_flags "")
        if(file MATCHES "^(runtime|machine)\\.cpp$") # what compilers call on their own: see runtime.cpp
            set(own_flags -ffreestanding -fno-lto)
        endif()
        add_custom_command(
            OUTPUT "${object}"
            COMMAND "${CMAKE_COMMAND}" -E make_directory "${objects_dir}"
            COMMAND ${compile} ${own_flags} -MD -MF "${object}.d" -c "${source}" -o "${object}"
            DEPENDS "${source}"
            DEPFILE "${object}.d"
            COMMENT "${name}: ${file}"
            VERBATIM
        )
        list(APPEND objects "${object}")
    endforeach()
    set(script "${here}/arch/${arg_ARCH}/link.ld")
    add_custom_command(
        OUTPUT "${image}"
        COMMAND ${compile} ${kernel_link_flags} ${kernel_link_flags_${arg_COMPILER}} "-Wl,-T,${script}"
                "-Wl,-Map,${image}.map" ${objects} -o "${image}"
        DEPENDS ${objects} "${script}"
        COMMENT "${name}.elf"
        VERBATIM
    )
    add_custom_target(kernel_image_${name} DEPENDS "${image}")
    set(${variable} "${image}" PARENT_SCOPE)
endfunction()
