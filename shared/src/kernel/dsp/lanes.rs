//! Listed rows, added in lanes of 16 bits.

/// Adds the rows that are listed to 4 * `words` sums.
///
/// # Safety
///
/// From `list` to `end` are 1 to 128 addresses, and there is room for a multiple of four; at each are `words` words, at a
/// multiple of four; there are as many sums, and at least four.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_listed(list: *mut u32, end: *mut u32, sums: *mut i32, words: usize) {
    dsp_asm!(
        // r0 walks the list to r1, r2 sums; r4 and r5 sums of words, r6 and r7 sums of odd bytes, r8 one.
        ".macro edgefit_add_two first, second, offset
        ldrd \\first, lr, [\\first, #\\offset]
        ldrd \\second, r3, [\\second, #\\offset]
        uxtab16 r6, r6, \\first, ror #8
        uxtab16 r7, r7, lr, ror #8
        uxtab16 r6, r6, \\second, ror #8
        uxtab16 r7, r7, r3, ror #8
        umaal r4, \\first, \\second, r8
        umaal r5, lr, r3, r8
        .endm
        .macro edgefit_add_four offset
        ldm r0!, {{r9-r12}}
        edgefit_add_two r9, r10, \\offset
        edgefit_add_two r11, r12, \\offset
        .endm",
        // Two words of each row. Two fours a round, the first round may begin with its second.
        ".macro edgefit_pass offset
        movs r4, #0
        movs r5, #0
        movs r6, #0
        movs r7, #0
        subs r3, r1, r0
        lsls r3, r3, #28
        bcs 1f
        2: edgefit_add_four \\offset
        1: edgefit_add_four \\offset
        cmp r0, r1
        bne 2b
        bl 7f
        .endm",
        // Without what is too much in each lane, in r3, a lane is a sum within an i16.
        ".macro edgefit_widen all, odd
        sub \\all, \\all, \\odd, lsl #8
        usub16 \\odd, \\odd, r3
        usub16 \\all, \\all, r3
        ldm r2, {{r9-r12}}
        sxtah r9, r9, \\all
        sxtah r10, r10, \\odd
        sxtah r11, r11, \\all, ror #16
        sxtah r12, r12, \\odd, ror #16
        stm r2!, {{r9-r12}}
        .endm",
        // On the stack: list, its end, 128 a row in both halves, words that are left.
        "push {{r0-r11, lr}}",
        "mov r8, #1",
        "3: adr r5, 9f",
        "b 5f",
        // Filled up with rows of weights 0.
        "4: str r5, [r1], #4",
        "5: subs r4, r1, r0",
        "lsls r3, r4, #28",
        "bne 4b",
        "lsls r4, r4, #5",
        "pkhbt r4, r4, r4, lsl #16",
        "str r4, [sp, #8]",
        "ldr r3, [sp, #12]",
        "mov lr, #0",
        "subs r3, #2",
        "blo 6f",
        "str r3, [sp, #12]",
        "edgefit_pass 0",
        "ldr r0, [sp]",
        "ldr r3, [sp, #12]",
        "cmp r3, #1",
        "blo 8f",
        "mov lr, #8",
        "beq 6f",
        "edgefit_pass 8",
        "ldr r3, [sp, #12]",
        "ldr r0, [sp]",
        "subs r3, #2",
        "beq 8f",
        "str r3, [sp, #12]",
        // On to the next four words of each row.
        "2: ldm r0, {{r4-r7}}",
        "adds r4, #16",
        "adds r5, #16",
        "adds r6, #16",
        "adds r7, #16",
        "stm r0!, {{r4-r7}}",
        "cmp r0, r1",
        "bne 2b",
        "ldrd r0, r1, [sp]",
        "b 3b",
        // The last word of each row, at lr.
        "6: movs r5, #0",
        "movs r7, #0",
        "2: ldm r0!, {{r9-r12}}",
        "ldr r9, [r9, lr]",
        "ldr r10, [r10, lr]",
        "ldr r11, [r11, lr]",
        "ldr r12, [r12, lr]",
        "uxtab16 r7, r7, r9, ror #8",
        "uxtab16 r7, r7, r10, ror #8",
        "uxtab16 r7, r7, r11, ror #8",
        "uxtab16 r7, r7, r12, ror #8",
        "umaal r5, r9, r10, r8",
        "umaal r5, r11, r12, r8",
        "cmp r0, r1",
        "bne 2b",
        "ldr r3, [sp, #8]",
        "adr lr, 8f + 1",
        "b 2f",
        // From lanes to sums: of two words, and of one.
        "7: ldr r3, [sp, #8]",
        "edgefit_widen r4, r6",
        "2: edgefit_widen r5, r7",
        "bx lr",
        ".p2align 2",
        "8: add sp, #16",
        "pop {{r4-r11, pc}}",
        ".p2align 2",
        "9: .word 0x80808080, 0x80808080, 0x80808080, 0x80808080",
        ".purgem edgefit_add_two
        .purgem edgefit_add_four
        .purgem edgefit_pass
        .purgem edgefit_widen",
    )
}
