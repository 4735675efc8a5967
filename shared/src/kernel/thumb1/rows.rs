//! Rows of bytes, added sixteen units at a time.
//!
//! First the addresses of the rows are listed, then the listed rows are added. A word of a row is added as a whole and
//! once more its odd bytes, in lanes of 16 bits; what is left of the one sum without the other are the even bytes: see
//! `portable::add_words`.

use core::{arch::naked_asm, mem::MaybeUninit};

use crate::{
    Error,
    kernel::{Rows, portable},
};

/// How many rows are listed before they are added. Lanes of 16 bits could take 256: 255 * 256 < 2^16.
const LIST: usize = 128;
/// Units that are added together.
const BLOCK: usize = 16;

/// Whether a table has the shape that the loops are made for.
fn suits(rows: &Rows<'_>, sums: &[i32]) -> bool {
    rows.bits == 8
        && rows.units.is_multiple_of(4)
        && rows.units == sums.len()
        && rows.weights.len() >= rows.count * rows.units
        && rows.weights.as_ptr().addr().is_multiple_of(4)
}

/// A table, as the loops know it.
#[repr(C)]
struct Table {
    weights: *const u8,
    stride: usize,
    count: usize,
    /// A bit for each row, or none.
    seen: *mut u32,
}

type List = [MaybeUninit<u32>; LIST];

/// Adds the rows that are listed up to `end` to `sums`.
///
/// # Safety
///
/// Up to there the list is filled, with rows of a table, and there is a sum for each unit of it.
#[inline]
unsafe fn add_all(list: &mut List, end: *mut u32, sums: &mut [i32]) {
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
    if !suits(rows, sums) {
        return portable::add(rows, ids, sums);
    }
    let mut list: List = [const { MaybeUninit::uninit() }; LIST];
    let table = table(rows, core::ptr::null_mut());
    for part in ids.chunks(LIST) {
        // SAFETY: the ids are there, and the list has room for as many.
        let end = unsafe { list_rows(part.as_ptr(), part.len(), list.as_mut_ptr().cast(), &raw const table) };
        if end.is_null() {
            portable::add_all(rows, rows.in_range(part), sums);
            return Err(Error::RowOutOfRange);
        }
        // SAFETY: the list has been filled up to `end`, and there is a sum for each unit.
        unsafe { add_all(&mut list, end, sums) };
    }
    Ok(())
}

/// See [`Rows::add_new`].
pub(crate) fn add_new(rows: &Rows<'_>, ids: &[u16], seen: &mut [u32], sums: &mut [i32]) -> Result<(), Error> {
    if !suits(rows, sums) || seen.len() * 32 < rows.count {
        return portable::add_new(rows, ids, seen, sums);
    }
    let mut list: List = [const { MaybeUninit::uninit() }; LIST];
    let table = table(rows, seen.as_mut_ptr());
    for part in ids.chunks(LIST) {
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

/// Sets all words to 0.
pub(crate) fn clear(words: &mut [u32]) {
    // SAFETY: they are there.
    unsafe { clear_words(words.as_mut_ptr(), words.len()) }
}

#[unsafe(naked)]
unsafe extern "C" fn clear_words(words: *mut u32, len: usize) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "movs r2, #0",
        "movs r3, #0",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "subs r1, #24",
        "blo 3f",
        "2: stm r0!, {{r2-r7}}",
        "stm r0!, {{r2-r7}}",
        "stm r0!, {{r2-r7}}",
        "stm r0!, {{r2-r7}}",
        "subs r1, #24",
        "bhs 2b",
        "3: adds r1, #24",
        "beq 5f",
        "4: stm r0!, {{r2}}",
        "subs r1, #1",
        "bne 4b",
        "5: pop {{r4-r7, pc}}",
    )
}

