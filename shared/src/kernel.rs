//! Kernels: the inner loops, in plain safe Rust.

/// Adds a word's row to the accumulators of the first layer.
#[inline]
pub(crate) fn add_row(accumulators: &mut [i32], row: &[i8]) {
    for (accumulator, &weight) in accumulators.iter_mut().zip(row) {
        *accumulator = accumulator.wrapping_add(i32::from(weight));
    }
}

/// The inner product of a unit's weights and the activations.
#[inline]
pub(crate) fn dot<W: Copy + Into<i32>>(weights: &[W], activations: &[i16]) -> i32 {
    weights.iter().zip(activations).map(|(&weight, &activation)| weight.into() * i32::from(activation)).sum()
}
