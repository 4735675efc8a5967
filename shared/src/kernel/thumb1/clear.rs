//! Memory set to 0, six words an instruction.

use core::arch::naked_asm;

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
