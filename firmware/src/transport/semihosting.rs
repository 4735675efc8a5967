//! Two files of the host, which makes them as FIFOs before it starts the board. Logs go to its standard output.

use defmt_semihosting as _;
use semihosting::{
    fs::File,
    io::{Read, Write},
};

use super::{Error, Transport};

/// The two files.
pub(crate) struct Chosen {
    input: File,
    output: File,
}

/// Opens the input first. With FIFOs either call waits until the host has opened the other end.
pub(crate) fn open() -> Result<Chosen, Error> {
    let input = File::open(c"edgefit.to-board").map_err(|_| Error::NoInput)?;
    let output = File::create(c"edgefit.from-board").map_err(|_| Error::NoOutput)?;
    Ok(Chosen { input, output })
}

/// Ends the emulator, or tells the debugger.
pub(crate) fn end(code: i32) -> ! {
    semihosting::process::exit(code)
}

impl Transport for Chosen {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        self.input.read(into).map_err(|_| Error::Read)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.output.write_all(bytes).map_err(|_| Error::Write)
    }
}