/// Lists the addresses of `len` rows. Returns where the list ends, or null if one of them does not exist.
///
/// # Safety
///
/// There are `len` ids, and room for as many from `list` on.
#[unsafe(naked)]
unsafe extern "C" fn list_rows(ids: *const u16, len: usize, list: *mut u32, table: *const Table) -> *mut u32 {
    naked_asm!(
        // r3 stride, r8 weights, r9 how many rows there are.
        ".macro edgefit_list id
        cmp \\id, r9
        bhs 6f
        muls \\id, r3
        add \\id, r8
        .endm",
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "push {{r4, r5}}",
        "ldm r3!, {{r4, r5, r6}}",
        "mov r8, r4",
        "mov r9, r6",
        "mov r3, r5",
        "subs r1, #4",
        "blo 3f",
        "2: ldrh r4, [r0]",
        "ldrh r5, [r0, #2]",
        "ldrh r6, [r0, #4]",
        "ldrh r7, [r0, #6]",
        "edgefit_list r4",
        "edgefit_list r5",
        "edgefit_list r6",
        "edgefit_list r7",
        "stm r2!, {{r4-r7}}",
        "adds r0, #8",
        "subs r1, #4",
        "bhs 2b",
        "3: adds r1, #4",
        "beq 5f",
        "4: ldrh r4, [r0]",
        "edgefit_list r4",
        "stm r2!, {{r4}}",
        "adds r0, #2",
        "subs r1, #1",
        "bne 4b",
        "5: mov r0, r2",
        "7: pop {{r4, r5}}",
        "mov r8, r4",
        "mov r9, r5",
        "pop {{r4-r7, pc}}",
        "6: movs r0, #0",
        "b 7b",
        ".purgem edgefit_list",
    )
}

/// Lists the addresses of the rows that are not among the seen, and adds them there. Returns where the list ends, and
/// where the ids that are left begin, the first of which is out of range.
///
/// # Safety
///
/// There are ids from `ids` to `end`, and room for as many from `list` on; there is a bit of `seen` for each row.
#[unsafe(naked)]
unsafe extern "C" fn list_new_rows(ids: *const u16, end: *const u16, list: *mut u32, table: *const Table) -> u64 {
    naked_asm!(
        // r1 stride, r3 seen, r8 weights, r9 how many rows there are, r10 where the ids end.
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "push {{r4-r6}}",
        "mov r10, r1",
        "ldm r3!, {{r4-r7}}",
        "mov r8, r4",
        "mov r1, r5",
        "mov r9, r6",
        "mov r3, r7",
        "b 4f",
        "2: ldrh r4, [r0]",
        "cmp r4, r9",
        "bhs 5f",
        "lsrs r5, r4, #5",
        "lsls r5, r5, #2",
        "ldr r6, [r3, r5]",
        "movs r7, #1",
        "rors r7, r4",
        "tst r6, r7",
        "bne 3f",
        "orrs r6, r7",
        "str r6, [r3, r5]",
        "muls r4, r1",
        "add r4, r8",
        "stm r2!, {{r4}}",
        "3: adds r0, #2",
        "4: cmp r0, r10",
        "bne 2b",
        "5: mov r1, r0",
        "mov r0, r2",
        "pop {{r4-r6}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "pop {{r4-r7, pc}}",
    )
}

