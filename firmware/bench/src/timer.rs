//! Time in ticks of the system timer, which under `-icount shift=0` counts instructions, some forty to a tick.
#![allow(unsafe_code, reason = "a loop of known length can be written in assembly alone")]

use core::arch::asm;

use cortex_m::peripheral::{Peripherals, SYST, syst::SystClkSource};

/// The system timer has 24 bits.
const MASK: u32 = 0x00ff_ffff;

/// Instructions of [`calibrate`]'s loop.
pub(crate) const KNOWN: u32 = 4_000_000;

/// Starts the timer.
pub(crate) fn start() {
    if let Some(mut peripherals) = Peripherals::take() {
        peripherals.SYST.set_clock_source(SystClkSource::Core);
        peripherals.SYST.set_reload(MASK);
        peripherals.SYST.clear_current();
        peripherals.SYST.enable_counter();
    }
}

/// How many ticks a call takes.
#[inline]
pub(crate) fn ticks(call: impl FnOnce()) -> u32 {
    let before = SYST::get_current();
    call();
    // It counts down.
    before.wrapping_sub(SYST::get_current()) & MASK
}

/// The ticks of [`KNOWN`] instructions.
pub(crate) fn calibrate() -> u32 {
    // SAFETY: it changes a register and the flags, as is declared.
    ticks(|| unsafe {
        asm!("2: subs {0}, #1", "bne 2b", inout(reg) KNOWN / 2 => _, options(nomem, nostack));
    })
}
