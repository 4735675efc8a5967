//! From bytes to frames to answers, over any transport.

use defmt::Format;
use edgefit::link::{
    Board,
    frame::{Deframer, MAX_FRAME},
};

use crate::{
    board::BUFFER,
    transport::{Error, Transport},
};

/// Why a board stops serving its model.
#[derive(Format)]
pub(crate) enum End {
    /// The host asked the board to leave.
    Quit,
    /// The host has closed its side.
    Closed,
    /// The host wants the model at this offset.
    Load(u32),
}

/// Room for what one call reads and for the answers to it.
pub(crate) struct Buffers {
    input: [u8; BUFFER],
    output: [u8; BUFFER],
}

impl Buffers {
    pub(crate) const fn new() -> Self {
        Self { input: [0; BUFFER], output: [0; BUFFER] }
    }
}

/// Answers frames until the host asks for something else.
pub(crate) fn serve(
    board: &mut Board<'_, '_, '_>,
    transport: &mut impl Transport,
    buffers: &mut Buffers,
) -> Result<End, Error> {
    let Buffers { input, output } = buffers;
    let mut answers = Answers { transport, bytes: output, len: 0 };
    let mut deframer = Deframer::new();
    loop {
        let len = answers.transport.read(input)?;
        if len == 0 {
            return Ok(End::Closed);
        }
        let mut bytes = input.get(..len).unwrap_or_default();
        while let Some(frame) = deframer.feed(&mut bytes) {
            answers.push(board.handle(frame))?;
            // What came after that was for the board as it is no longer.
            let end = if board.quit() { Some(End::Quit) } else { board.load().map(End::Load) };
            if let Some(end) = end {
                answers.flush()?;
                return Ok(end);
            }
        }
        answers.flush()?;
    }
}

/// Gathers the answers to what one call has read, to write them in one call too.
struct Answers<'a, T> {
    transport: &'a mut T,
    bytes: &'a mut [u8; BUFFER],
    len: usize,
}

impl<T: Transport> Answers<'_, T> {
    fn push(&mut self, frame: &[u8]) -> Result<(), Error> {
        const { assert!(MAX_FRAME <= BUFFER) };
        if self.len + frame.len() > BUFFER {
            self.flush()?;
        }
        if let Some(room) = self.bytes.get_mut(self.len..self.len + frame.len()) {
            room.copy_from_slice(frame);
            self.len += frame.len();
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let len = core::mem::take(&mut self.len);
        match self.bytes.get(..len) {
            Some(bytes) if !bytes.is_empty() => self.transport.write(bytes),
            _ => Ok(()),
        }
    }
}
