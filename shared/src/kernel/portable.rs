//! Kernels in plain Rust, for every target.
//!
//! Rows are added a word at a time: see [`add_words`]. Whatever has another shape is added weight by weight.

pub(crate) use super::plain::Chain;
use super::{Rows, bit_of, plain};
use crate::{
    Error, Layer,
    arithmetic::requantise,
    layer::{Record, Store},
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

/// Whether rows are added a word at a time.
pub(super) fn suits(rows: &Rows<'_>) -> bool {
    let is_words = match rows.store {
        Store::Rows8 => rows.units.is_multiple_of(4),
        _ => rows.units.is_multiple_of(8),
    };
    is_words && bytemuck::try_cast_slice::<u8, u32>(rows.weights).is_ok()
}

/// See [`Rows::add`].
pub(crate) fn add(rows: &Rows<'_>, ids: &[u16], sums: &mut [i32]) -> Result<(), Error> {
    let largest = ids.iter().copied().max().unwrap_or(0);
    if usize::from(largest) >= rows.count {
        return plain::add(rows, ids, None, sums);
    }
    add_all(rows, ids, sums);
    Ok(())
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
            let bit = bit_of(id);
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
fn add_all(rows: &Rows<'_>, ids: &[u16], sums: &mut [i32]) {
    if !rows.suit {
        return ids.iter().for_each(|&id| plain::add_row(rows, id.into(), sums));
    }
    let words = bytemuck::try_cast_slice(rows.weights).unwrap_or_default();
    if rows.store == Store::Rows8 {
        add_bytes(words, rows.stride / 4, ids, sums);
        return;
    }
    for ids in ids.chunks(ROWS_OF_NIBBLES) {
        for (column, sums) in sums.as_chunks_mut().0.iter_mut().enumerate() {
            add_nibbles(words, rows.stride / 4, column, ids, sums);
        }
    }
}

/// Adds rows of bytes in blocks of 16 units, then of 4.
fn add_bytes(words: &[u32], stride: usize, ids: &[u16], sums: &mut [i32]) {
    let wide = sums.len() / 16 * 16;
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
            *sum = sum.wrapping_add(lane as i32 - offset);
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
        *first = first.wrapping_add(i32::from(even) - offset);
        *second = second.wrapping_add(i32::from(odd) - offset);
    }
}

/// Requantises sums, with their biases, to activations in `0..=max`.
#[inline]
pub(crate) fn activate(records: &[Record], sums: &[i32], max: i32, out: &mut [i16]) {
    for (out, value) in out.iter_mut().zip(requantised(records, sums)) {
        // Not `clamp`, which panics where the largest is the smaller.
        *out = value.min(max.into()).max(0) as i16;
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
        requantise(sum.wrapping_add(bias), multiplier, shift as u8)
    }
    sums.iter().zip(records).map(|(&sum, record)| one(record, sum))
}

/// See [`Layer::sums`](crate::Layer).
pub(crate) fn dense(layer: &Layer<'_>, activations: &mut [i16], sums: &mut [i32]) {
    match layer.store {
        Store::I8 => products(bytemuck::cast_slice::<u8, i8>(layer.weights), activations, sums),
        Store::I16 => {
            products(bytemuck::try_cast_slice::<u8, i16>(layer.weights).unwrap_or_default(), activations, sums);
        }
        _ => products_4(layer.weights, activations, sums),
    }
}

#[inline(never)]
fn products<W: Copy + Into<i32>>(weights: &[W], activations: &[i16], sums: &mut [i32]) {
    for (sum, weights) in sums.iter_mut().zip(weights.chunks_exact(activations.len().max(1))) {
        *sum = weights.iter().zip(activations).map(|(&weight, &x)| weight.into() * i32::from(x)).sum();
    }
}

/// The same with weights of 4 bits.
#[inline(never)]
fn products_4(weights: &[u8], activations: &[i16], sums: &mut [i32]) {
    for (sum, weights) in sums.iter_mut().zip(weights.chunks_exact(activations.len().div_ceil(2).max(1))) {
        *sum = plain::halves(weights, activations);
    }
}
