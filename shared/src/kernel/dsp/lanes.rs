//! Listed rows, added in lanes of 16 bits.

use core::mem::offset_of;

use super::{
    list::{list_new_rows, list_rows},
    rows::{LANES, LIST, Listed},
};

/// Adds rows to lanes, a list at a time. Returns how many ids are left: none, or those from the list on in which one is
/// out of range.
///
/// # Safety
///
/// There are `len` ids, above 0, and the lanes can take as many rows; at each row are as many words as are added.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_to_lanes(ids: *const u16, len: usize, listed: *mut Listed) -> usize {
    dsp_asm!(
        // r4 ids, r5 how many are left, r6 where all is, r7 the list.
        "push {{r4-r8, lr}}",
        "mov r4, r0",
        "mov r5, r1",
        "mov r6, r2",
        "add r7, r2, {list}",
        "ldr r8, [r2, {words}]",
        "2: mov r1, r5",
        "cmp r1, {most}",
        "it hi",
        "movhi r1, {most}",
        "mov r0, r4",
        "mov r2, r7",
        "mov r3, r6",
        "bl {list_rows}",
        "cbz r0, 3f",
        "mov r1, r0",
        "mov r0, r7",
        "add r2, r6, {lanes}",
        "mov r3, r8",
        "bl {add_listed}",
        "add r4, r4, 2 * {most}",
        "subs r5, r5, {most}",
        "bhi 2b",
        "movs r5, #0",
        "3: mov r0, r5",
        "pop {{r4-r8, pc}}",
        list = const offset_of!(Listed, list),
        words = const offset_of!(Listed, words),
        lanes = const offset_of!(Listed, lanes),
        most = const LIST,
        list_rows = sym list_rows,
        add_listed = sym add_listed,
    )
}

/// Adds the rows that are not among the seen to lanes, a list at a time. Returns where the ids that are left begin: not at
/// their end if the lanes can take no more lists, or else if one of the next four is out of range.
///
/// # Safety
///
/// There are ids from `ids` to `end`; there is a bit of `seen` for each row; the lanes can take a list of rows more; at
/// each row are as many words as are added.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_new_to_lanes<const N: usize>(
    ids: *const u16,
    end: *const u16,
    listed: *mut Listed<N>,
) -> *const u16 {
    dsp_asm!(
        // r4 ids, r5 their end, r6 where all is, r7 the list.
        "push {{r4-r8, lr}}",
        "mov r4, r0",
        "mov r5, r1",
        "mov r6, r2",
        "add r7, r2, {list}",
        "2: mov r0, r4",
        "mov r1, r5",
        "mov r2, r7",
        "mov r3, r6",
        "bl {list_new_rows}",
        "mov r4, r1",
        "cmp r0, r7",
        "beq 3f",
        "mov r1, r0",
        // How many rows there are, up to a multiple of four.
        "subs r0, r0, r7",
        "adds r0, #12",
        "lsrs r0, r0, #4",
        "ldr r8, [r6, {added}]",
        "add r8, r8, r0, lsl #2",
        "str r8, [r6, {added}]",
        "mov r0, r7",
        "add r2, r6, {lanes}",
        "ldr r3, [r6, {words}]",
        "bl {add_listed}",
        "cmp r4, r5",
        "beq 3f",
        "cmp r8, {lanes_room}",
        "bls 2b",
        "3: mov r0, r4",
        "pop {{r4-r8, pc}}",
        list = const offset_of!(Listed<N>, list),
        added = const offset_of!(Listed<N>, added),
        words = const offset_of!(Listed<N>, words),
        lanes = const offset_of!(Listed<N>, lanes),
        lanes_room = const LANES - N,
        list_new_rows = sym list_new_rows::<N>,
        add_listed = sym add_listed,
    )
}

