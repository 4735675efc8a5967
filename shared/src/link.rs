//! The link between a host and a board: numbered requests and responses in checked frames.
//!
//! A [frame] is a postcard message with its number and a CRC-32, in COBS, ended by a zero byte, at most 256
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
//!
//! Bytes travel over any transport. One that has no connection, such as a serial port, begins with a zero byte of the
//! board's, an empty frame: it listens from now on.

mod board;
pub mod frame;
mod served;

pub use board::{Board, Clock, Device};
pub use served::Served;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The version of this protocol. Host and board exchange it first.
pub const LINK_VERSION: u16 = 1;
/// The most bytes of text, of row ids or of numbers in one request.
pub const MAX_CHUNK: usize = 224;
/// The most logits in one response; [`Request::Logits`] asks for the others.
pub const MAX_LOGITS: usize = 40;
/// The document of [`Request::SelfTest`] has every row whose id is a multiple of this; for a model of numbers, the value of
/// each feature is its number, from 0.
pub const SELF_TEST_STRIDE: usize = 7;

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
    /// Leave the program: for what the board has to return to, or, where there is nothing, to idle until it is reset.
    Quit,
    /// What the board is and has room for.
    Info,
    /// Validate the model anew, forget the document, and classify one that the host knows, see [`SELF_TEST_STRIDE`].
    SelfTest,
    /// How long the last document took.
    Bench,
    /// Validate what lies this many bytes into the model region and serve it from now on. The board answers
    /// [`Response::Done`], begins anew, and waits for [`Request::Hello`], whose answer says what came of it.
    Load(u32),
    /// The next numbers of the document, raw, four bytes each: f32, little endian; at most [`MAX_CHUNK`] bytes.
    Numbers(&'a [u8]),
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
    /// To [`Request::Finish`], [`Request::Logits`] and [`Request::SelfTest`].
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
    /// To [`Request::Info`].
    Info(Info<'a>),
    /// To [`Request::Bench`].
    Bench {
        /// Ticks spent on the document's text or rows.
        input: u32,
        /// Ticks spent on the layers after them.
        finish: u32,
        /// Ticks a second, 0 if unknown.
        ticks_per_second: u32,
    },
}

/// What a board is and has room for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info<'a> {
    /// The version of the firmware.
    pub firmware: &'a str,
    /// The target triple it was built for.
    pub target: &'a str,
    /// The length of the model region, in bytes.
    pub region: u32,
    /// The most rows that a model may have.
    pub rows: u32,
    /// The most units that a layer may have.
    pub units: u32,
    /// The deepest the stack has been since the start, in bytes; 0 if the board does not know.
    pub stack_used: u32,
    /// How many bytes the stack has.
    pub stack: u32,
    /// How many documents have been classified since the model was loaded.
    pub documents: u32,
}
