//! Rows added as their ids are given, without a list.

use super::rows::Table;

/// How many ids are added at once: lanes of 16 bits take them, 255 * 256 < 2^16.
pub(super) const MOST: usize = 256;

/// Adds rows to the sums, two words of each a pass. Returns 0, or 1 if one of them does not exist: nothing is added
/// then.
///
/// # Safety
///
/// There are 1 to [`MOST`] ids, at a multiple of four, and four sums for each of the table's words, an even number of them.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn add_direct(ids: *const u16, len: usize, table: &Table) -> u32 {
    dsp_asm!(
        // r0 walks the ids; r1 stride, above it the rounds that are left; r2 weights, r4 and r5 sums of words, r6 and r7 sums
        // of odd bytes, r8 one, r12 the largest id in both halves.
        ".macro edgefit_direct_two pair
        smlatb r10, \\pair, r1, r2
        smlabb \\pair, \\pair, r1, r2
        ldrd r10, r3, [r10]
        ldrd \\pair, lr, [\\pair]
        uxtab16 r6, r6, r10, ror #8
        uxtab16 r7, r7, r3, ror #8
        uxtab16 r6, r6, \\pair, ror #8
        uxtab16 r7, r7, lr, ror #8
        umaal r4, \\pair, r10, r8
        umaal r5, lr, r3, r8
        .endm
        .macro edgefit_direct_four
        ldm r0!, {{r9, r11}}
        edgefit_direct_two r9
        edgefit_direct_two r11
        .endm
        .macro edgefit_checked_four
        ldm r0!, {{r9, r11}}
        uqsub16 r3, r9, r12
        uqsub16 lr, r11, r12
        orrs r3, lr
        bne 10f
        edgefit_direct_two r9
        edgefit_direct_two r11
        .endm",
        // Two fours a round, the first round may begin with its second.
        ".macro edgefit_direct_pass four
        movs r4, #0
        movs r5, #0
        movs r6, #0
        movs r7, #0
        ldrd r0, r3, [sp]
        ldr r1, [sp, #16]
        lsls r3, r3, #29
        bmi 1f
        subs r1, #0x10000
        blo 7f
        2: \\four
        1: \\four
        subs r1, #0x10000
        bhs 2b
        .endm",
        // Without what is too much in each lane, in r3, a lane is a sum within an i16.
        ".macro edgefit_direct_widen all, odd
        sub \\all, \\all, \\odd, lsl #8
        usub16 \\odd, \\odd, r3
        usub16 \\all, \\all, r3
        ldm lr, {{r0, r1, r9, r10}}
        sxtah r0, r0, \\all
        sxtah r1, r1, \\odd
        sxtah r9, r9, \\all, ror #16
        sxtah r10, r10, \\odd, ror #16
        stm lr!, {{r0, r1, r9, r10}}
        .endm",
        // On the stack: ids, their number, sums, the ids' end, stride and rounds, 128 a row in both halves, words that are left.
        "push {{r4-r11, lr}}",
        "ldrd r3, r10, [r2, #24]",
        "ldm r2, {{r2, r4, r12}}",
        "add r5, r0, r1, lsl #1",
        "lsrs r6, r1, #3",
        "orr r6, r4, r6, lsl #16",
        "lsls r7, r1, #7",
        "pkhbt r7, r7, r7, lsl #16",
        "push {{r0, r1, r3, r5, r6, r7, r10}}",
        "mov r8, #1",
        "edgefit_direct_pass edgefit_checked_four",
        "b 7f",
        "5: edgefit_direct_pass edgefit_direct_four",
        // Fewer than four.
        "7: ldr r3, [sp, #12]",
        "cmp r0, r3",
        "beq 8f",
        "ldrh r9, [r0], #2",
        "uqsub16 r3, r9, r12",
        "cbnz r3, 10f",
        "smlabb r9, r9, r1, r2",
        "ldrd r9, lr, [r9]",
        "uxtab16 r6, r6, r9, ror #8",
        "uxtab16 r7, r7, lr, ror #8",
        "add r4, r9",
        "add r5, lr",
        "b 7b",
        "8: ldr lr, [sp, #8]",
        "ldr r3, [sp, #20]",
        "edgefit_direct_widen r4, r6",
        "edgefit_direct_widen r5, r7",
        "str lr, [sp, #8]",
        "adds r2, #8",
        "ldr r3, [sp, #24]",
        "subs r3, #2",
        "str r3, [sp, #24]",
        "bne 5b",
        "movs r0, #0",
        "9: add sp, #28",
        "pop {{r4-r11, pc}}",
        "10: movs r0, #1",
        "b 9b",
        ".purgem edgefit_direct_two
        .purgem edgefit_direct_four
        .purgem edgefit_checked_four
        .purgem edgefit_direct_pass
        .purgem edgefit_direct_widen",
    )
}
