//! Rows of bytes, added four at a time.
//!
//! First the addresses of the rows are listed, then the listed rows are added, eight units a pass. A word of a row is
//! added as a whole by `umaal`, which adds two rows to a sum in one instruction, and its odd bytes once more by `uxtab16`,
//! in lanes of 16 bits; what is left of the one sum without the other are the even bytes: see `portable::add_words`.

use core::{
    mem::{MaybeUninit, offset_of},
    ops::Range,
};

use crate::{
    Error,
    kernel::{Rows, portable},
};

/// How many rows are listed before they are added.
const LIST: usize = 128;
/// How many rows lanes of 16 bits can take: 255 * 256 < 2^16.
const LANES: usize = 256;
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
struct Listed {
    weights: *const u8,
    stride: usize,
    /// The largest id, in both halves.
    last: u32,
    /// A bit for each row, or none.
    seen: *mut u32,
    /// Up to where the list may grow.
    full: *mut u32,
    /// Words of a row that are added together.
    words: usize,
    /// Four words for each eight units: two sums of words, two sums of their odd bytes.
    lanes: [u32; BLOCK / 2],
    /// How many rows are in the lanes.
    added: usize,
    /// The addresses of rows, as far as it is filled.
    list: [MaybeUninit<u32>; LIST],
}

impl Listed {
    #[inline]
    fn new(rows: &Rows<'_>, seen: *mut u32) -> Self {
        let last = rows.count as u32 - 1;
        Self {
            weights: rows.weights.as_ptr(),
            stride: rows.stride,
            last: last << 16 | last,
            seen,
            full: core::ptr::null_mut(),
            words: (rows.units / 4).min(BLOCK / 4),
            lanes: [0; BLOCK / 2],
            added: 0,
            list: [const { MaybeUninit::uninit() }; LIST],
        }
    }

    #[inline]
    fn list(&mut self) -> Range<*mut u32> {
        let start = self.list.as_mut_ptr().cast::<u32>();
        start..start.wrapping_add(LIST)
    }

    /// Adds the rows that are listed up to `end` to `sums`, or to the lanes.
    ///
    /// # Safety
    ///
    /// Up to there the list is filled, with rows of the table, and there is a sum for each unit of it.
    #[inline]
    unsafe fn add(&mut self, end: *mut u32, sums: &mut [i32]) {
        if sums.len() > BLOCK {
            // SAFETY: as the caller promises.
            return unsafe { self.add_blocks(end, sums) };
        }
        if self.added + LIST > LANES {
            self.widen(sums);
        }
        // SAFETY: as the caller promises.
        unsafe { self.add_to_lanes(end, sums.len() / 4) };
    }

