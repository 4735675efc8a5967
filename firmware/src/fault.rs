//! The ends that nobody planned: they are logged, and the exit code tells the host.

use core::panic::PanicInfo;

use semihosting::process::exit;

/// The exit code after a panic, as that of a Rust program on a host.
const PANICKED: i32 = 101;
/// The exit code after a hard fault, as a shell reports a segmentation fault.
const FAULTED: i32 = 139;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    defmt::error!("{}", defmt::Display2Format(info));
    exit(PANICKED)
}

// SAFETY: nothing is returned to, and the frame is only read. cortex-m-rt asks for `unsafe` because a handler
// might run while the fault has left a value half-written; this one reads no value of the program.
#[allow(unsafe_code, reason = "cortex-m-rt demands it")]
#[cortex_m_rt::exception]
unsafe fn HardFault(frame: &cortex_m_rt::ExceptionFrame) -> ! {
    defmt::error!("hard fault at {=u32:#010x}, called from {=u32:#010x}", frame.pc(), frame.lr());
    exit(FAULTED)
}
