//! Lists of the addresses of rows.

use core::arch::naked_asm;

use super::rows::Table;

/// Lists the addresses of `len` rows. Returns where the list ends, or null if one of them does not exist.
///
/// # Safety
///
/// There are `len` ids, and room for as many from `list` on.
#[unsafe(naked)]
pub(super) unsafe extern "C" fn list_rows(
    ids: *const u16,
    len: usize,
    list: *mut u32,
    table: *const Table,
) -> *mut u32 {
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
pub(super) unsafe extern "C" fn list_new_rows(
    ids: *const u16,
    end: *const u16,
    list: *mut u32,
    table: *const Table,
) -> u64 {
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
