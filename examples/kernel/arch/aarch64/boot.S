// aarch64: QEMU's -M virt enters the first processor at _start, PSCI the others; all at EL1, without an MMU.

        .section .boot, "ax"
        .globl  _start
_start: mrs     x19, mpidr_el1          // the number of the processor
        and     x19, x19, #0xff
        ldr     x0, =0xff00             // memory attributes: 0 device, 1 normal and cached, which exclusives need
        msr     mair_el1, x0
        ldr     x0, =0x80803519         // 39 bits of address; tables cached and shared; TTBR1 off
        msr     tcr_el1, x0
        adrp    x0, table
        msr     ttbr0_el1, x0
        isb
        mrs     x0, sctlr_el1
        ldr     x1, =0x1005             // caches and MMU on; FP and SIMD stay trapped
        orr     x0, x0, x1
        msr     sctlr_el1, x0
        isb
        adrp    x0, stacks
        add     x0, x0, :lo12:stacks
        add     x1, x19, #1
        add     x0, x0, x1, lsl #16     // stacks of 64 KiB
        mov     sp, x0
        mov     x29, xzr
        mov     x0, x19
        bl      kernel_main             // does not return
        brk     #0

        .text
        .balign 2048
        .globl  traps
traps:  .set    vector, 0               // 16 of them, 128 bytes apart; 5 is an interrupt at EL1
        .rept   16
        .balign 128
        stp     x0, x1, [sp, #-176]!
        mov     x0, #vector
        b       trapped
        .set    vector, vector + 1
        .endr
trapped:
        stp     x2, x3, [sp, #16]
        stp     x4, x5, [sp, #32]
        stp     x6, x7, [sp, #48]
        stp     x8, x9, [sp, #64]
        stp     x10, x11, [sp, #80]
        stp     x12, x13, [sp, #96]
        stp     x14, x15, [sp, #112]
        stp     x16, x17, [sp, #128]
        stp     x18, x30, [sp, #144]
        bl      on_trap
        ldp     x2, x3, [sp, #16]
        ldp     x4, x5, [sp, #32]
        ldp     x6, x7, [sp, #48]
        ldp     x8, x9, [sp, #64]
        ldp     x10, x11, [sp, #80]
        ldp     x12, x13, [sp, #96]
        ldp     x14, x15, [sp, #112]
        ldp     x16, x17, [sp, #128]
        ldp     x18, x30, [sp, #144]
        ldp     x0, x1, [sp], #176
        eret

        .section .rodata
        .balign 4096                    // two blocks of 1 GiB as they are: devices, never executed; memory
table:  .quad   0x0060000000000401
        .quad   0x0000000040000705
        .fill   510, 8, 0

        .bss
        .balign 4096
stacks: .skip   4 * 65536
        .section .note.GNU-stack, "", @progbits
