//! Kernels for layers of every shape, a weight at a time: small, and not fast. What the target's kernel has no loop for comes
//! here.

#![cfg_attr(
    any(kernel = "dsp", kernel = "portable"),
    allow(dead_code, reason = "the kernel's own loops take more shapes")
)]

use core::{convert::Infallible, marker::PhantomData};

use super::{Rows, bit_of};
use crate::{Error, Layer, Layers, layer::Store};

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

/// Adds one row. Rows that a caller gives twice as distinct ones may wrap, as in the other kernels; none else can.
#[inline(never)]
pub(super) fn add_row(rows: &Rows<'_>, id: usize, sums: &mut [i32]) {
    let row = rows.weights.get(id * rows.stride..).unwrap_or_default();
    if rows.store == Store::Rows8 {
        for (sum, &byte) in sums.iter_mut().zip(row) {
            *sum = sum.wrapping_add(i32::from(byte) - 128);
        }
        return;
    }
    for (pair, &byte) in sums.chunks_mut(2).zip(row) {
        let mut halves = byte;
        for sum in pair {
            *sum = sum.wrapping_add(i32::from(halves & 0xf) - 8);
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

/// What a kernel may have for the layers of a whole net: here nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain<'a>(Infallible, PhantomData<&'a ()>);

impl<'a> Chain<'a> {
    /// There is none.
    pub(crate) const fn new(_: &Layer<'a>, _: &Layers<'a>) -> Option<Self> {
        None
    }

    /// From the sums of the rows, which are 0 after it, to the logits.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the one of a kernel that has it is large")]
    pub(crate) const fn logits(&self, _: &mut [i32], _: &mut [i32]) {
        match self.0 {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::portable;
    use std::{vec, vec::Vec};

    const COUNT: usize = 70;
    /// Twice in the list, and two in one word of those that were seen.
    const IDS: [u16; 9] = [3, 69, 0, 3, 35, 34, 69, 64, 31];

    /// Numbers that look random.
    fn bytes(len: usize) -> impl Iterator<Item = u8> {
        (1..=len as u32).map(|n| (n.wrapping_mul(0x9e37_79b1) >> 13) as u8)
    }

    /// Runs `test` on rows of bytes and of half bytes, with a loop of their own in the other kernel and without.
    fn each_shape(test: impl Fn(&Rows<'_>)) {
        for (store, units) in
            [(Store::Rows8, 20usize), (Store::Rows8, 4), (Store::Rows8, 3), (Store::Rows4, 24), (Store::Rows4, 5)]
        {
            let stride = if store == Store::Rows8 { units } else { units.div_ceil(2) };
            // In words, as a model file has them.
            let mut words = vec![0u32; (stride * COUNT).div_ceil(4)];
            let weights: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut words)[..stride * COUNT];
            weights.iter_mut().zip(bytes(stride * COUNT)).for_each(|(weight, byte)| *weight = byte);
            let rows = Rows { weights, store, suit: false, units, stride, count: COUNT };
            test(&Rows { suit: portable::suits(&rows), ..rows });
        }
    }

    /// The sum of these rows, weight by weight.
    fn naive(rows: &Rows<'_>, ids: impl Iterator<Item = u16>) -> Vec<i32> {
        let mut sums = vec![7; rows.units];
        for id in ids {
            let row = &rows.weights[usize::from(id) * rows.stride..][..rows.stride];
            sums.iter_mut().enumerate().for_each(|(unit, sum)| *sum += rows.store.weight(row, unit));
        }
        sums
    }

    #[test]
    fn rows_are_added_as_by_the_other_kernel() {
        each_shape(|rows| {
            let (mut plain, mut other) = (vec![7; rows.units], vec![7; rows.units]);
            assert_eq!(add(rows, &IDS, None, &mut plain), Ok(()));
            assert_eq!(portable::add(rows, &IDS, &mut other), Ok(()));
            assert_eq!(plain, naive(rows, IDS.into_iter()));
            assert_eq!(plain, other);
        });
    }

    #[test]
    fn rows_that_were_seen_are_not_added_again() {
        each_shape(|rows| {
            let (mut plain, mut other) = (vec![7; rows.units], vec![7; rows.units]);
            let mut seen = [[0; COUNT.div_ceil(32)]; 2];
            for ids in [&IDS[..4], &IDS] {
                assert_eq!(add(rows, ids, Some(&mut seen[0]), &mut plain), Ok(()));
                assert_eq!(portable::add_new::<4>(rows, ids, &mut seen[1], &mut other), Ok(()));
            }
            assert_eq!(plain, naive(rows, [3, 69, 0, 35, 34, 64, 31].into_iter()));
            assert_eq!((plain, seen[0]), (other, seen[1]));
        });
    }

    #[test]
    fn a_row_out_of_range_ends_the_list() {
        each_shape(|rows| {
            for wrong in [COUNT as u16, u16::MAX] {
                let ids = [5, 6, wrong, 7];
                let (mut plain, mut other) = (vec![7; rows.units], vec![7; rows.units]);
                assert_eq!(add(rows, &ids, None, &mut plain), Err(Error::RowOutOfRange));
                assert_eq!(portable::add(rows, &ids, &mut other), Err(Error::RowOutOfRange));
                assert_eq!(plain, naive(rows, [5, 6].into_iter()));
                assert_eq!(plain, other);

                // Of the first one that is out of range there is a bit, since the bits are of whole words.
                let (mut plain, mut other) = (vec![7; rows.units], vec![7; rows.units]);
                let mut seen = [[0; COUNT.div_ceil(32)]; 2];
                assert_eq!(add(rows, &ids, Some(&mut seen[0]), &mut plain), Err(Error::RowOutOfRange));
                assert_eq!(portable::add_new::<4>(rows, &ids, &mut seen[1], &mut other), Err(Error::RowOutOfRange));
                assert_eq!(plain, naive(rows, [5, 6].into_iter()));
                assert_eq!((plain, seen[0]), (other, seen[1]));
            }
        });
    }

    #[test]
    fn products_are_summed_as_by_the_other_kernel() {
        for (store, bits, inputs) in [(Store::I4, 4, 6), (Store::I4, 4, 7), (Store::I8, 8, 7), (Store::I16, 16, 7)] {
            let records = [[0; 3]; 3];
            let stride = crate::layer::weight_bytes(inputs, bits);
            let mut words = vec![0u32; (3 * stride).div_ceil(4)];
            let weights: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut words)[..3 * stride];
            weights.iter_mut().zip(bytes(3 * stride)).for_each(|(weight, byte)| *weight = byte);
            let layer = Layer { weights, store, records: &records, inputs: inputs as u32, activation_max: 0, bits };
            let mut activations: Vec<i16> = (0..inputs as i16).map(|at| 900 - 400 * at).collect();
            let sum = |unit| (0..inputs).map(|at| layer.weight(at, unit) * i32::from(activations[at])).sum();
            let expected: [i32; 3] = core::array::from_fn(sum);
            let (mut plain, mut other) = ([7; 3], [7; 3]);
            dense(&layer, &activations, &mut plain);
            portable::dense(&layer, &mut activations, &mut other);
            assert_eq!(plain, expected, "{store:?}");
            assert_eq!(plain, other, "{store:?}");
        }
    }
}
