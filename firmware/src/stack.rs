//! How deep the stack has been: it is painted at the start, and what is no longer paint has been used.
#![allow(unsafe_code, reason = "the free part of the stack belongs to no object")]

use core::hint::black_box;

const PAINT: u32 = 0xcccc_cccc;
/// Bytes below a local variable that its function may still use.
const RED_ZONE: usize = 256;

unsafe extern "C" {
    /// Where the statics end and the deepest stack would.
    static __sheap: u32;
    /// Where the stack begins, from which it grows down.
    static _stack_start: u32;
}

fn bounds() -> (usize, usize) {
    ((&raw const __sheap).expose_provenance(), (&raw const _stack_start).expose_provenance())
}

/// Paints the part of the stack that nobody uses yet.
#[inline(never)]
pub(crate) fn paint() {
    let here = 0u8;
    let top = (&raw const *black_box(&here)).addr() - RED_ZONE;
    let (bottom, _) = bounds();
    for address in (bottom..top & !3).step_by(4) {
        // SAFETY: between the statics and the stack pointer, with a distance, lies memory that nobody uses; there is
        // no heap. The linker scripts align the bottom to a word.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(PAINT) }
    }
}

/// The deepest it has been, in bytes.
pub(crate) fn used() -> u32 {
    let (bottom, top) = bounds();
    // SAFETY: as in `paint`; a word that has become part of the stack is read as it is.
    let painted =
        |address: &usize| unsafe { core::ptr::with_exposed_provenance::<u32>(*address).read_volatile() == PAINT };
    let free = (bottom..top).step_by(4).take_while(painted).count() * 4;
    (top - bottom - free) as u32
}

/// How many bytes there are for it.
pub(crate) fn size() -> u32 {
    let (bottom, top) = bounds();
    (top - bottom) as u32
}
