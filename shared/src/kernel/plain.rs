//! Kernels for layers of every shape, a weight at a time: small, and not fast. What the target's kernel has no loop for comes
//! here.

#![cfg_attr(kernel = "portable", allow(dead_code, reason = "its loops take more shapes"))]

use super::{Rows, bit_of};
use crate::{Error, Layer};

/// See [`Rows::add_new`], and without `seen`, [`Rows::add`].
#[inline(never)]
pub(super) fn add(rows: &Rows<'_>, ids: &[u16], mut seen: Option<&mut [u32]>, sums: &mut [i32]) -> Result<(), Error> {
    for &id in ids {
        let at = usize::from(id);
        if at >= rows.count {
            return Err(Error::RowOutOfRange);
        }
        if let Some(word) = seen.as_deref_mut().and_then(|seen| seen.get_mut(at / 32)) {
            if *word & bit_of(id) != 0 {
                continue;
            }
            *word |= bit_of(id);
        }
        add_row(rows, at, sums);
    }
    Ok(())
}

/// Adds one row.
#[inline(never)]
pub(super) fn add_row(rows: &Rows<'_>, id: usize, sums: &mut [i32]) {
    let row = rows.weights.get(id * rows.stride..).unwrap_or_default();
    for (at, sum) in sums.iter_mut().enumerate() {
        *sum += rows.store.weight(row, at);
    }
}

/// The sum of products of each unit.
#[inline(never)]
pub(super) fn dense(layer: &Layer<'_>, activations: &[i16], sums: &mut [i32]) {
    for (unit, sum) in sums.iter_mut().enumerate() {
        let weights = layer.vector(unit, activations.len());
        let products = activations.iter().enumerate().map(|(at, &x)| layer.store.weight(weights, at) * i32::from(x));
        *sum = products.sum();
    }
}
