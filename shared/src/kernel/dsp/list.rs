//! Lists of the addresses of rows, and what becomes of them.

use super::{lanes::add_listed, rows::Table};

/// Lists the addresses of `len` rows. Returns where the list ends, or null if one of them does not exist.
///
/// # Safety
///
/// There are `len` ids, and room for as many from `list` on.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn list_rows(ids: *const u16, len: usize, list: *mut u32, table: &Table) -> *mut u32 {
    dsp_asm!(
        // r10 collects by how much ids are too large; r11 weights, r12 stride, lr last.
        ".macro edgefit_list_four
        ldm r0!, {{r8, r9}}
        uqsub16 r4, r8, lr
        uqsub16 r5, r9, lr
        orr r10, r10, r4
        orr r10, r10, r5
        smlabb r4, r8, r12, r11
        smlatb r5, r8, r12, r11
        smlabb r6, r9, r12, r11
        smlatb r7, r9, r12, r11
        stm r2!, {{r4-r7}}
        .endm
        .macro edgefit_list_one
        ldrh r8, [r0], #2
        uqsub16 r4, r8, lr
        orr r10, r10, r4
        smlabb r4, r8, r12, r11
        str r4, [r2], #4
        .endm",
        "push {{r4-r11, lr}}",
        "ldm r3, {{r11, r12, lr}}",
        "mov r10, #0",
        // Pairs of ids lie at a multiple of four after one id at most.
        "tst r0, #2",
        "beq 2f",
        "cmp r1, #0",
        "beq 8f",
        "edgefit_list_one",
        "subs r1, #1",
        // Two fours a round, the first round may begin with its second.
        "2: lsrs r3, r1, #3",
        "lsls r4, r1, #29",
        "bmi 4f",
        "cbz r3, 6f",
        "3: edgefit_list_four",
        "subs r3, #1",
        "4: edgefit_list_four",
        "cmp r3, #0",
        "bne 3b",
        "6: ands r1, r1, #3",
        "beq 8f",
        "7: edgefit_list_one",
        "subs r1, #1",
        "bne 7b",
        "8: mov r0, r2",
        "cmp r10, #0",
        "it ne",
        "movne r0, #0",
        "pop {{r4-r11, pc}}",
        ".purgem edgefit_list_four
        .purgem edgefit_list_one",
    )
}

/// Adds the rows that are not among the seen, and adds them there. Returns where the ids end, or from where on they have not
/// been added, since one of the next four does not exist.
///
/// # Safety
///
/// There are ids from `ids` to `end`. The table has room for a list from where it begins to where it is `full`, for 8 to 128
/// addresses and a multiple of four; there is a bit of `seen` for each row, and there are four sums for each word.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_new_rows(ids: *const u16, end: *const u16, table: &Table) -> *const u16 {
    dsp_asm!(
        // r3 seen, r8 weights, r9 stride, r10 last, r11 one; on the stack where the ids end, the rest of the table, seen,
        // and where the list is full. The bit of an id is that by which it turns the one.
        ".macro edgefit_see pair, id, multiply
        ldr r7, [r3, r6, lsl #2]
        ror r1, r11, \\id
        tst r7, r1
        bne 9f
        orrs r7, r1
        str r7, [r3, r6, lsl #2]
        \\multiply r7, \\pair, r9, r8
        stm r2!, {{r7}}
        9:
        .endm
        .macro edgefit_see_low pair
        ubfx r6, \\pair, #5, #11
        edgefit_see \\pair, \\pair, smlabb
        .endm
        .macro edgefit_see_high pair
        lsr lr, \\pair, #16
        lsrs r6, \\pair, #21
        edgefit_see \\pair, lr, smlatb
        .endm
        .macro edgefit_see_four
        ldm r0!, {{r4, r5}}
        uqsub16 r6, r4, r10
        uqsub16 r7, r5, r10
        orrs r6, r7
        bne 6f
        edgefit_see_low r4
        edgefit_see_high r4
        edgefit_see_low r5
        edgefit_see_high r5
        .endm",
        "push {{r4-r11, lr}}",
        "mov r3, r2",
        "ldm r3!, {{r8-r12}}",
        "push {{r1, r3, r11, r12}}",
        "ldr r2, [r3]",
        "mov r3, r11",
        "mov r11, #1",
        // Pairs of ids lie at a multiple of four after one id at most.
        "10: tst r0, #2",
        "bne 5f",
        // As many groups of four as there are ids and as there is room for.
        "2: ldr r1, [sp]",
        "subs r1, r1, r0",
        "cmp r1, #8",
        "blo 4f",
        "ldr r6, [sp, #12]",
        "subs r6, r6, r2",
        // Less room is not worth another round.
        "cmp r6, #32",
        "blo 7f",
        "cmp r6, r1, lsl #1",
        "it lo",
        "lsrlo r1, r6, #1",
        // Two groups a round, the first round may begin with its second.
        "lsrs r12, r1, #4",
        "bcs 1f",
        "subs r12, #1",
        "3: edgefit_see_four",
        "1: edgefit_see_four",
        "subs r12, #1",
        "bhs 3b",
        "b 2b",
        // Fewer than four ids.
        "4: cmp r1, #0",
        "beq 7f",
        "ldr r6, [sp, #12]",
        "subs r6, r6, r2",
        "cmp r6, #16",
        "blo 7f",
        "5: ldrh r4, [r0], #2",
        "uqsub16 r6, r4, r10",
        "cbnz r6, 8f",
        "edgefit_see_low r4",
        "ldr r1, [sp]",
        "subs r1, r1, r0",
        "beq 7f",
        "cmp r1, #8",
        "blo 5b",
        "b 2b",
        // One of them does not exist: what has been listed is added, and then it is met again.
        "8: subs r0, #2",
        "b 7f",
        "6: subs r0, #8",
        "7: ldr r3, [sp, #4]",
        "mov r4, r0",
        "mov r1, r2",
        "ldm r3, {{r0, r2, r3}}",
        "cmp r0, r1",
        "beq 11f",
        "bl {add_listed}",
        "ldm sp, {{r1, r2, r3}}",
        "ldr r2, [r2]",
        "mov r0, r4",
        "cmp r0, r1",
        "bne 10b",
        "11: mov r0, r4",
        "add sp, #16",
        "pop {{r4-r11, pc}}",
        ".purgem edgefit_see
        .purgem edgefit_see_low
        .purgem edgefit_see_high
        .purgem edgefit_see_four",
        add_listed = sym add_listed,
    )
}
