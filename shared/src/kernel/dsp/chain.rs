//! Nets of 16 and 16 units after the rows, the shape of most, from the sums of the rows to the logits in one call.

use super::units::requantise_units;
use crate::{
    Layer, Layers,
    layer::{Record, Store},
};

/// Units of the first layer and of the second.
const UNITS: usize = 16;
/// The weights of 16 bits that a unit has for them, two in a word.
type Unit = [u32; UNITS / 2];

/// The layers of such a net, whose records suit the fixed sequences of [`chain`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain<'a> {
    hidden: Hidden<'a>,
    weights: &'a [Unit],
    records: &'a [Record],
}

/// What leads to the activations of the second layer. The assembly knows the order.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct Hidden<'a> {
    first_records: &'a [Record; UNITS],
    weights: &'a [Unit; UNITS],
    records: &'a [Record; UNITS],
}

/// The weights of a layer of such a net.
fn units<'a>(layer: &Layer<'a>) -> Option<&'a [Unit]> {
    if layer.store == Store::I16 { bytemuck::try_cast_slice(layer.weights).ok() } else { None }
}

impl<'a> Chain<'a> {
    /// The chain of a net with these layers, if it has this shape and its records suit.
    pub(crate) fn new(first: &Layer<'a>, others: &Layers<'a>) -> Option<Self> {
        let mut others = others.clone();
        let (second, last) = (others.next()?, others.next()?);
        let full = |layer: &Layer<'_>| layer.activation_max == i16::MAX as u16;
        // A sum of rows, with its bias, is below 2^(shift - 1), where a turn to the right by the shift is one to the left.
        let is_small =
            |&[bias, _, shift]: &Record| shift <= 32 && (bias.unsigned_abs() + (first.inputs << 7)) >> (shift - 1) == 0;
        let suits = others.len() == 0
            && full(first)
            && full(&second)
            && first.records.iter().all(is_small)
            && second.records.iter().all(|&[_, _, shift]| shift > 32);
        let hidden = Hidden {
            first_records: first.records.try_into().ok()?,
            weights: units(&second)?.try_into().ok()?,
            records: second.records.try_into().ok()?,
        };
        suits.then_some(Self { hidden, weights: units(&last)?, records: last.records })
    }

    /// From the sums of the rows, which are 0 after it, to the logits.
    pub(crate) fn logits(&self, sums: &mut [i32], logits: &mut [i32]) {
        let units = logits.len().min(self.records.len()).min(self.weights.len());
        if let Some(sums) = sums.first_chunk_mut()
            && units > 0
        {
            let (weights, records) = (self.weights.as_ptr(), self.records.as_ptr());
            // SAFETY: weights, records and logits are as many as units; all else has its length by its type.
            unsafe { chain(&self.hidden, sums, logits.as_mut_ptr(), units, weights, records) };
        }
    }
}

/// From the sums of the first layer to the logits.
///
/// The first layer's shifts are 32 at most, and its sums below 2^(shift - 1): to turn a sum that is not negative to the right
/// by the shift is to shift it left by what lacks to 32, after which the upper word of the product is the answer, and `smmulr`
/// rounds it. A negative sum gets ones from below, stays negative, and becomes 0 as it should. The second layer's shifts are
/// above 32: the upper word of the product is shifted by what is more, and the last bit that falls off is added.
///
/// # Safety
///
/// There are `units` logits, weights and records, at least one.
#[unsafe(naked)]
unsafe extern "C" fn chain(
    hidden: &Hidden<'_>,
    sums: &mut [i32; UNITS],
    logits: *mut i32,
    units: usize,
    weights: *const Unit,
    records: *const Record,
) {
    dsp_asm!(
        // On the stack: the second layer's activations, the first one's, logits, units, nine saved registers, weights, records.
        "push {{r2-r11, lr}}",
        "sub sp, #64",
        "ldr r3, [r0], #4",
        "add r2, sp, #32",
        "add r12, r1, #64",
        "mov lr, #0",
        "2: ldm r3!, {{r4-r9}}",
        "ldrd r10, r11, [r1]",
        "strd lr, lr, [r1], #8",
        "add r10, r4",
        "add r11, r7",
        "ror r10, r10, r6",
        "ror r11, r11, r9",
        "smmulr r10, r10, r5",
        "smmulr r11, r11, r8",
        "usat r10, #15, r10",
        "usat r11, #15, r11",
        "pkhbt r10, r10, r11, lsl #16",
        "str r10, [r2], #4",
        "cmp r1, r12",
        "bne 2b",
        // The second layer from its last unit to its first. Of the activations, r4 to r10 hold seven pairs.
        "ldm r0, {{r0, r1}}",
        "add r0, #512",
        "add r1, #192",
        "add r11, sp, #32",
        "ldm r11, {{r4-r10}}",
        "3: ldmdb r0!, {{r2, r3, r12, lr}}",
        "smuad r2, r2, r8",
        "smlad r2, r3, r9, r2",
        "ldr r3, [sp, #60]",
        "smlad r2, r12, r10, r2",
        "smlad r2, lr, r3, r2",
        "ldmdb r0!, {{r3, r12, lr}}",
        "smlad r2, r3, r5, r2",
        "smlad r2, r12, r6, r2",
        "smlad r2, lr, r7, r2",
        "ldr r3, [r0, #-4]!",
        "smlad r2, r3, r4, r2",
        "ldmdb r1!, {{r3, r12, lr}}",
        "add r2, r3",
        "smmul r2, r2, r12",
        "sub lr, lr, #32",
        "asrs r2, r2, lr",
        "adc r2, r2, #0",
        "usat r2, #15, r2",
        "strh r2, [r11, #-2]!",
        "cmp r11, sp",
        "bne 3b",
        // The sums of the last.
        "ldm sp, {{r4-r11}}",
        "ldrd r1, r3, [sp, #64]",
        "ldr r0, [sp, #108]",
        "add r3, r1, r3, lsl #2",
        "str r3, [sp]",
        "4: ldm r0!, {{r2, r3, r12, lr}}",
        "smuad r2, r2, r4",
        "smlad r2, r3, r5, r2",
        "smlad r2, r12, r6, r2",
        "smlad r2, lr, r7, r2",
        "ldm r0!, {{r3, r12, lr}}",
        "smlad r2, r3, r8, r2",
        "smlad r2, r12, r9, r2",
        "smlad r2, lr, r10, r2",
        "ldr r3, [r0], #4",
        "smlad r2, r3, r11, r2",
        "str r2, [r1], #4",
        "ldr r3, [sp]",
        "cmp r1, r3",
        "bne 4b",
        "add sp, #64",
        "pop {{r2-r11, lr}}",
        "ldr r0, [sp, #4]",
        "mov r1, r2",
        "b {logits}",
        logits = sym requantise_units,
    )
}
