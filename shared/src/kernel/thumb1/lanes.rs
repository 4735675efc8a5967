//! Listed rows, added in lanes of 16 bits.

use core::arch::naked_asm;

/// Adds 16 units, at `offset` of each row that is listed, to as many sums.
///
/// # Safety
///
/// From `list` to `end` are 1 to 128 addresses of rows with four words at `offset`, and there is room for a multiple of
/// four; there are 16 sums.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_four_words(list: *mut u32, end: *mut u32, sums: *mut i32, offset: usize) {
    naked_asm!(
        // r4 the mask of odd bytes; r8, r10, r12 and r5 sums of words, r9, r11, lr and r6 sums of their odd bytes; r7
        // walks the list.
        ".macro edgefit_add word, all, odd
        add \\all, \\word
        lsrs \\word, \\word, #8
        ands \\word, r4
        add \\odd, \\word
        .endm
        .macro edgefit_add_row at
        ldr r0, [r7, #\\at]
        ldm r0, {{r0-r3}}
        edgefit_add r0, r8, r9
        edgefit_add r1, r10, r11
        edgefit_add r2, r12, lr
        edgefit_add r3, r5, r6
        .endm",
        // From lanes to sums at r7; r4 is what is too much in each lane, 128 a row.
        ".macro edgefit_sum at
        subs r2, r2, r4
        ldr r3, [r7, #\\at]
        adds r3, r3, r2
        str r3, [r7, #\\at]
        .endm
        .macro edgefit_widen all, odd
        mov r1, \\odd
        lsls r2, r1, #8
        mov r0, \\all
        subs r0, r0, r2
        uxth r2, r0
        edgefit_sum 0
        uxth r2, r1
        edgefit_sum 4
        lsrs r2, r0, #16
        edgefit_sum 8
        lsrs r2, r1, #16
        edgefit_sum 12
        adds r7, #16
        .endm",
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        // Filled up with rows of weights 0.
        "adr r5, 9f",
        "subs r5, r5, r3",
        "b 3f",
        "2: stm r1!, {{r5}}",
        "3: subs r4, r1, r0",
        "lsls r4, r4, #28",
        "bne 2b",
        // Rows that begin later: once for the whole list, and back after it.
        "push {{r0, r1, r2, r3}}",
        "cmp r3, #0",
        "beq 5f",
        "mov r7, r0",
        "4: ldr r4, [r7]",
        "adds r4, r4, r3",
        "stm r7!, {{r4}}",
        "cmp r7, r1",
        "bne 4b",
        "5: mov r7, r0",
        "ldr r4, 8f",
        "movs r5, #0",
        "movs r6, #0",
        "mov r8, r5",
        "mov r9, r5",
        "mov r10, r5",
        "mov r11, r5",
        "mov r12, r5",
        "mov lr, r5",
        "6: edgefit_add_row 0",
        "edgefit_add_row 4",
        "edgefit_add_row 8",
        "edgefit_add_row 12",
        "adds r7, #16",
        "ldr r0, [sp, #4]",
        "cmp r7, r0",
        "bne 6b",
        "pop {{r0, r1, r2, r3}}",
        "subs r4, r1, r0",
        "lsls r4, r4, #5",
        "mov r7, r2",
        "push {{r0, r1, r3}}",
        "edgefit_widen r8, r9",
        "edgefit_widen r10, r11",
        "edgefit_widen r12, lr",
        "edgefit_widen r5, r6",
        "pop {{r0, r1, r3}}",
        "cmp r3, #0",
        "beq 7f",
        "2: ldr r4, [r0]",
        "subs r4, r4, r3",
        "stm r0!, {{r4}}",
        "cmp r0, r1",
        "bne 2b",
        "7: pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
        ".p2align 2",
        "8: .word 0x00ff00ff",
        "9: .word 0x80808080, 0x80808080, 0x80808080, 0x80808080",
        ".purgem edgefit_add
        .purgem edgefit_add_row
        .purgem edgefit_sum
        .purgem edgefit_widen",
    )
}

/// Adds four units, at `offset` of each row that is listed, to as many sums.
///
/// # Safety
///
/// From `list` to `end` are 1 to 128 addresses of rows with a word at `offset`; there are four sums.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_word(list: *mut u32, end: *mut u32, sums: *mut i32, offset: usize) {
    naked_asm!(
        // r4 the sum of words, r5 that of their odd bytes, r6 the mask of these.
        ".macro edgefit_sum at
        subs r4, r4, r1
        ldr r3, [r2, #\\at]
        adds r3, r3, r4
        str r3, [r2, #\\at]
        .endm",
        "push {{r0, r4-r7, lr}}",
        "movs r4, #0",
        "movs r5, #0",
        "ldr r6, 8f",
        "2: ldm r0!, {{r7}}",
        "ldr r7, [r7, r3]",
        "adds r4, r4, r7",
        "lsrs r7, r7, #8",
        "ands r7, r6",
        "adds r5, r5, r7",
        "cmp r0, r1",
        "bne 2b",
        // What is too much in each lane, 128 a row.
        "ldr r0, [sp]",
        "subs r1, r1, r0",
        "lsls r1, r1, #5",
        "lsls r6, r5, #8",
        "subs r7, r4, r6",
        "uxth r4, r7",
        "edgefit_sum 0",
        "uxth r4, r5",
        "edgefit_sum 4",
        "lsrs r4, r7, #16",
        "edgefit_sum 8",
        "lsrs r4, r5, #16",
        "edgefit_sum 12",
        "pop {{r0, r4-r7, pc}}",
        ".p2align 2",
        "8: .word 0x00ff00ff",
        ".purgem edgefit_sum",
    )
}
