// x86-64: from what the loader leaves to kernel_main(). QEMU reads the PVH note of a file given with -kernel and enters
// at its address: 32 bits, flat segments, no paging. Other processors enter at `trampoline`: 16 bits, below 1 MiB.

        .section .note.pvh, "a", @note
        .long   4, 4, 18                // lengths of name and value; XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .long   enter

        .section .boot, "awx"           // its addresses are physical ones
        .code32
        .globl  enter
enter:  lgdt    gdt_pointer
flat:   movw    $0x18, %ax
        movw    %ax, %ds
        movl    $pml4, %eax
        movl    %eax, %cr3
        movl    $0x20, %eax             // PAE
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx       // EFER: long mode
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    $0x80010001, %eax       // paging, write protection, protection; no SSE is ever enabled
        movl    %eax, %cr0
        ljmpl   $0x10, $long_mode
        .code64
long_mode:
        movw    $0x18, %ax
        movw    %ax, %ss
        xorl    %eax, %eax
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movl    $1, %eax                // the number of the processor is that of its APIC
        cpuid
        shrl    $24, %ebx
        movl    %ebx, %edi
        incl    %ebx
        shll    $16, %ebx               // stacks of 64 KiB
        movabsq $stacks, %rsp
        addq    %rbx, %rsp
        xorl    %ebp, %ebp
        movabsq $kernel_main, %rax
        call    *%rax                   // does not return
        ud2

        .code16                         // start_processor() copies it to 0x8000
        .globl  trampoline, trampoline_end
trampoline:
        cli
        xorw    %ax, %ax
        movw    %ax, %ds
        lgdtl   0x8000 + gdt_pointer - trampoline
        movl    $1, %eax                // protection
        movl    %eax, %cr0
        ljmpl   $0x08, $flat
gdt_pointer:
        .word   4 * 8 - 1
        .long   gdt
trampoline_end:

        .balign 8
gdt:    .quad   0
        .quad   0x00cf9a000000ffff      // 0x08: code, 32 bits
        .quad   0x00af9a000000ffff      // 0x10: code, 64 bits
        .quad   0x00cf92000000ffff      // 0x18: data

        .balign 4096                    // the first GiB twice, from 0 and from -2 GiB on; the APIC's, uncached, as it is
pml4:   .quad   pdpt + 3
        .fill   510, 8, 0
        .quad   pdpt + 3
pdpt:   .quad   first_gib + 3
        .quad   0, 0
        .quad   fourth_gib + 3
        .fill   506, 8, 0
        .quad   first_gib + 3
        .quad   0
first_gib:
        .set    page, 0x83              // present, writable, 2 MiB
        .rept   512
        .quad   page
        .set    page, page + 0x200000
        .endr
fourth_gib:
        .set    page, 0xc0000093
        .rept   512
        .quad   page
        .set    page, page + 0x200000
        .endr

        .text
        .code64
        .balign 16
        .globl  traps                   // 16 bytes for each vector
traps:  .set    vector, 0
        .rept   48
        .balign 16
        .if     !(0x60227d00 >> vector & 1) // those for which the processor itself pushes an error code
        pushq   $0
        .endif
        pushq   $vector
        jmp     trapped
        .set    vector, vector + 1
        .endr
trapped:
        pushq   %rax
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        pushq   %rdi
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        movq    %rsp, %rdi
        cld
        call    on_trap
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rdi
        popq    %rsi
        popq    %rdx
        popq    %rcx
        popq    %rax
        addq    $16, %rsp
        iretq

        .bss
        .balign 4096
stacks: .skip   4 * 65536
        .section .note.GNU-stack, "", @progbits
