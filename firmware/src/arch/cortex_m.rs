//! Arm Cortex-M.

use cortex_m::{
    asm,
    peripheral::{Peripherals, SYST, syst::SystClkSource},
};
use edgefit::link::Clock;

/// The system timer has 24 bits.
const MASK: u32 = 0x00ff_ffff;

#[cortex_m_rt::entry]
fn main() -> ! {
    crate::run()
}

/// The system timer, which every Cortex-M here has, at the speed of the core. It counts down.
pub(crate) fn clock() -> Clock {
    if let Some(mut peripherals) = Peripherals::take() {
        peripherals.SYST.set_clock_source(SystClkSource::Core);
        peripherals.SYST.set_reload(MASK);
        peripherals.SYST.clear_current();
        peripherals.SYST.enable_counter();
    }
    Clock { now: || MASK - SYST::get_current(), mask: MASK, ticks_per_second: 0 }
}

/// Sleeps for ever.
#[allow(dead_code, reason = "an image with semihosting leaves instead")]
pub(crate) fn idle() -> ! {
    loop {
        asm::wfe();
    }
}

// SAFETY: nothing is returned to, and the frame is only read. cortex-m-rt asks for `unsafe` because a handler
// might run while the fault has left a value half-written; this one reads no value of the program.
#[allow(unsafe_code, reason = "cortex-m-rt demands it")]
#[cortex_m_rt::exception]
unsafe fn HardFault(frame: &cortex_m_rt::ExceptionFrame) -> ! {
    defmt::error!("hard fault at {=u32:#010x}, called from {=u32:#010x}", frame.pc(), frame.lr());
    crate::faulted()
}
