//! Rows of bytes, added four at a time.
//!
//! First the addresses of the rows are listed, then the listed rows are added, eight units a pass. A word of a row is
//! added as a whole by `umaal`, which adds two rows to a sum in one instruction, and its odd bytes once more by `uxtab16`,
//! in lanes of 16 bits; what is left of the one sum without the other are the even bytes: see `portable::add_words`.

use core::mem::MaybeUninit;

use super::{
    lanes::{add_listed, add_new_to_lanes, add_to_lanes, widen},
    list::{list_new_rows, list_rows},
};
use crate::{
    Error,
    kernel::{Rows, portable},
};

/// How many rows are listed before they are added.
pub(super) const LIST: usize = 128;
/// How many rows lanes of 16 bits can take: 255 * 256 < 2^16.
pub(super) const LANES: usize = 256;
/// Ids are multiplied as signed halfwords.
const MOST_ROWS: usize = 1 << 15;
/// Units that are added together.
const BLOCK: usize = 16;

/// Whether a table has the shape that the loops are made for: words, and ids below 2^15.
fn suits(rows: &Rows<'_>, sums: &[i32]) -> bool {
    rows.bits == 8
        && (1..=MOST_ROWS).contains(&rows.count)
        && rows.units.is_multiple_of(4)
        && rows.units == sums.len()
        && rows.weights.len() >= rows.count * rows.units
        && rows.weights.as_ptr().addr().is_multiple_of(4)
}

/// A table and rows of it that are listed to be added, as the loops know them.
#[repr(C)]
pub(super) struct Listed<const N: usize = LIST> {
    weights: *const u8,
    stride: usize,
    /// The largest id, in both halves.
    last: u32,
    /// A bit for each row, or none.
    seen: *mut u32,
    /// Words of a row that are added together.
    pub(super) words: usize,
    /// Four words for each eight units: two sums of words, two sums of their odd bytes.
    pub(super) lanes: [u32; BLOCK / 2],
    /// How many rows are in the lanes.
    pub(super) added: usize,
    /// The addresses of rows, as far as it is filled.
    pub(super) list: [MaybeUninit<u32>; N],
}

impl<const N: usize> Listed<N> {
    #[inline]
    fn new(rows: &Rows<'_>, seen: *mut u32) -> Self {
        let last = rows.count as u32 - 1;
        Self {
            weights: rows.weights.as_ptr(),
            stride: rows.stride,
            last: last << 16 | last,
            seen,
            words: (rows.units / 4).min(BLOCK / 4),
            lanes: [0; BLOCK / 2],
            added: 0,
            list: [const { MaybeUninit::uninit() }; N],
        }
    }

    #[inline]
    fn list(&mut self) -> *mut u32 {
        self.list.as_mut_ptr().cast()
    }

    /// Adds 4 * `words` units of the rows that are listed up to `end` to the lanes.
    ///
    /// # Safety
    ///
    /// Up to there the list is filled, and there are as many units at each address of it.
    #[inline]
    unsafe fn add_to_lanes(&mut self, end: *mut u32, words: usize) {
        let start = self.list();
        if end != start {
            // SAFETY: as the caller promises; the list has room for a multiple of four.
            unsafe { add_listed(start, end, self.lanes.as_mut_ptr(), words) };
        }
        self.added += ((end.addr() - start.addr()) / size_of::<u32>()).next_multiple_of(4);
    }

    /// Moves what is in the lanes to the sums.
    #[inline]
    fn widen(&mut self, sums: &mut [i32]) {
        if self.added > 0 {
            // SAFETY: there are so many sums, and lanes for 16.
            unsafe { widen(self.lanes.as_mut_ptr(), self.added, sums.as_mut_ptr(), sums.len().min(BLOCK) / 4) };
            self.added = 0;
        }
    }

    /// Adds the rows that are listed up to `end`, of more than a block of units, to `sums`.
    ///
    /// # Safety
    ///
    /// Up to there the list is filled, with rows of the table, and there is a sum for each unit of it.
    #[inline(never)]
    unsafe fn add_blocks(&mut self, end: *mut u32, sums: &mut [i32]) {
        let len = (end.addr() - self.list().addr()) / size_of::<u32>();
        for sums in sums.chunks_mut(BLOCK) {
            // SAFETY: as the caller promises; the addresses have been moved on by the blocks before, within their rows.
            unsafe { self.add_to_lanes(end, sums.len() / 4) };
            self.widen(sums);
            for address in self.list.iter_mut().take(len) {
                // SAFETY: the list is filled as far as that.
                *address = MaybeUninit::new(unsafe { address.assume_init() }.wrapping_add(BLOCK as u32));
            }
        }
    }
}