/// Adds 16 units, at `offset` of each row that is listed, to as many sums.
///
/// # Safety
///
/// From `list` to `end` are 1 to 128 addresses of rows with four words at `offset`, and there is room for a multiple of
/// four; there are 16 sums.
#[unsafe(naked)]
unsafe extern "C" fn add_four_words(list: *mut u32, end: *mut u32, sums: *mut i32, offset: usize) {
    naked_asm!(
        // r4 the mask of odd bytes; r8, r10, r12 and r5 sums of words, r9, r11, lr and r6 sums of their odd bytes; r7
        // walks the list.
        ".macro edgefit_add word, all, odd
        add \\all, \\word
        lsrs \\word, \\word, #8
        ands \\word, r4
        add \\odd, \\word
        .endm
        .macro edgefit_add_row at
        ldr r0, [r7, #\\at]
        ldm r0, {{r0-r3}}
        edgefit_add r0, r8, r9
        edgefit_add r1, r10, r11
        edgefit_add r2, r12, lr
        edgefit_add r3, r5, r6
        .endm",
        // From lanes to sums at r7; r4 is what is too much in each lane, 128 a row.
        ".macro edgefit_sum at
        subs r2, r2, r4
        ldr r3, [r7, #\\at]
        adds r3, r3, r2
        str r3, [r7, #\\at]
        .endm
        .macro edgefit_widen all, odd
        mov r1, \\odd
        lsls r2, r1, #8
        mov r0, \\all
        subs r0, r0, r2
        uxth r2, r0
        edgefit_sum 0
        uxth r2, r1
        edgefit_sum 4
        lsrs r2, r0, #16
        edgefit_sum 8
        lsrs r2, r1, #16
        edgefit_sum 12
        adds r7, #16
        .endm",
        "push {{r4-r7, lr}}",
        "mov r4, r8",
        "mov r5, r9",
        "mov r6, r10",
        "mov r7, r11",
        "push {{r4-r7}}",
        // Filled up with rows of weights 0.
        "adr r5, 9f",
        "subs r5, r5, r3",
        "b 3f",
        "2: stm r1!, {{r5}}",
        "3: subs r4, r1, r0",
        "lsls r4, r4, #28",
        "bne 2b",
        // Rows that begin later: once for the whole list, and back after it.
        "push {{r0, r1, r2, r3}}",
        "cmp r3, #0",
        "beq 5f",
        "mov r7, r0",
        "4: ldr r4, [r7]",
        "adds r4, r4, r3",
        "stm r7!, {{r4}}",
        "cmp r7, r1",
        "bne 4b",
        "5: mov r7, r0",
        "ldr r4, 8f",
        "movs r5, #0",
        "movs r6, #0",
        "mov r8, r5",
        "mov r9, r5",
        "mov r10, r5",
        "mov r11, r5",
        "mov r12, r5",
        "mov lr, r5",
        "6: edgefit_add_row 0",
        "edgefit_add_row 4",
        "edgefit_add_row 8",
        "edgefit_add_row 12",
        "adds r7, #16",
        "ldr r0, [sp, #4]",
        "cmp r7, r0",
        "bne 6b",
        "pop {{r0, r1, r2, r3}}",
        "subs r4, r1, r0",
        "lsls r4, r4, #5",
        "mov r7, r2",
        "push {{r0, r1, r3}}",
        "edgefit_widen r8, r9",
        "edgefit_widen r10, r11",
        "edgefit_widen r12, lr",
        "edgefit_widen r5, r6",
        "pop {{r0, r1, r3}}",
        "cmp r3, #0",
        "beq 7f",
        "2: ldr r4, [r0]",
        "subs r4, r4, r3",
        "stm r0!, {{r4}}",
        "cmp r0, r1",
        "bne 2b",
        "7: pop {{r4-r7}}",
        "mov r8, r4",
        "mov r9, r5",
        "mov r10, r6",
        "mov r11, r7",
        "pop {{r4-r7, pc}}",
        ".p2align 2",
        "8: .word 0x00ff00ff",
        "9: .word 0x80808080, 0x80808080, 0x80808080, 0x80808080",
        ".purgem edgefit_add
        .purgem edgefit_add_row
        .purgem edgefit_sum
        .purgem edgefit_widen",
    )
}

/// Adds four units, at `offset` of each row that is listed, to as many sums.
///
/// # Safety
///
/// From `list` to `end` are 1 to 128 addresses of rows with a word at `offset`; there are four sums.
#[unsafe(naked)]
unsafe extern "C" fn add_word(list: *mut u32, end: *mut u32, sums: *mut i32, offset: usize) {
    naked_asm!(
        // r4 the sum of words, r5 that of their odd bytes, r6 the mask of these.
        ".macro edgefit_sum at
        subs r4, r4, r1
        ldr r3, [r2, #\\at]
        adds r3, r3, r4
        str r3, [r2, #\\at]
        .endm",
        "push {{r0, r4-r7, lr}}",
        "movs r4, #0",
        "movs r5, #0",
        "ldr r6, 8f",
        "2: ldm r0!, {{r7}}",
        "ldr r7, [r7, r3]",
        "adds r4, r4, r7",
        "lsrs r7, r7, #8",
        "ands r7, r6",
        "adds r5, r5, r7",
        "cmp r0, r1",
        "bne 2b",
        // What is too much in each lane, 128 a row.
        "ldr r0, [sp]",
        "subs r1, r1, r0",
        "lsls r1, r1, #5",
        "lsls r6, r5, #8",
        "subs r7, r4, r6",
        "uxth r4, r7",
        "edgefit_sum 0",
        "uxth r4, r5",
        "edgefit_sum 4",
        "lsrs r4, r7, #16",
        "edgefit_sum 8",
        "lsrs r4, r5, #16",
        "edgefit_sum 12",
        "pop {{r0, r4-r7, pc}}",
        ".p2align 2",
        "8: .word 0x00ff00ff",
        ".purgem edgefit_sum",
    )
}
