//! Rows of bytes, added four at a time.
//!
//! A word of a row is added as a whole by `umaal`, which adds two rows to a sum in one instruction, and its odd bytes once
//! more by `uxtab16`, in lanes of 16 bits; what is left of the one sum without the other are the even bytes: see `portable`.
//! That takes eight units a pass. Rows that may have been seen are listed first, by their addresses, and the list is added as
//! soon as it is full; ids that are known to differ are read once a pass.

use core::{mem::MaybeUninit, ptr};

use super::{
    direct::{MOST, add_direct},
    lanes::add_listed,
    list::{add_new_rows, list_rows},
};
use crate::{
    Error,
    kernel::{Rows, plain},
    layer::Store,
};

/// How many rows are listed before they are added, at most. Lanes of 16 bits could take 256: 255 * 256 < 2^16.
const LIST: usize = 128;
/// Ids are multiplied as signed halfwords.
const MOST_ROWS: usize = 1 << 15;

/// Whether rows have the shape that the loops are made for: words, and ids below 2^15.
pub(crate) fn suits(rows: &Rows<'_>) -> bool {
    rows.store == Store::Rows8
        && rows.units.is_multiple_of(4)
        && (1..=MOST_ROWS).contains(&rows.count)
        && rows.weights.len() >= rows.count * rows.units
        && rows.weights.as_ptr().addr().is_multiple_of(4)
}

/// A table, and where its rows are listed and added, as the loops know it.
#[repr(C)]
pub(super) struct Table {
    weights: *const u8,
    stride: usize,
    /// The largest id, in both halves.
    last: u32,
    /// A bit for each row, or none.
    seen: *mut u32,
    /// Where the room for addresses ends, and begins.
    full: *mut u32,
    list: *mut u32,
    /// Four for each word of a row.
    sums: *mut i32,
    words: usize,
}

/// The table; none if the loops are not made for it, or there are other sums than units.
#[inline]
fn table(rows: &Rows<'_>, seen: *mut u32, list: &mut [MaybeUninit<u32>], sums: &mut [i32]) -> Option<Table> {
    if !rows.suit || sums.len() != rows.units {
        return None;
    }
    let last = rows.count as u32 - 1;
    let list = list.as_mut_ptr_range();
    Some(Table {
        weights: rows.weights.as_ptr(),
        stride: rows.stride,
        last: last << 16 | last,
        seen,
        full: list.end.cast(),
        list: list.start.cast(),
        sums: sums.as_mut_ptr(),
        words: sums.len() / 4,
    })
}

/// See [`Rows::add`].
pub(crate) fn add(rows: &Rows<'_>, ids: &[u16], sums: &mut [i32]) -> Result<(), Error> {
    let Some(table) = table(rows, ptr::null_mut(), &mut [], sums) else {
        return plain::add(rows, ids, None, sums);
    };
    if !table.words.is_multiple_of(2) {
        return add_by_list(rows, ids, sums);
    }
    // The loop takes ids in pairs.
    let (first, rest) = ids.split_at_checked(usize::from(!ids.as_ptr().addr().is_multiple_of(4))).unwrap_or_default();
    if !first.is_empty() {
        plain::add(rows, first, None, sums)?;
    }
    for part in rest.chunks(MOST) {
        // SAFETY: there are 1 to `MOST` ids, from a multiple of four on; there are four sums for each word, and an even number
        // of words.
        if unsafe { add_direct(part.as_ptr(), part.len(), &table) } != 0 {
            return plain::add(rows, part, None, sums);
        }
    }
    Ok(())
}

/// The same, for an odd number of words.
#[inline(never)]
fn add_by_list(rows: &Rows<'_>, ids: &[u16], sums: &mut [i32]) -> Result<(), Error> {
    let mut list = [const { MaybeUninit::uninit() }; LIST];
    let Some(table) = table(rows, ptr::null_mut(), &mut list, sums) else {
        return plain::add(rows, ids, None, sums);
    };
    for part in ids.chunks(LIST) {
        // SAFETY: the ids are there, and the list has room for as many.
        let end = unsafe { list_rows(part.as_ptr(), part.len(), table.list, &table) };
        if end.is_null() {
            return plain::add(rows, part, None, sums);
        }
        // SAFETY: the list has been filled up to `end` with the rows of a chunk, which is not empty; a row has as many words,
        // and there are four sums for each of them.
        unsafe { add_listed(table.list, end, table.sums, table.words) };
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
    const { assert!(N >= 8 && N <= LIST && N.is_multiple_of(4), "a list has room for two fours, and lanes for a list") };
    let mut list = [const { MaybeUninit::uninit() }; N];
    let mut rest = ids;
    if seen.len() * 32 >= rows.count
        && let Some(table) = table(rows, seen.as_mut_ptr(), &mut list, sums)
    {
        // SAFETY: the ids are there, and the table has been made as it says; `seen` has a bit for each row.
        let at = unsafe { add_new_rows(ids.as_ptr(), ids.as_ptr_range().end, &table) };
        rest = ids.get((at.addr() - ids.as_ptr().addr()) / size_of::<u16>()..).unwrap_or_default();
    }
    // What is left begins with a row that does not exist, or is not for the loops.
    if rest.is_empty() { Ok(()) } else { plain::add(rows, rest, Some(seen), sums) }
}
