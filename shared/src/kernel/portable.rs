//! Kernels in plain Rust, for every target.
//!
//! Rows are added a word at a time: see [`add_words`]. Whatever has another shape is added weight by weight.

#![cfg_attr(not(kernel = "portable"), allow(dead_code, reason = "the target's kernel does some of this itself"))]

use super::{Rows, step_by_step};
use crate::{
    Error, Layer,
    arithmetic::requantise,
    layer::{Record, nibble},
};

/// As many rows of bytes fit into lanes of 16 bits: 255 * 256 < 2^16.
const ROWS_OF_BYTES: usize = 256;
/// As many rows of halves of bytes fit into lanes of 8 bits: 15 * 16 < 2^8.
const ROWS_OF_NIBBLES: usize = 16;

/// Sets all words to 0.
#[inline]
pub(crate) fn clear(words: &mut [u32]) {
    words.fill(0);
}

/// See [`Rows::add`].
pub(crate) fn add(rows: &Rows<'_>, ids: &[u16], sums: &mut [i32]) -> Result<(), Error> {
    let largest = ids.iter().copied().max().unwrap_or(0);
    if usize::from(largest) < rows.count {
        add_all(rows, ids, sums);
        return Ok(());
    }
    add_all(rows, rows.in_range(ids), sums);
    Err(Error::RowOutOfRange)
}

/// See [`Rows::add_new`].
pub(crate) fn add_new<const N: usize>(
    rows: &Rows<'_>,
    ids: &[u16],
    seen: &mut [u32],
    sums: &mut [i32],
) -> Result<(), Error> {
    let mut list = [0; N];
    for part in ids.chunks(N) {
        let mut room = list.iter_mut();
        let mut sound = true;
        for &id in part {
            let bit = 1 << (id % 32);
            match seen.get_mut(usize::from(id / 32)) {
                Some(word) if usize::from(id) < rows.count => {
                    if *word & bit == 0 {
                        *word |= bit;
                        if let Some(place) = room.next() {
                            *place = id;
                        }
                    }
                }
                _ => {
                    sound = false;
                    break;
                }
            }
        }
        let left = room.len();
        add_all(rows, list.get(..N - left).unwrap_or_default(), sums);
        if !sound {
            return Err(Error::RowOutOfRange);
        }
    }
    Ok(())
}

/// Adds rows that are all there.
#[inline(never)]
pub(super) fn add_all(rows: &Rows<'_>, ids: &[u16], sums: &mut [i32]) {
    match (rows.bits, bytemuck::try_cast_slice(rows.weights)) {
        (8, Ok(words)) if rows.stride.is_multiple_of(4) => add_bytes(words, rows.stride / 4, ids, sums),
        (4, Ok(words)) if rows.units.is_multiple_of(8) => {
            for ids in ids.chunks(ROWS_OF_NIBBLES) {
                for (column, sums) in sums.as_chunks_mut().0.iter_mut().enumerate() {
                    add_nibbles(words, rows.stride / 4, column, ids, sums);
                }
            }
        }
        (bits, _) => {
            for &id in ids {
                let row = rows.weights.get(usize::from(id) * rows.stride..).unwrap_or_default();
                add_one(row, bits, sums);
            }
        }
    }
}

/// Adds rows of bytes in blocks of 16 units, where this kernel is the one that counts, then of 4.
fn add_bytes(words: &[u32], stride: usize, ids: &[u16], sums: &mut [i32]) {
    let wide = if cfg!(kernel = "portable") { sums.len() / 16 * 16 } else { 0 };
    let (blocks, rest) = sums.split_at_mut_checked(wide).unwrap_or_default();
    for ids in ids.chunks(ROWS_OF_BYTES) {
        for (column, sums) in (0..).step_by(4).zip(blocks.chunks_exact_mut(16)) {
            add_words::<4>(words, stride, column, ids, sums);
        }
        for (column, sums) in (wide / 4..).zip(rest.chunks_exact_mut(4)) {
            add_words::<1>(words, stride, column, ids, sums);
        }
    }
}

/// Adds `W` words of each row, the one at `column` and those after it: 4 `W` units.
///
/// A word is added as a whole, and once more its odd bytes alone, in lanes of 16 bits. What the odd bytes are in the sum
/// of the words is then known, and the rest is the sum of the even bytes: two additions and one mask for four weights.
#[inline(never)]
fn add_words<const W: usize>(words: &[u32], stride: usize, column: usize, ids: &[u16], sums: &mut [i32]) {
    let (mut all, mut odd) = ([0u32; W], [0u32; W]);
    for &id in ids {
        let row = words.get(usize::from(id) * stride + column..).and_then(<[u32]>::first_chunk::<W>);
        for ((all, odd), &word) in all.iter_mut().zip(&mut odd).zip(row.unwrap_or(&[0; W])) {
            *all = all.wrapping_add(word);
            *odd = odd.wrapping_add((word >> 8) & 0x00ff_00ff);
        }
    }
    // Each byte is its weight + 128.
    let offset = 128 * ids.len() as i32;
    for ((sums, all), odd) in sums.as_chunks_mut::<4>().0.iter_mut().zip(all).zip(odd) {
        let even = all.wrapping_sub(odd << 8);
        for (sum, lane) in sums.iter_mut().zip([even & 0xffff, odd & 0xffff, even >> 16, odd >> 16]) {
            *sum += lane as i32 - offset;
        }
    }
}

