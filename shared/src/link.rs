//! The link between a host and a board: numbered requests and responses in checked frames.
//!
//! A [frame](frame) is a postcard message with its number and a CRC-32, in COBS, ended by a zero byte, at most 256
//! bytes long. The host numbers its requests one by one; the board answers each frame with exactly one frame:
//!
//! - the next number: carried out, and answered under the same number;
//! - the number just before it again: the same answer again, without effect;
//! - any other number: [`Response::OutOfStep`] with the number that the board waits for;
//! - a frame that is damaged or unknown: [`Response::Damaged`], under the number that the board waits for.
//!
//! [`Request::Hello`] is carried out under any number and sets the board in step with it. The board never
//! acts on half a frame and never resets; the host times out and repeats (see the trainer).
//!
//! A host may send many requests before it reads the first answer. So that it may lose any answer but the last,
//! a refused part of a document refuses the document: [`Request::Finish`] then answers with that refusal.

mod board;
pub mod frame;

pub use board::Board;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The version of this protocol. Host and board exchange it first.
pub const LINK_VERSION: u16 = 1;
/// The most bytes of text, and the most bytes of row ids, in one request.
pub const MAX_CHUNK: usize = 224;
/// The most logits in one response; [`Request::Logits`] asks for the others.
pub const MAX_LOGITS: usize = 40;

/// What the host asks for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Request<'a> {
    /// Who is there? Forgets the document and sets the board in step.
    Hello,
    /// The next bytes of the document's text, at most [`MAX_CHUNK`].
    Text(&'a [u8]),
    /// Row ids of the document, two bytes each, little endian, at most [`MAX_CHUNK`] bytes.
    Rows(&'a [u8]),
    /// The document ends here: classify it.
    Finish,
    /// The logits of the last answer from this one on.
    Logits(u8),
    /// Forget what was read of the document.
    Reset,
    /// Leave the program, where the board has something to return to.
    Quit,
}

/// What the board answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Response<'a> {
    /// To [`Request::Hello`].
    Hello {
        /// The board's [`LINK_VERSION`].
        link: u16,
        /// The name of the board.
        board: &'a str,
        /// The CRC-32 of the loaded model, or why there is none.
        model: Result<u32, Error>,
    },
    /// Carried out; there is nothing to say.
    Done,
    /// To [`Request::Finish`] and [`Request::Logits`].
    Logits {
        /// How many logits the answer has in all.
        total: u8,
        /// The first of them, or those from the number asked for.
        values: Vec<i32, MAX_LOGITS>,
    },
    /// The request could not be carried out.
    Refused(Error),
    /// The number was not the next one; the host goes on from `expected`.
    OutOfStep {
        /// The number that the board waits for.
        expected: u16,
    },
    /// The frame was damaged, or its message is not known here.
    Damaged,
}
