//! What a board says, taken out of its frames.

use edgefit::link::{Response, frame};

/// An answer to a request that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Hello { link: u16, board: String, model: Result<u32, edgefit::Error> },
    Done,
    Logits { total: usize, values: Vec<i32> },
    Refused(edgefit::Error),
    Info(BoardInfo),
    Bench(Timing),
}

/// What a board says that it is and has room for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardInfo {
    /// The version of its firmware.
    pub firmware: String,
    /// The target triple that it was built for.
    pub target: String,
    /// The length of its model region, in bytes.
    pub region: u32,
    /// The most rows that a model may have.
    pub rows: u32,
    /// The most units that a layer may have.
    pub units: u32,
    /// The deepest its stack has been, in bytes; 0 if it does not know.
    pub stack_used: u32,
    /// How many bytes its stack has.
    pub stack: u32,
    /// How many documents it has classified.
    pub documents: u32,
}

/// How long a board took for a document, in ticks of its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// For its text or rows.
    pub input: u32,
    /// For the layers after them.
    pub finish: u32,
    /// Ticks a second, 0 if the board does not know.
    pub ticks_per_second: u32,
}

/// What was heard next.
pub(super) enum Heard {
    Answer {
        number: u16,
        answer: Answer,
    },
    OutOfStep {
        number: u16,
        expected: u16,
    },
    /// The board could not read a frame, under the number that it waits for.
    Damaged {
        number: u16,
    },
    /// A frame that we could not read.
    Noise,
    Silence,
}

/// What a frame says, checksum and all; it is undone in place.
pub(super) fn understand(body: &mut [u8]) -> Heard {
    let Ok((number, response)) = frame::decode::<Response<'_>>(body) else { return Heard::Noise };
    let answer = match response {
        Response::OutOfStep { expected } => return Heard::OutOfStep { number, expected },
        Response::Damaged => return Heard::Damaged { number },
        Response::Hello { link, board, model } => Answer::Hello { link, board: board.to_owned(), model },
        Response::Done => Answer::Done,
        Response::Logits { total, values } => Answer::Logits { total: usize::from(total), values: values.to_vec() },
        Response::Refused(error) => Answer::Refused(error),
        Response::Info(info) => Answer::Info(BoardInfo {
            firmware: info.firmware.to_owned(),
            target: info.target.to_owned(),
            region: info.region,
            rows: info.rows,
            units: info.units,
            stack_used: info.stack_used,
            stack: info.stack,
            documents: info.documents,
        }),
        Response::Bench { input, finish, ticks_per_second } => {
            Answer::Bench(Timing { input, finish, ticks_per_second })
        }
    };
    Heard::Answer { number, answer }
}
