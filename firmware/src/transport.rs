//! How the bytes of the link travel, and the logs beside them: one way a board, which `board.toml` names.
//!
//! A module for a transport has a `Chosen` that is a [`Transport`], a function `open` that makes it ready and brings
//! up the logs, and a function `end` for the end of the program.

use defmt::Format;

#[cfg(transport = "rtt")]
mod rtt;
#[cfg(transport = "semihosting")]
mod semihosting;
#[cfg(transport = "uart")]
mod uart;

#[cfg(transport = "rtt")]
pub(crate) use rtt::{Chosen, end, open};
#[cfg(transport = "semihosting")]
pub(crate) use semihosting::{Chosen, end, open};
#[cfg(transport = "uart")]
pub(crate) use uart::{Chosen, end, open};

/// A way for bytes from and to the host.
pub(crate) trait Transport {
    /// Waits for bytes and returns how many came; 0 once the host has closed its side.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error>;
    /// Sends all of these.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error>;
}

/// A transport that does not work.
#[derive(Format)]
#[allow(dead_code, reason = "only a transport that can fail does")]
pub(crate) enum Error {
    /// The host has not made what it sends through.
    NoInput,
    /// The host has not made what it listens to.
    NoOutput,
    /// Reading failed.
    Read,
    /// Writing failed.
    Write,
}
