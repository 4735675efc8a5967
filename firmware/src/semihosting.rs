//! The link over semihosting: two files of the host, which makes them as FIFOs before it starts the board.

use defmt::Format;
use edgefit::link::{
    Board,
    frame::{Deframer, MAX_FRAME},
};
use semihosting::{
    fs::File,
    io::{Read, Write},
};

/// How much is read in one call. A call stops the core, so a few large ones are much faster than many small ones.
const READ: usize = 4_096;

/// How the link came to its end.
#[derive(Format)]
pub(crate) enum End {
    /// The host asked the board to leave.
    Quit,
    /// The host has closed its side.
    Closed,
}

/// A file that the host did not let us use.
#[derive(Format)]
pub(crate) enum TransportError {
    /// `edgefit.to-board` is not there.
    NoInput,
    /// `edgefit.from-board` cannot be opened.
    NoOutput,
    /// Reading failed.
    Read,
    /// Writing failed.
    Write,
}

/// Answers frames until the host leaves.
///
/// The input is opened first. With FIFOs either call waits until the host has opened the other end.
pub(crate) fn serve(board: &mut Board<'_, '_, '_>) -> Result<End, TransportError> {
    let mut input = File::open(c"edgefit.to-board").map_err(|_| TransportError::NoInput)?;
    let output = File::create(c"edgefit.from-board").map_err(|_| TransportError::NoOutput)?;
    let mut answers = Answers { output, bytes: [0; READ], len: 0 };
    let mut deframer = Deframer::new();
    let mut chunk = [0; READ];
    loop {
        let len = input.read(&mut chunk).map_err(|_| TransportError::Read)?;
        if len == 0 {
            return Ok(End::Closed);
        }
        for &byte in chunk.get(..len).unwrap_or_default() {
            if let Some(frame) = deframer.push(byte) {
                answers.push(board.handle(frame))?;
            }
        }
        answers.flush()?;
        if board.quit() {
            return Ok(End::Quit);
        }
    }
}

/// Gathers the answers to what one call has read, to write them in one call too.
struct Answers {
    output: File,
    bytes: [u8; READ],
    len: usize,
}

impl Answers {
    fn push(&mut self, frame: &[u8]) -> Result<(), TransportError> {
        const { assert!(MAX_FRAME <= READ) };
        if self.len + frame.len() > READ {
            self.flush()?;
        }
        if let Some(room) = self.bytes.get_mut(self.len..self.len + frame.len()) {
            room.copy_from_slice(frame);
            self.len += frame.len();
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), TransportError> {
        let len = core::mem::take(&mut self.len);
        self.output.write_all(self.bytes.get(..len).unwrap_or_default()).map_err(|_| TransportError::Write)
    }
}
