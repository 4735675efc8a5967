//! The model region of flash as a slice.
#![allow(unsafe_code, reason = "the region is known by address alone")]

use crate::board::{MODEL_LENGTH, MODEL_ORIGIN};

/// The whole region, erased bytes included.
pub(crate) fn model() -> &'static [u8] {
    let start = core::ptr::with_exposed_provenance(MODEL_ORIGIN);
    // SAFETY: build.rs has checked that the region is not null, not longer than isize::MAX, does not wrap around
    // and lies outside the linker's FLASH and RAM, so nothing else is placed there. It is memory of the board for
    // the program's whole life (board.toml says so), any byte is a valid u8, and nobody writes it while we run.
    unsafe { core::slice::from_raw_parts(start, MODEL_LENGTH) }
}
