//! Rows of bytes, added sixteen units at a time.
//!
//! First the addresses of the rows are listed, then the listed rows are added. A word of a row is added as a whole and
//! once more its odd bytes, in lanes of 16 bits; what is left of the one sum without the other are the even bytes: see
//! `portable`.

use core::mem::MaybeUninit;

use super::{
    lanes::{add_four_words, add_word},
    list::{list_new_rows, list_rows},
};
use crate::{
    Error,
    kernel::{Rows, plain},
    layer::Store,
};

/// How many rows are listed before they are added. Lanes of 16 bits could take 256: 255 * 256 < 2^16.
const LIST: usize = 128;
/// Units that are added together.
const BLOCK: usize = 16;

/// Whether rows have the shape that the loops are made for.
pub(crate) fn suits(rows: &Rows<'_>) -> bool {
    rows.store == Store::Rows8
        && rows.units.is_multiple_of(4)
        && rows.weights.len() >= rows.count * rows.units
        && rows.weights.as_ptr().addr().is_multiple_of(4)
}

/// A table, as the loops know it.
#[repr(C)]
pub(super) struct Table {
    weights: *const u8,
    stride: usize,
    count: usize,
    /// A bit for each row, or none.
    seen: *mut u32,
}

/// Adds the rows that are listed up to `end` to `sums`.
///
/// # Safety
///
/// Up to there the list is filled, with rows of a table, and there is a sum for each unit of it.
#[inline]
unsafe fn add_all(list: &mut [MaybeUninit<u32>], end: *mut u32, sums: &mut [i32]) {
    let start = list.as_mut_ptr().cast::<u32>();
    if end == start {
        return;
    }
    for (at, sums) in sums.chunks_mut(BLOCK).enumerate() {
        let mut offset = BLOCK * at;
        if sums.len() == BLOCK {
            // SAFETY: as the caller promises, and the list has room for a multiple of four.
            unsafe { add_four_words(start, end, sums.as_mut_ptr(), offset) };
        } else {
            for sums in sums.chunks_exact_mut(4) {
                // SAFETY: the same.
                unsafe { add_word(start, end, sums.as_mut_ptr(), offset) };
                offset += 4;
            }
        }
    }
}

/// See [`Rows::add`].
pub(crate) fn add(rows: &Rows<'_>, ids: &[u16], sums: &mut [i32]) -> Result<(), Error> {
    if !rows.suit || sums.len() != rows.units {
        return plain::add(rows, ids, None, sums);
    }
    let mut list = [const { MaybeUninit::uninit() }; LIST];
    let table = table(rows, core::ptr::null_mut());
    for part in ids.chunks(LIST) {
        // SAFETY: the ids are there, and the list has room for as many.
        let end = unsafe { list_rows(part.as_ptr(), part.len(), list.as_mut_ptr().cast(), &raw const table) };
        if end.is_null() {
            return plain::add(rows, part, None, sums);
        }
        // SAFETY: the list has been filled up to `end`, and there is a sum for each unit.
        unsafe { add_all(&mut list, end, sums) };
    }
    Ok(())
}

/// See [`Rows::add_new`].
pub(crate) fn add_new<const N: usize>(
    rows: &Rows<'_>,
    ids: &[u16],
    seen: &mut [u32],
    sums: &mut [i32],
) -> Result<(), Error> {
    const { assert!(N <= LIST && N.is_multiple_of(4), "lists are filled up to a multiple of four") };
    if !rows.suit || sums.len() != rows.units || seen.len() * 32 < rows.count {
        return plain::add(rows, ids, Some(seen), sums);
    }
    let mut list = [const { MaybeUninit::uninit() }; N];
    let table = table(rows, seen.as_mut_ptr());
    for part in ids.chunks(N) {
        let start = list.as_mut_ptr().cast::<u32>();
        // SAFETY: the ids are there, and the list has room for as many; there is a bit of `seen` for each row.
        let pair = unsafe { list_new_rows(part.as_ptr(), part.as_ptr_range().end, start, &raw const table) };
        // SAFETY: the list has been filled up to there, and there is a sum for each unit.
        unsafe { add_all(&mut list, start.with_addr(pair as usize), sums) };
        if (pair >> 32) as usize != part.as_ptr_range().end.addr() {
            return Err(Error::RowOutOfRange);
        }
    }
    Ok(())
}

#[inline]
fn table(rows: &Rows<'_>, seen: *mut u32) -> Table {
    Table { weights: rows.weights.as_ptr(), stride: rows.stride, count: rows.count, seen }
}