    /// Adds 4 * `words` units of the rows that are listed up to `end` to the lanes.
    ///
    /// # Safety
    ///
    /// Up to there the list is filled, and there are as many units at each address of it.
    #[inline]
    unsafe fn add_to_lanes(&mut self, end: *mut u32, words: usize) {
        let start = self.list().start;
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

    /// Adds rows of more than a block of units.
    ///
    /// # Safety
    ///
    /// As for [`Self::add`].
    #[inline(never)]
    unsafe fn add_blocks(&mut self, end: *mut u32, sums: &mut [i32]) {
        let len = (end.addr() - self.list().start.addr()) / size_of::<u32>();
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
    let mut listed = Listed::new(rows, core::ptr::null_mut());
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
    let mut listed = Listed::new(rows, core::ptr::null_mut());
    for part in ids.chunks(LIST) {
        let start = listed.list().start;
        // SAFETY: the ids are there, and the list has room for as many.
        let end = unsafe { list_rows(part.as_ptr(), part.len(), start, &raw const listed) };
        if end.is_null() {
            portable::add_all(rows, rows.in_range(part), sums);
            return Err(Error::RowOutOfRange);
        }
        // SAFETY: the list has been filled up to `end`, and there is a sum for each unit.
        unsafe { listed.add(end, sums) };
    }
    Ok(())
}

/// See [`Rows::add_new`].
pub(crate) fn add_new(rows: &Rows<'_>, ids: &[u16], seen: &mut [u32], sums: &mut [i32]) -> Result<(), Error> {
    if !suits(rows, sums) || seen.len() * 32 < rows.count {
        return portable::add_new(rows, ids, seen, sums);
    }
    let mut listed = Listed::new(rows, seen.as_mut_ptr());
    let Range { start, end: full } = listed.list();
    listed.full = full;
    let mut ids = ids;
    let mut outcome = Ok(());
    while !ids.is_empty() {
        // SAFETY: the ids are there; the list has room up to `full`; `seen` has a bit for each row.
        let pair = unsafe { list_new_rows(ids.as_ptr(), ids.as_ptr_range().end, start, &raw const listed) };
        // SAFETY: the list has been filled up to there, and there is a sum for each unit.
        unsafe { listed.add(start.with_addr(pair as usize), sums) };
        let read = ((pair >> 32) as usize - ids.as_ptr().addr()) / size_of::<u16>();
        ids = ids.get(read..).unwrap_or_default();
        if read == 0 {
            // One of the next four is out of range: the list, empty at first, was not full.
            outcome = Err(Error::RowOutOfRange);
            ids = rows.in_range(ids);
        }
    }
    listed.widen(sums);
    outcome
}

/// Sets all words to 0.
pub(crate) fn clear(words: &mut [u32]) {
    // SAFETY: they are there.
    unsafe { clear_words(words.as_mut_ptr(), words.len()) }
}

#[unsafe(naked)]
unsafe extern "C" fn clear_words(words: *mut u32, len: usize) {
    dsp_asm!(
        "push {{r4-r9}}",
        "movs r2, #0",
        "movs r3, #0",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "mov r8, #0",
        "mov r9, #0",
        "subs r1, #32",
        "blo 3f",
        "2: stm r0!, {{r2-r9}}",
        "stm r0!, {{r2-r9}}",
        "stm r0!, {{r2-r9}}",
        "stm r0!, {{r2-r9}}",
        "subs r1, #32",
        "bhs 2b",
        "3: adds r1, #28",
        "bmi 5f",
        "4: stm r0!, {{r2-r5}}",
        "subs r1, #4",
        "bpl 4b",
        "5: adds r1, #4",
        "beq 7f",
        "6: str r2, [r0], #4",
        "subs r1, #1",
        "bne 6b",
        "7: pop {{r4-r9}}",
        "bx lr",
    )
}

/// Adds rows to lanes, a list at a time. Returns how many ids are left: none, or those from the list on in which one is
/// out of range.
///
/// # Safety
///
/// There are `len` ids, above 0, and the lanes can take as many rows; at each row are as many words as are added.
#[unsafe(naked)]
unsafe extern "C" fn add_to_lanes(ids: *const u16, len: usize, listed: *mut Listed) -> usize {
    dsp_asm!(
        // r4 ids, r5 how many are left, r6 where all is, r7 the list.
        "push {{r4-r8, lr}}",
        "mov r4, r0",
        "mov r5, r1",
        "mov r6, r2",
        "add r7, r2, {list}",
        "ldr r8, [r2, {words}]",
        "2: mov r1, r5",
        "cmp r1, {most}",
        "it hi",
        "movhi r1, {most}",
        "mov r0, r4",
        "mov r2, r7",
        "mov r3, r6",
        "bl {list_rows}",
        "cbz r0, 3f",
        "mov r1, r0",
        "mov r0, r7",
        "add r2, r6, {lanes}",
        "mov r3, r8",
        "bl {add_listed}",
        "add r4, r4, 2 * {most}",
        "subs r5, r5, {most}",
        "bhi 2b",
        "movs r5, #0",
        "3: mov r0, r5",
        "pop {{r4-r8, pc}}",
        list = const offset_of!(Listed, list),
        words = const offset_of!(Listed, words),
        lanes = const offset_of!(Listed, lanes),
        most = const LIST,
        list_rows = sym list_rows,
        add_listed = sym add_listed,
    )
}

/// Lists the addresses of `len` rows. Returns where the list ends, or null if one of them does not exist.
///
/// # Safety
///
/// There are `len` ids, and room for as many from `list` on.
#[unsafe(naked)]
unsafe extern "C" fn list_rows(ids: *const u16, len: usize, list: *mut u32, listed: *const Listed) -> *mut u32 {
    dsp_asm!(
        // r10 collects by how much ids are too large; r11 weights, r12 stride, lr last.
        ".macro edgefit_list_four
        ldm r0!, {{r8, r9}}
        uqsub16 r4, r8, lr
        uqsub16 r5, r9, lr
        orr r10, r10, r4
        orr r10, r10, r5
        smlabb r4, r8, r12, r11
        smlatb r5, r8, r12, r11
        smlabb r6, r9, r12, r11
        smlatb r7, r9, r12, r11
        stm r2!, {{r4-r7}}
        .endm
        .macro edgefit_list_one
        ldrh r8, [r0], #2
        uqsub16 r4, r8, lr
        orr r10, r10, r4
        smlabb r4, r8, r12, r11
        str r4, [r2], #4
        .endm",
        "push {{r4-r11, lr}}",
        "ldm r3, {{r11, r12, lr}}",
        "mov r10, #0",
        // Pairs of ids lie at a multiple of four after one id at most.
        "tst r0, #2",
        "beq 2f",
        "cmp r1, #0",
        "beq 8f",
        "edgefit_list_one",
        "subs r1, #1",
        // Two fours a round, the first round may begin with its second.
        "2: lsrs r3, r1, #3",
        "lsls r4, r1, #29",
        "bmi 4f",
        "cbz r3, 6f",
        "3: edgefit_list_four",
        "subs r3, #1",
        "4: edgefit_list_four",
        "cmp r3, #0",
        "bne 3b",
        "6: ands r1, r1, #3",
        "beq 8f",
        "7: edgefit_list_one",
        "subs r1, #1",
        "bne 7b",
        "8: mov r0, r2",
        "cmp r10, #0",
        "it ne",
        "movne r0, #0",
        "pop {{r4-r11, pc}}",
        ".purgem edgefit_list_four
        .purgem edgefit_list_one",
    )
}

/// Lists the addresses of the rows that are not among the seen, and adds them there, until the list is full or the ids
/// are at their end. Returns where the list ends, and where the ids that are left begin: if it is not at their end and
/// the list is not full, then one of the next four is out of range.
///
/// # Safety
///
/// There are ids from `ids` to `end`, and room for at least eight addresses from `list` on; there is a bit of `seen` for
/// each row.
#[unsafe(naked)]
unsafe extern "C" fn list_new_rows(ids: *const u16, end: *const u16, list: *mut u32, listed: *const Listed) -> u64 {
    dsp_asm!(
        // r3 seen, r8 weights, r9 stride, r10 last, r11 one; the bit of an id is that by which it turns the one.
        ".macro edgefit_see pair, id, multiply
        ldr r7, [r3, r6, lsl #2]
        ror r12, r11, \\id
        tst r7, r12
        bne 9f
        orr r7, r7, r12
        str r7, [r3, r6, lsl #2]
        \\multiply r7, \\pair, r9, r8
        str r7, [r2], #4
        9:
        .endm
        .macro edgefit_see_low pair
        ubfx r6, \\pair, #5, #11
        edgefit_see \\pair, \\pair, smlabb
        .endm
        .macro edgefit_see_high pair
        lsr lr, \\pair, #16
        lsr r6, \\pair, #21
        edgefit_see \\pair, lr, smlatb
        .endm
        .macro edgefit_see_four
        ldm r0!, {{r4, r5}}
        uqsub16 r6, r4, r10
        uqsub16 r7, r5, r10
        orrs r6, r6, r7
        bne 6f
        edgefit_see_low r4
        edgefit_see_high r4
        edgefit_see_low r5
        edgefit_see_high r5
        .endm",
        "push {{r3-r11, lr}}",
        "push {{r1}}",
        "ldm r3, {{r8-r11}}",
        "mov r3, r11",
        "mov r11, #1",
        // Pairs of ids lie at a multiple of four after one id at most.
        "tst r0, #2",
        "bne 5f",
        // As many groups of four as there are ids and as there is room for, at least one each.
        "2: ldr r1, [sp]",
        "ldr r6, [sp, #4]",
        "ldr r6, [r6, #16]",
        "subs r1, r1, r0",
        "sub r6, r6, r2",
        "cmp r6, r1, lsl #1",
        "it lo",
        "lsrlo r1, r6, #1",
        "lsrs r1, r1, #3",
        "beq 4f",
        // Two groups a round, the first round may begin with its second.
        "lsrs r1, r1, #1",
        "bcs 1f",
        "subs r1, #1",
        "3: edgefit_see_four",
        "1: edgefit_see_four",
        "subs r1, #1",
        "bhs 3b",
        "b 2b",
        // Fewer than four ids, or no room for four.
        "4: ldr r1, [sp]",
        "subs r1, r1, r0",
        "beq 7f",
        "cmp r1, #8",
        "bhs 7f",
        "cmp r6, #16",
        "blo 7f",
        "5: ldrh r4, [r0], #2",
        "uqsub16 r6, r4, r10",
        "cbnz r6, 8f",
        "edgefit_see_low r4",
        "b 2b",
        "6: sub r0, #8",
        "7: mov r1, r0",
        "mov r0, r2",
        "add sp, #8",
        "pop {{r4-r11, pc}}",
        "8: sub r0, #2",
        "b 7b",
        ".purgem edgefit_see
        .purgem edgefit_see_low
        .purgem edgefit_see_high
        .purgem edgefit_see_four",
    )
}

/// Adds 4 * `words` units of the rows that are listed to lanes.
///
/// # Safety
///
/// From `list` to `end` are 1 to 128 addresses, and there is room for a multiple of four; at each are `words` words, at a
/// multiple of four; `words` is 1 to 4, and there are lanes for 16 units.
#[unsafe(naked)]
unsafe extern "C" fn add_listed(list: *mut u32, end: *mut u32, lanes: *mut u32, words: usize) {
    dsp_asm!(
        // r4 and r5 sums of words, r6 and r7 sums of odd bytes, r8 one.
        ".macro edgefit_add_two first, second, offset
        ldrd \\first, lr, [\\first, #\\offset]
        ldrd \\second, r3, [\\second, #\\offset]
        uxtab16 r6, r6, \\first, ror #8
        uxtab16 r7, r7, lr, ror #8
        uxtab16 r6, r6, \\second, ror #8
        uxtab16 r7, r7, r3, ror #8
        umaal r4, \\first, \\second, r8
        umaal r5, lr, r3, r8
        .endm
        .macro edgefit_add_four offset
        ldm r0!, {{r9-r12}}
        edgefit_add_two r9, r10, \\offset
        edgefit_add_two r11, r12, \\offset
        .endm",
        // Four fours a round, the first round may begin with a later one.
        ".macro edgefit_pass offset
        ldm r2, {{r4-r7}}
        subs r3, r1, r0
        lsls r3, r3, #27
        bcc 3f
        bmi 1f
        b 4f
        3: bmi 5f
        2: edgefit_add_four \\offset
        1: edgefit_add_four \\offset
        4: edgefit_add_four \\offset
        5: edgefit_add_four \\offset
        cmp r0, r1
        bne 2b
        stm r2!, {{r4-r7}}
        .endm
        .macro edgefit_pass_of_one offset
        ldr r4, [r2]
        ldr r6, [r2, #8]
        2: ldm r0!, {{r9-r12}}
        ldr r9, [r9, #\\offset]
        ldr r10, [r10, #\\offset]
        ldr r11, [r11, #\\offset]
        ldr r12, [r12, #\\offset]
        uxtab16 r6, r6, r9, ror #8
        uxtab16 r6, r6, r10, ror #8
        uxtab16 r6, r6, r11, ror #8
        uxtab16 r6, r6, r12, ror #8
        umaal r4, r9, r10, r8
        umaal r4, r11, r12, r8
        cmp r0, r1
        bne 2b
        str r4, [r2]
        str r6, [r2, #8]
        .endm",
        "push {{r0, r3-r11, lr}}",
        "mov r8, #1",
        // Filled up with rows of weights 0.
        "subs r4, r1, r0",
        "ands r4, r4, #12",
        "beq 7f",
        "adr r5, 9f",
        "6: str r5, [r1], #4",
        "adds r4, #4",
        "cmp r4, #16",
        "bne 6b",
        "7: cmp r3, #1",
        "beq 7f",
        "edgefit_pass 0",
        "ldrd r0, r3, [sp]",
        "cmp r3, #3",
        "blo 8f",
        "beq 6f",
        "edgefit_pass 8",
        "8: add sp, #8",
        "pop {{r4-r11, pc}}",
        "6: edgefit_pass_of_one 8",
        "b 8b",
        "7: edgefit_pass_of_one 0",
        "b 8b",
        ".p2align 2",
        "9: .word 0x80808080, 0x80808080, 0x80808080, 0x80808080",
        ".purgem edgefit_add_two
        .purgem edgefit_add_four
        .purgem edgefit_pass
        .purgem edgefit_pass_of_one",
    )
}

/// Adds what is in the lanes of `added` rows to 4 * `words` sums, and clears the lanes.
///
/// # Safety
///
/// There are as many sums and lanes for as many; `words` is 1 to 4.
#[unsafe(naked)]
unsafe extern "C" fn widen(lanes: *mut u32, added: usize, sums: *mut i32, words: usize) {
    dsp_asm!(
        // r1 what is too much in each lane, 128 a row, modulo 2^16: without it, a lane is a sum within an i16.
        ".macro edgefit_widen all, odd
        sub \\all, \\all, \\odd, lsl #8
        usub16 \\odd, \\odd, r1
        usub16 \\all, \\all, r1
        ldm r2, {{r8-r11}}
        sxtah r8, r8, \\all
        sxtah r9, r9, \\odd
        sxtah r10, r10, \\all, ror #16
        sxtah r11, r11, \\odd, ror #16
        stm r2!, {{r8-r11}}
        .endm",
        "push {{r4-r11, lr}}",
        "lsls r1, r1, #7",
        "pkhbt r1, r1, r1, lsl #16",
        "mov r12, #0",
        "mov lr, #0",
        "2: ldm r0, {{r4-r7}}",
        "strd r12, lr, [r0], #8",
        "strd r12, lr, [r0], #8",
        "edgefit_widen r4, r6",
        "subs r3, #1",
        "beq 3f",
        "edgefit_widen r5, r7",
        "subs r3, #1",
        "bne 2b",
        "3: pop {{r4-r11, pc}}",
        ".purgem edgefit_widen",
    )
}