/// Adds 4 * `words` units of the rows that are listed to lanes.
///
/// # Safety
///
/// From `list` to `end` are 1 to 128 addresses, and there is room for a multiple of four; at each are `words` words, at a
/// multiple of four; `words` is 1 to 4, and there are lanes for 16 units.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_listed(list: *mut u32, end: *mut u32, lanes: *mut u32, words: usize) {
    dsp_asm!(
        // r4 and r5 sums of words, r6 and r7 sums of odd bytes, r8 one.
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
        // Four fours a round, the first round may begin with a later one.
        ".macro edgefit_pass offset
        ldm r2, {{r4-r7}}
        subs r3, r1, r0
        lsls r3, r3, #27
        bcc 3f
        bmi 1f
        b 4f
        3: bmi 5f
        2: edgefit_add_four \\offset
        1: edgefit_add_four \\offset
        4: edgefit_add_four \\offset
        5: edgefit_add_four \\offset
        cmp r0, r1
        bne 2b
        stm r2!, {{r4-r7}}
        .endm
        .macro edgefit_pass_of_one offset
        ldr r4, [r2]
        ldr r6, [r2, #8]
        2: ldm r0!, {{r9-r12}}
        ldr r9, [r9, #\\offset]
        ldr r10, [r10, #\\offset]
        ldr r11, [r11, #\\offset]
        ldr r12, [r12, #\\offset]
        uxtab16 r6, r6, r9, ror #8
        uxtab16 r6, r6, r10, ror #8
        uxtab16 r6, r6, r11, ror #8
        uxtab16 r6, r6, r12, ror #8
        umaal r4, r9, r10, r8
        umaal r4, r11, r12, r8
        cmp r0, r1
        bne 2b
        str r4, [r2]
        str r6, [r2, #8]
        .endm",
        "push {{r0, r3-r11, lr}}",
        "mov r8, #1",
        // Filled up with rows of weights 0.
        "subs r4, r1, r0",
        "ands r4, r4, #12",
        "beq 7f",
        "adr r5, 9f",
        "6: str r5, [r1], #4",
        "adds r4, #4",
        "cmp r4, #16",
        "bne 6b",
        "7: cmp r3, #1",
        "beq 7f",
        "edgefit_pass 0",
        "ldrd r0, r3, [sp]",
        "cmp r3, #3",
        "blo 8f",
        "beq 6f",
        "edgefit_pass 8",
        "8: add sp, #8",
        "pop {{r4-r11, pc}}",
        "6: edgefit_pass_of_one 8",
        "b 8b",
        "7: edgefit_pass_of_one 0",
        "b 8b",
        ".p2align 2",
        "9: .word 0x80808080, 0x80808080, 0x80808080, 0x80808080",
        ".purgem edgefit_add_two
        .purgem edgefit_add_four
        .purgem edgefit_pass
        .purgem edgefit_pass_of_one",
    )
}

/// Adds what is in the lanes of `added` rows to 4 * `words` sums, and clears the lanes.
///
/// # Safety
///
/// There are as many sums and lanes for as many; `words` is 1 to 4.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn widen(lanes: *mut u32, added: usize, sums: *mut i32, words: usize) {
    dsp_asm!(
        // r1 what is too much in each lane, 128 a row, modulo 2^16: without it, a lane is a sum within an i16.
        ".macro edgefit_widen all, odd
        sub \\all, \\all, \\odd, lsl #8
        usub16 \\odd, \\odd, r1
        usub16 \\all, \\all, r1
        ldm r2, {{r8-r11}}
        sxtah r8, r8, \\all
        sxtah r9, r9, \\odd
        sxtah r10, r10, \\all, ror #16
        sxtah r11, r11, \\odd, ror #16
        stm r2!, {{r8-r11}}
        .endm",
        "push {{r4-r11, lr}}",
        "lsls r1, r1, #7",
        "pkhbt r1, r1, r1, lsl #16",
        "mov r12, #0",
        "mov lr, #0",
        "2: ldm r0, {{r4-r7}}",
        "strd r12, lr, [r0], #8",
        "strd r12, lr, [r0], #8",
        "edgefit_widen r4, r6",
        "subs r3, #1",
        "beq 3f",
        "edgefit_widen r5, r7",
        "subs r3, #1",
        "bne 2b",
        "3: pop {{r4-r11, pc}}",
        ".purgem edgefit_widen",
    )
}
