//! Dense layers: from the last input to the first, so that one register is both the place and the count.

use core::arch::naked_asm;

use crate::{Layer, kernel::plain, layer::Store};

/// See [`Layer::sums`].
pub(crate) fn dense(layer: &Layer<'_>, activations: &mut [i16], sums: &mut [i32]) {
    let (inputs, units) = (activations.len(), sums.len());
    let is_whole = inputs > 0 && units > 0 && (inputs, units) == (layer.inputs(), layer.units());
    let (weights, inputs_at, sums_at) = (layer.weights.as_ptr(), activations.as_ptr(), sums.as_mut_ptr());
    match layer.store {
        // SAFETY: there are as many activations and sums as the layer has inputs and units, neither none, and a layer has all
        // its weights, at a multiple of four.
        Store::I16 if is_whole => unsafe { products_16(weights.cast(), inputs_at, 2 * inputs, sums_at, units) },
        // SAFETY: the same.
        Store::I8 if is_whole => unsafe { products_8(weights.cast(), inputs_at, 2 * inputs, sums_at, units) },
        _ => plain::dense(layer, activations, sums),
    }
}

/// The loop over the units, around two inputs: `load` brings the weight at half of r5 bytes, or at all of them, to r4, and
/// `next` moves the weights at r0 on by r2 bytes of activations.
macro_rules! products {
    ($load:literal, $next:literal) => {
        naked_asm!(
            concat!(
                ".macro edgefit_product
                ",
                $load,
                "
                ldrsh r6, [r1, r5]
                muls r4, r6
                adds r7, r7, r4
                subs r5, #2
                .endm"
            ),
            "push {{r4-r7, lr}}",
            "mov r4, r8",
            "ldr r5, [sp, #20]",
            "push {{r4}}",
            "lsls r5, r5, #2",
            "adds r5, r5, r3",
            "mov r8, r5",
            "2: movs r7, #0",
            // An odd number of inputs begins with the second half of a round.
            "lsls r4, r2, #30",
            "bmi 4f",
            "subs r5, r2, #2",
            "3: edgefit_product",
            "5: edgefit_product",
            "bpl 3b",
            "stm r3!, {{r7}}",
            $next,
            "cmp r3, r8",
            "bne 2b",
            "pop {{r4}}",
            "mov r8, r4",
            "pop {{r4-r7, pc}}",
            "4: subs r5, r2, #2",
            "b 5b",
            ".purgem edgefit_product",
        )
    };
}

/// Sums of products with weights of 16 bits.
///
/// # Safety
///
/// There are `bytes` bytes of activations, at least two, as many of weights for each of `units`, and so many sums, at
/// least one.
#[unsafe(naked)]
unsafe extern "C" fn products_16(
    weights: *const i16,
    activations: *const i16,
    bytes: usize,
    sums: *mut i32,
    units: usize,
) {
    products!("ldrsh r4, [r0, r5]", "adds r0, r0, r2")
}

/// Sums of products with weights of 8 bits.
///
/// # Safety
///
/// As for [`products_16`], with half as many bytes of weights.
#[unsafe(naked)]
unsafe extern "C" fn products_8(
    weights: *const i8,
    activations: *const i16,
    bytes: usize,
    sums: *mut i32,
    units: usize,
) {
    products!(
        "lsrs r4, r5, #1
        ldrsb r4, [r0, r4]",
        "lsrs r4, r2, #1
        adds r0, r0, r4"
    )
}
