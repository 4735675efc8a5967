//! The proof that edgefit cannot panic: everything that a board calls of it, on bytes that the compiler knows nothing of, and
//! a panic handler that calls a function which does not exist. The program links only if no panic is left in it.
//!
//! It is never run. That it can fail is shown by the feature `sabotage`, with which it must not link.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "an entry without a start-up, and a function that does not exist")]

mod calls;
#[cfg(feature = "link")]
mod link;

unsafe extern "C" {
    /// Does not exist. Its name is what the linker says when the proof fails.
    fn edgefit_can_panic() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: nothing that calls it ever links.
    unsafe { edgefit_can_panic() }
}

/// The entry, which the linker looks for by its name.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    calls::all();
    #[cfg(feature = "link")]
    {
        link::serve();
        link::frames();
    }
    loop {
        core::hint::spin_loop();
    }
}
