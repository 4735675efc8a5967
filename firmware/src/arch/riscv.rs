//! RISC-V with machine mode.

use edgefit::link::Clock;
use riscv::{asm, register};

#[riscv_rt::entry]
fn main() -> ! {
    crate::run()
}

/// The low half of the cycle counter.
pub(crate) fn clock() -> Clock {
    Clock { now: || register::mcycle::read() as u32, mask: u32::MAX, ticks_per_second: 0 }
}

/// Sleeps for ever.
#[allow(dead_code, reason = "an image with semihosting leaves instead")]
pub(crate) fn idle() -> ! {
    loop {
        asm::wfi();
    }
}

/// Every exception comes here; the register says which.
#[allow(unsafe_code, reason = "riscv-rt finds it by its name")]
#[unsafe(export_name = "ExceptionHandler")]
extern "C" fn exception(_frame: &riscv_rt::TrapFrame) -> ! {
    let (cause, at) = (register::mcause::read().bits(), register::mepc::read());
    defmt::error!("exception {=usize} at {=usize:#010x}", cause, at);
    crate::faulted()
}
