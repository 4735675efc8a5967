//! Requantisation of sums, with products of halves in place of a long multiplication.

use core::arch::naked_asm;

use crate::layer::Record;

/// Requantises sums, with their biases, to activations in `0..=max`.
pub(crate) fn activate(records: &[Record], sums: &[i32], max: i32, out: &mut [i16]) {
    for ((record, &sum), out) in records.iter().zip(sums).zip(out) {
        // Not `clamp`, which panics where the largest is the smaller.
        *out = requantise(record, sum).min(max).max(0) as i16;
    }
}

/// Requantises sums, with their biases, to logits.
pub(crate) fn logits(records: &[Record], sums: &[i32], out: &mut [i32]) {
    for ((record, &sum), out) in records.iter().zip(sums).zip(out) {
        *out = requantise(record, sum);
    }
}

#[inline]
fn requantise(record: &Record, sum: i32) -> i32 {
    // SAFETY: it reads the record and changes registers alone.
    unsafe { requantise_unit(record, sum) }
}

/// `arithmetic::requantise` of a sum, with its bias, within an i32, which the loader has shown to hold the answer.
///
/// The bit below the last one that stays is in the carry after the shift; to add it rounds to nearest, ties upwards.
///
/// # Safety
///
/// There is a record.
#[unsafe(naked)]
unsafe extern "C" fn requantise_unit(record: *const Record, sum: i32) -> i32 {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "ldm r0!, {{r2, r3, r7}}",
        "adds r1, r1, r2",
        // Halves of the sum, signed and unsigned, r1 and r0; of the multiplier, both unsigned, r3 and r2.
        "uxth r0, r1",
        "asrs r1, r1, #16",
        "uxth r2, r3",
        "lsrs r3, r3, #16",
        "mov r4, r0",
        "muls r4, r2",
        "muls r0, r3",
        "muls r2, r1",
        "muls r1, r3",
        // r4 low by low, r0 low by high, r2 high by low, r1 high by high: the product in r1 and r2, none overflows.
        "lsrs r5, r4, #16",
        "adds r0, r0, r5",
        "uxth r5, r0",
        "adds r2, r2, r5",
        "lsrs r0, r0, #16",
        "adds r1, r1, r0",
        "asrs r0, r2, #16",
        "adds r1, r1, r0",
        "movs r3, #32",
        "subs r3, r3, r7",
        "bmi 2f",
        "lsls r2, r2, #16",
        "uxth r4, r4",
        "orrs r2, r4",
        "lsls r1, r3",
        "lsrs r2, r7",
        "adcs r1, r2",
        "mov r0, r1",
        "pop {{r4-r7, pc}}",
        "2: rsbs r3, r3, #0",
        "movs r0, #0",
        "asrs r1, r3",
        "adcs r0, r1",
        "pop {{r4-r7, pc}}",
    )
}
