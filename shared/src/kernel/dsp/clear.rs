//! Memory set to 0, twelve words an instruction.

/// Sets all words to 0.
pub(crate) fn clear(words: &mut [u32]) {
    // SAFETY: they are there.
    unsafe { clear_words(words.as_mut_ptr(), words.len()) }
}

#[unsafe(naked)]
unsafe extern "C" fn clear_words(words: *mut u32, len: usize) {
    dsp_asm!(
        "push {{r4-r11, lr}}",
        "movs r2, #0",
        "movs r3, #0",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "mov r8, #0",
        "mov r9, #0",
        "mov r10, #0",
        "mov r11, #0",
        "mov r12, #0",
        "mov lr, #0",
        "subs r1, #24",
        "blo 3f",
        "2: stm r0!, {{r2-r12, lr}}",
        "stm r0!, {{r2-r12, lr}}",
        "subs r1, #24",
        "bhs 2b",
        "3: adds r1, #20",
        "bmi 5f",
        "4: stm r0!, {{r2-r5}}",
        "subs r1, #4",
        "bpl 4b",
        "5: adds r1, #4",
        "beq 7f",
        "6: str r2, [r0], #4",
        "subs r1, #1",
        "bne 6b",
        "7: pop {{r4-r11, pc}}",
    )
}