/// Adds one word of 4-bit weights of each of at most 16 rows, as [`add_words`] does with bytes.
#[inline(never)]
fn add_nibbles(words: &[u32], stride: usize, column: usize, ids: &[u16], sums: &mut [i32; 8]) {
    let (mut all, mut odd) = (0u32, 0u32);
    for &id in ids {
        let word = words.get(usize::from(id) * stride + column).copied().unwrap_or(0);
        all = all.wrapping_add(word);
        odd = odd.wrapping_add((word >> 4) & 0x0f0f_0f0f);
    }
    let even = all.wrapping_sub(odd << 4);
    // Each half of a byte is its weight + 8.
    let offset = 8 * ids.len() as i32;
    let lanes = even.to_le_bytes().into_iter().zip(odd.to_le_bytes());
    for ([first, second], (even, odd)) in sums.as_chunks_mut().0.iter_mut().zip(lanes) {
        *first += i32::from(even) - offset;
        *second += i32::from(odd) - offset;
    }
}

/// Adds one row, weight by weight.
#[inline(never)]
fn add_one(row: &[u8], bits: u8, sums: &mut [i32]) {
    for (at, sum) in sums.iter_mut().enumerate() {
        *sum += if bits == 8 { row.get(at).map_or(0, |&w| i32::from(w) - 128) } else { nibble(row, at).unwrap_or(0) };
    }
}

/// From the sums of one layer to those of the next.
#[inline]
pub(crate) fn step(from: &Layer<'_>, to: &Layer<'_>, sums: &mut [i32], activations: &mut [i16]) {
    step_by_step(from, to, sums, activations);
}

/// Requantises sums, with their biases, to activations in `0..=max`.
#[inline]
pub(crate) fn activate(records: &[Record], sums: &[i32], max: i32, out: &mut [i16]) {
    for (out, value) in out.iter_mut().zip(requantised(records, sums)) {
        *out = value.clamp(0, max.into()) as i16;
    }
}

/// Requantises sums, with their biases, to logits. They fit: [`Layer::check`](crate::Layer) has shown it.
#[inline]
pub(crate) fn logits(records: &[Record], sums: &[i32], out: &mut [i32]) {
    for (out, value) in out.iter_mut().zip(requantised(records, sums)) {
        *out = value as i32;
    }
}

fn requantised(records: &[Record], sums: &[i32]) -> impl Iterator<Item = i64> {
    // Not in line: shifts of 64 bits are long on a core of 32, and no faster for it.
    #[inline(never)]
    fn one(&[bias, multiplier, shift]: &Record, sum: i32) -> i64 {
        requantise(sum + bias, multiplier, shift as u8)
    }
    sums.iter().zip(records).map(|(&sum, record)| one(record, sum))
}

/// The sum of products of each unit, with weights of 8 bits.
#[inline(never)]
pub(crate) fn dense_8(weights: &[i8], activations: &mut [i16], sums: &mut [i32]) {
    dense(weights, activations, sums);
}

/// The sum of products of each unit, with weights of 16 bits.
#[inline(never)]
pub(crate) fn dense_16(weights: &[i16], activations: &mut [i16], sums: &mut [i32]) {
    dense(weights, activations, sums);
}

#[inline]
fn dense<W: Copy + Into<i32>>(weights: &[W], activations: &[i16], sums: &mut [i32]) {
    for (sum, weights) in sums.iter_mut().zip(weights.chunks_exact(activations.len().max(1))) {
        *sum = weights.iter().zip(activations).map(|(&weight, &x)| weight.into() * i32::from(x)).sum();
    }
}

/// The sum of products of each unit, with weights of 4 bits.
pub(crate) fn dense_4(weights: &[u8], activations: &mut [i16], sums: &mut [i32]) {
    for (sum, weights) in sums.iter_mut().zip(weights.chunks_exact(activations.len().div_ceil(2).max(1))) {
        *sum = dot_4(weights, activations);
    }
}

#[inline(never)]
fn dot_4(weights: &[u8], activations: &[i16]) -> i32 {
    let (pairs, last) = activations.as_chunks::<2>();
    let mut sum = 0;
    for (&byte, &[low, high]) in weights.iter().zip(pairs) {
        sum += (i32::from(byte & 0xf) - 8) * i32::from(low) + (i32::from(byte >> 4) - 8) * i32::from(high);
    }
    let (last, byte) = (last.first().copied().unwrap_or(0), weights.last().copied().unwrap_or(0));
    sum + (i32::from(byte & 0xf) - 8) * i32::from(last)
}
