// riscv64: QEMU's -M virt, without firmware, enters all processors at _start, in M-mode, without translation. Kernels that
// run on firmware are in S-mode: sstatus, stvec, ... then, and calls of the SBI instead of the devices of M-mode.

        .section .boot, "ax"
        .globl  _start
_start: csrr    tp, mhartid             // the number of the processor; compilers leave tp alone
        beqz    tp, enter
        csrwi   mie, 8                  // the others sleep until start_processor() sends them an interrupt, which is not
parked: wfi                             // taken, as nothing is unmasked yet
        csrr    t0, mip
        andi    t0, t0, 8
        beqz    t0, parked
enter:  addi    t0, tp, 1
        slli    t0, t0, 16              // stacks of 64 KiB
        la      sp, stacks
        add     sp, sp, t0
        li      s0, 0
        mv      a0, tp
        call    kernel_main             // does not return
        unimp

        .text
        .balign 4
        .globl  trap                    // of all kinds
trap:   addi    sp, sp, -128
        sd      ra, 0(sp)
        sd      t0, 8(sp)
        sd      t1, 16(sp)
        sd      t2, 24(sp)
        sd      t3, 32(sp)
        sd      t4, 40(sp)
        sd      t5, 48(sp)
        sd      t6, 56(sp)
        sd      a0, 64(sp)
        sd      a1, 72(sp)
        sd      a2, 80(sp)
        sd      a3, 88(sp)
        sd      a4, 96(sp)
        sd      a5, 104(sp)
        sd      a6, 112(sp)
        sd      a7, 120(sp)
        csrr    a0, mcause
        csrr    a1, mepc
        csrr    a2, mtval
        call    on_trap
        ld      ra, 0(sp)
        ld      t0, 8(sp)
        ld      t1, 16(sp)
        ld      t2, 24(sp)
        ld      t3, 32(sp)
        ld      t4, 40(sp)
        ld      t5, 48(sp)
        ld      t6, 56(sp)
        ld      a0, 64(sp)
        ld      a1, 72(sp)
        ld      a2, 80(sp)
        ld      a3, 88(sp)
        ld      a4, 96(sp)
        ld      a5, 104(sp)
        ld      a6, 112(sp)
        ld      a7, 120(sp)
        addi    sp, sp, 128
        mret

        .bss
        .balign 4096
stacks: .skip   4 * 65536
        .section .note.GNU-stack, "", @progbits