/// See [`Rows::add`].
pub(crate) fn add(rows: &Rows<'_>, ids: &[u16], sums: &mut [i32]) -> Result<(), Error> {
    if !suits(rows, sums) {
        return portable::add(rows, ids, sums);
    }
    if sums.len() > BLOCK {
        return add_wide(rows, ids, sums);
    }
    let mut listed = Listed::<LIST>::new(rows, core::ptr::null_mut());
    for part in ids.chunks(LANES) {
        // SAFETY: the ids are there, no more than the empty lanes can take; a row has as many words as are added.
        let left = unsafe { add_to_lanes(part.as_ptr(), part.len(), &raw mut listed) };
        listed.added = (part.len() - left).next_multiple_of(4);
        listed.widen(sums);
        if left > 0 {
            portable::add_all(rows, rows.in_range(part.get(part.len() - left..).unwrap_or_default()), sums);
            return Err(Error::RowOutOfRange);
        }
    }
    Ok(())
}

/// The same for rows of more units than are added together.
#[inline(never)]
fn add_wide(rows: &Rows<'_>, ids: &[u16], sums: &mut [i32]) -> Result<(), Error> {
    let mut listed = Listed::<LIST>::new(rows, core::ptr::null_mut());
    for part in ids.chunks(LIST) {
        let start = listed.list();
        // SAFETY: the ids are there, and the list has room for as many.
        let end = unsafe { list_rows(part.as_ptr(), part.len(), start, &raw const listed) };
        if end.is_null() {
            portable::add_all(rows, rows.in_range(part), sums);
            return Err(Error::RowOutOfRange);
        }
        // SAFETY: the list has been filled up to `end`, and there is a sum for each unit.
        unsafe { listed.add_blocks(end, sums) };
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
    const { assert!(N >= 8 && N <= LIST, "a list has room for two fours, and lanes for a list") };
    if !suits(rows, sums) || seen.len() * 32 < rows.count {
        return portable::add_new::<N>(rows, ids, seen, sums);
    }
    if sums.len() > BLOCK {
        return add_new_wide::<N>(rows, ids, seen, sums);
    }
    let mut listed = Listed::<N>::new(rows, seen.as_mut_ptr());
    let mut ids = ids;
    while !ids.is_empty() {
        // SAFETY: the ids are there; `seen` has a bit for each row; the lanes are empty; a row has as many words as are
        // added.
        let left = unsafe { add_new_to_lanes(ids.as_ptr(), ids.as_ptr_range().end, &raw mut listed) };
        listed.widen(sums);
        let read = (left.addr() - ids.as_ptr().addr()) / size_of::<u16>();
        ids = ids.get(read..).unwrap_or_default();
        if read == 0 {
            return end_before_culprit(rows, ids, sums, &mut listed);
        }
    }
    Ok(())
}

/// Ends a document of which one of the next four ids is out of range: those before it are added.
#[cold]
fn end_before_culprit<const N: usize>(
    rows: &Rows<'_>,
    ids: &[u16],
    sums: &mut [i32],
    listed: &mut Listed<N>,
) -> Result<(), Error> {
    for id in rows.in_range(ids) {
        // SAFETY: as before.
        unsafe { add_new_to_lanes(id, core::ptr::from_ref(id).wrapping_add(1), listed) };
    }
    listed.widen(sums);
    Err(Error::RowOutOfRange)
}

/// The same for rows of more units than are added together.
#[inline(never)]
fn add_new_wide<const N: usize>(rows: &Rows<'_>, ids: &[u16], seen: &mut [u32], sums: &mut [i32]) -> Result<(), Error> {
    let mut listed = Listed::<N>::new(rows, seen.as_mut_ptr());
    let start = listed.list();
    let mut ids = ids;
    let mut outcome = Ok(());
    while !ids.is_empty() {
        // SAFETY: the ids are there; the list has room up to `full`; `seen` has a bit for each row.
        let pair = unsafe { list_new_rows(ids.as_ptr(), ids.as_ptr_range().end, start, &raw const listed) };
        // SAFETY: the list has been filled up to there, and there is a sum for each unit.
        unsafe { listed.add_blocks(start.with_addr(pair as usize), sums) };
        let read = ((pair >> 32) as usize - ids.as_ptr().addr()) / size_of::<u16>();
        ids = ids.get(read..).unwrap_or_default();
        if read == 0 {
            // One of the next four is out of range: the list, empty at first, was not full.
            outcome = Err(Error::RowOutOfRange);
            ids = rows.in_range(ids);
        }
    }
    outcome
}
