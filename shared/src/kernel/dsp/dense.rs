//! Dense layers: two products an instruction, two units at a time.

use crate::{Layer, kernel::plain, layer::Store};

/// Whether so many activations can be loaded eight at a time.
fn are_eights(activations: &[i16]) -> bool {
    !activations.is_empty() && activations.len().is_multiple_of(8) && activations.as_ptr().addr().is_multiple_of(4)
}

/// See [`Layer::sums`].
pub(crate) fn dense(layer: &Layer<'_>, activations: &mut [i16], sums: &mut [i32]) {
    let (inputs, units) = (activations.len(), sums.len());
    let is_fast = are_eights(activations) && (inputs, units) == (layer.inputs(), layer.units());
    let weights = layer.weights.as_ptr();
    match layer.store {
        // SAFETY: there are as many activations and sums as the layer has inputs and units, the former a multiple of eight
        // and at a multiple of four; a layer has all its weights, at a multiple of four, and at least one unit.
        Store::I16 if is_fast => unsafe {
            products_16(weights.cast(), activations.as_ptr(), inputs, sums.as_mut_ptr(), units);
        },
        Store::I8 if is_fast => {
            // Of a word of weights, one instruction takes the first and the third, another the second and the fourth.
            for four in activations.as_chunks_mut::<4>().0 {
                four.swap(1, 2);
            }
            // SAFETY: the same.
            unsafe { products_8(weights.cast(), activations.as_ptr(), inputs, sums.as_mut_ptr(), units) };
        }
        _ => plain::dense(layer, activations, sums),
    }
}

/// Sums of products, two units at a time: the loop over the units, around `eight` inputs of both of them.
///
/// `eight` adds to r4 the products of the weights at r0, to r5 those of the weights at r1, by the activations at r2, and
/// moves all three on; it may use r6 to r12 and lr. A last unit without a partner is its own. `shift` is that from a
/// number of inputs to their bytes.
macro_rules! products {
    ($shift:literal, $eight:literal) => {
        dsp_asm!(
            "push {{r3-r11, lr}}",
            // On the stack: sums, eight saved registers, lr, units; below them inputs and activations.
            "push {{r1, r2}}",
            "2: ldrd r2, r3, [sp]",
            "mov r4, #0",
            "mov r5, #0",
            "ldr r12, [sp, #48]",
            "mov r1, r0",
            "cmp r12, #1",
            "it ne",
            concat!("addne r1, r0, r3, lsl #", $shift),
            concat!("3: ", $eight),
            "subs r3, #8",
            "bne 3b",
            "mov r0, r1",
            "ldr r12, [sp, #48]",
            "ldr r6, [sp, #8]",
            "str r4, [r6], #4",
            "subs r12, #1",
            "beq 4f",
            "str r5, [r6], #4",
            "subs r12, #1",
            "str r6, [sp, #8]",
            "str r12, [sp, #48]",
            "bne 2b",
            "4: add sp, #12",
            "pop {{r4-r11, pc}}",
        )
    };
}

/// Sums of products with weights of 16 bits.
///
/// # Safety
///
/// There are `inputs * units` weights and `inputs` activations, both at a multiple of four, and `units` sums; `inputs`
/// is a multiple of eight, neither number is 0.
#[unsafe(naked)]
unsafe extern "C" fn products_16(
    weights: *const i16,
    activations: *const i16,
    inputs: usize,
    sums: *mut i32,
    units: usize,
) {
    products!(
        "1",
        "ldm r2!, {{r6-r9}}
        ldm r0!, {{r10, r11, r12, lr}}
        smlad r4, r10, r6, r4
        smlad r4, r11, r7, r4
        smlad r4, r12, r8, r4
        smlad r4, lr, r9, r4
        ldm r1!, {{r10, r11, r12, lr}}
        smlad r5, r10, r6, r5
        smlad r5, r11, r7, r5
        smlad r5, r12, r8, r5
        smlad r5, lr, r9, r5"
    )
}

/// Sums of products with weights of 8 bits, the activations in the order 0, 2, 1, 3 of each four.
///
/// # Safety
///
/// As for [`products_16`].
#[unsafe(naked)]
unsafe extern "C" fn products_8(
    weights: *const i8,
    activations: *const i16,
    inputs: usize,
    sums: *mut i32,
    units: usize,
) {
    products!(
        "0",
        "ldm r2!, {{r6-r9}}
        ldm r0!, {{r10, r11}}
        sxtb16 r12, r10
        sxtb16 r10, r10, ror #8
        sxtb16 lr, r11
        sxtb16 r11, r11, ror #8
        smlad r4, r12, r6, r4
        smlad r4, r10, r7, r4
        smlad r4, lr, r8, r4
        smlad r4, r11, r9, r4
        ldm r1!, {{r10, r11}}
        sxtb16 r12, r10
        sxtb16 r10, r10, ror #8
        sxtb16 lr, r11
        sxtb16 r11, r11, ror #8
        smlad r5, r12, r6, r5
        smlad r5, r10, r7, r5
        smlad r5, lr, r8, r5
        smlad r5, r11, r9, r5"
    )
}
