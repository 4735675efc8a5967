//! Kernels for layers of every shape, a weight at a time: small, and not fast. What the target's kernel has no loop for comes
//! here.

#![cfg_attr(kernel = "portable", allow(dead_code, reason = "its loops take more shapes"))]

use super::{Rows, bit_of};
use crate::{Error, Layer, layer::Store};

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
    if rows.store == Store::Rows8 {
        for (sum, &byte) in sums.iter_mut().zip(row) {
            *sum += i32::from(byte) - 128;
        }
        return;
    }
    for (pair, &byte) in sums.chunks_mut(2).zip(row) {
        let mut halves = byte;
        for sum in pair {
            *sum += i32::from(halves & 0xf) - 8;
            halves >>= 4;
        }
    }
}

/// The sum of products of each unit.
#[inline(never)]
pub(super) fn dense(layer: &Layer<'_>, activations: &[i16], sums: &mut [i32]) {
    for (unit, sum) in sums.iter_mut().enumerate() {
        let weights = layer.vector(unit, activations.len());
        *sum = if layer.store == Store::I4 {
            halves(weights, activations)
        } else {
            let products = activations.iter().enumerate();
            products.map(|(at, &x)| layer.store.weight(weights, at) * i32::from(x)).sum()
        };
    }
}

/// The sum of products with weights of 4 bits.
#[inline]
pub(super) fn halves(weights: &[u8], activations: &[i16]) -> i32 {
    let mut sum = 0;
    for (&byte, pair) in weights.iter().zip(activations.chunks(2)) {
        let mut halves = byte;
        for &x in pair {
            sum += (i32::from(halves & 0xf) - 8) * i32::from(x);
            halves >>= 4;
        }
    }
    sum
}
