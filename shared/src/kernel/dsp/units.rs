//! Requantisation of sums.

use crate::layer::Record;

/// Requantises sums, with their biases, to activations in `0..=max`.
pub(crate) fn activate(records: &[Record], sums: &[i32], max: i32, out: &mut [i16]) {
    let units = records.len().min(sums.len()).min(out.len());
    // SAFETY: there are as many of each.
    unsafe { activate_units(records.as_ptr(), sums.as_ptr(), out.as_mut_ptr(), units, max) };
}

/// Requantises sums, with their biases, to logits. They fit: [`Layer::check`](crate::Layer) has shown it.
pub(crate) fn logits(records: &[Record], sums: &[i32], out: &mut [i32]) {
    let units = records.len().min(sums.len()).min(out.len());
    // SAFETY: there are as many of each.
    unsafe { requantise_units(records.as_ptr(), sums.as_ptr(), out.as_mut_ptr(), units) };
}

/// `arithmetic::requantise` of a sum and its record within an i32, which the loader has shown to hold the answer: bias,
/// multiplier and shift are in three registers that are lost.
///
/// The bit below the last one that stays is in the carry after the shift; to add it rounds to nearest, ties upwards.
macro_rules! requantise {
    () => {
        ".macro edgefit_requantise sum, bias, multiplier, shift
        add \\sum, \\sum, \\bias
        smull \\bias, \\sum, \\sum, \\multiplier
        rsbs \\multiplier, \\shift, #32
        blt 8f
        lsl \\sum, \\sum, \\multiplier
        lsrs \\bias, \\bias, \\shift
        adc \\sum, \\sum, \\bias
        .subsection 1
        8: rsb \\multiplier, \\multiplier, #0
        asrs \\sum, \\sum, \\multiplier
        adc \\sum, \\sum, #0
        b 9f
        .previous
        9:
        .endm"
    };
}

/// Requantises to `0..=max`.
///
/// # Safety
///
/// There are `units` records, sums and activations.
#[unsafe(naked)]
unsafe extern "C" fn activate_units(records: *const Record, sums: *const i32, out: *mut i16, units: usize, max: i32) {
    dsp_asm!(
        requantise!(),
        "push {{r4-r9, lr}}",
        "ldr r8, [sp, #28]",
        "cbz r3, 3f",
        "2: ldm r0!, {{r4-r6}}",
        "ldr r7, [r1], #4",
        "edgefit_requantise r7, r4, r5, r6",
        "cmp r7, r8",
        "it gt",
        "movgt r7, r8",
        "bic r7, r7, r7, asr #31",
        "strh r7, [r2], #2",
        "subs r3, #1",
        "bne 2b",
        "3: pop {{r4-r9, pc}}",
        ".purgem edgefit_requantise",
    )
}

/// Requantises to any i32.
///
/// # Safety
///
/// There are `units` records, sums and values of `out`.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn requantise_units(
    records: *const Record,
    sums: *const i32,
    out: *mut i32,
    units: usize,
) {
    dsp_asm!(
        requantise!(),
        "push {{r4-r7, lr}}",
        "cbz r3, 3f",
        "2: ldm r0!, {{r4-r6}}",
        "ldr r7, [r1], #4",
        "edgefit_requantise r7, r4, r5, r6",
        "str r7, [r2], #4",
        "subs r3, #1",
        "bne 2b",
        "3: pop {{r4-r7, pc}}",
        ".purgem edgefit_requantise",
    )
}
