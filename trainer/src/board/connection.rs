//! The host's side of the link, apart from any transport.
//!
//! Requests go out in windows: all frames of a window in one write, then their answers are read. Answers come in
//! order, and an answer shows that all requests before it were carried out; so only the answer to the last request
//! of a window must arrive. If it does not, the window is repeated from the first request that is not known to have
//! been carried out. The board's rules make that harmless: it carries out every number once.

use std::{
    io::{Read, Write},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use edgefit::link::{
    LINK_VERSION, MAX_CHUNK, Request, Response,
    frame::{self, Deframer, MAX_FRAME},
};

/// The most requests in a window. Their frames fit in any FIFO, so that writing one never waits for the board.
const WINDOW: usize = 32;

/// Why the link has failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum LinkError {
    #[error("it has closed the link")]
    Closed,
    #[error("it does not answer ({0} attempts)")]
    Silent(u32),
    #[error("it speaks version {0} of the link, this program speaks {LINK_VERSION}")]
    Version(u16),
    #[error("the board at the other end says that it is {0}")]
    OtherBoard(String),
    #[error("it holds another model: CRC {found:08x} instead of {expected:08x}")]
    OtherModel { found: u32, expected: u32 },
    #[error("it cannot run the model: {0}")]
    NoModel(edgefit::Error),
    #[error("it refused the document: {0}")]
    Refused(edgefit::Error),
    #[error("its answer does not belong to the question")]
    Unexpected,
}

/// How long to wait for a board, and how often to ask again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// How long the board may be silent.
    pub(super) silence: Duration,
    /// How many attempts without progress are made.
    pub(super) attempts: u32,
}

/// An answer to a request that was carried out.
#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Hello { link: u16, board: String, model: Result<u32, edgefit::Error> },
    Done,
    Logits { total: usize, values: Vec<i32> },
    Refused(edgefit::Error),
}

/// What was heard next.
enum Heard {
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

/// A link to a board.
#[derive(Debug)]
pub(super) struct Connection<W> {
    to_board: W,
    from_board: Receiver<Vec<u8>>,
    patience: Patience,
    /// The bytes being read, and how many of them have been.
    chunk: Vec<u8>,
    read: usize,
    deframer: Deframer,
    /// The number of the next request.
    next: u16,
    /// The frames being written.
    frames: Vec<u8>,
}

impl<W: Write> Connection<W> {
    /// A link over these two halves. A thread reads `from_board` to its end.
    pub(super) fn new(mut from_board: impl Read + Send + 'static, to_board: W, patience: Patience) -> Self {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut chunk = vec![0; 1 << 16];
            while let Ok(len @ 1..) = from_board.read(&mut chunk) {
                if sender.send(chunk[..len].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            to_board,
            from_board: receiver,
            patience,
            chunk: Vec::new(),
            read: 0,
            deframer: Deframer::new(),
            next: 0,
            frames: Vec::new(),
        }
    }

    /// Meets the board, which must have this name and hold the model with this CRC-32.
    pub(super) fn hello(&mut self, name: &str, crc: u32) -> Result<(), LinkError> {
        let Answer::Hello { link, board, model } = self.exchange(&[Request::Hello])? else {
            return Err(LinkError::Unexpected);
        };
        if link != LINK_VERSION {
            return Err(LinkError::Version(link));
        }
        if board != name {
            return Err(LinkError::OtherBoard(board));
        }
        match model {
            Err(error) => Err(LinkError::NoModel(error)),
            Ok(found) if found != crc => Err(LinkError::OtherModel { found, expected: crc }),
            Ok(_) => Ok(()),
        }
    }

    /// The integer logits of a text.
    pub(super) fn classify_text(&mut self, text: &[u8]) -> Result<Vec<i32>, LinkError> {
        self.classify(text.chunks(MAX_CHUNK).map(Request::Text))
    }

    /// The integer logits of a document of these rows.
    pub(super) fn classify_rows(&mut self, rows: &[u16]) -> Result<Vec<i32>, LinkError> {
        let ids: Vec<u8> = rows.iter().flat_map(|row| row.to_le_bytes()).collect();
        self.classify(ids.chunks(MAX_CHUNK).map(Request::Rows))
    }

    /// Asks the board to leave.
    pub(super) fn quit(&mut self) -> Result<(), LinkError> {
        match self.exchange(&[Request::Quit]) {
            // Gone before its answer was read: gone it is.
            Ok(_) | Err(LinkError::Closed) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn classify<'a>(&mut self, parts: impl Iterator<Item = Request<'a>>) -> Result<Vec<i32>, LinkError> {
        let requests: Vec<_> = parts.chain([Request::Finish]).collect();
        let mut answer = Answer::Done;
        for window in requests.chunks(WINDOW) {
            answer = self.exchange(window)?;
        }
        let mut logits = Vec::new();
        loop {
            let (total, values) = match answer {
                Answer::Logits { total, values } => (total, values),
                Answer::Refused(error) => return Err(LinkError::Refused(error)),
                _ => return Err(LinkError::Unexpected),
            };
            logits.extend(&values);
            if logits.len() == total {
                return Ok(logits);
            }
            let from = u8::try_from(logits.len()).map_err(|_| LinkError::Unexpected)?;
            if values.is_empty() || logits.len() > total {
                return Err(LinkError::Unexpected);
            }
            answer = self.exchange(&[Request::Logits(from)])?;
        }
    }

    /// Has the requests of one window carried out and returns the answer to the last of them.
    fn exchange(&mut self, requests: &[Request<'_>]) -> Result<Answer, LinkError> {
        let mut window = Window { first: self.next, len: requests.len(), done: 0 };
        let mut attempts = 0;
        while attempts < self.patience.attempts {
            let before = window.done;
            self.send(&window, requests)?;
            if let Some(answer) = self.answer(&mut window)? {
                self.next = window.number(window.len);
                return Ok(answer);
            }
            attempts = if window.done > before { 0 } else { attempts + 1 };
        }
        Err(LinkError::Silent(attempts))
    }

    /// Sends the requests of the window that are not known to have been carried out.
    fn send(&mut self, window: &Window, requests: &[Request<'_>]) -> Result<(), LinkError> {
        self.frames.clear();
        // Ends whatever half a frame the board may have of us, so that the first frame of a repeat is not lost with it.
        self.frames.push(0);
        for (offset, request) in requests.iter().enumerate().skip(window.done) {
            let mut out = [0; MAX_FRAME];
            let len = frame::encode(window.number(offset), request, &mut out).map_err(|_| LinkError::Unexpected)?;
            self.frames.extend_from_slice(&out[..len]);
        }
        self.to_board.write_all(&self.frames).map_err(|_| LinkError::Closed)
    }

    /// Reads until the last answer of the window has come, or it is clear that it will not.
    fn answer(&mut self, window: &mut Window) -> Result<Option<Answer>, LinkError> {
        let last = window.len - 1;
        let mut silence = self.patience.silence;
        loop {
            match self.hear(silence)? {
                Heard::Answer { number, answer } => {
                    let offset = window.offset(number);
                    // Others are answers to what was repeated.
                    if (window.done..window.len).contains(&offset) {
                        window.done = offset + 1;
                        if offset == last {
                            return Ok(Some(answer));
                        }
                    }
                }
                Heard::OutOfStep { number, expected } => {
                    let carried_out = window.offset(expected);
                    if carried_out <= window.len {
                        // The last one is repeated even if it was carried out: its answer is wanted.
                        window.done = window.done.max(carried_out.min(last));
                    }
                    if window.offset(number) == last {
                        return Ok(None);
                    }
                }
                Heard::Damaged { number } if window.offset(number) == last => return Ok(None),
                // Something was lost. What else is under way comes at once, if it comes.
                Heard::Damaged { .. } | Heard::Noise => silence = self.patience.silence / 8,
                Heard::Silence => return Ok(None),
            }
        }
    }

    fn hear(&mut self, silence: Duration) -> Result<Heard, LinkError> {
        loop {
            while let Some(&byte) = self.chunk.get(self.read) {
                self.read += 1;
                if let Some(body) = self.deframer.push(byte) {
                    return Ok(understand(body));
                }
            }
            self.read = 0;
            self.chunk = match self.from_board.recv_timeout(silence) {
                Ok(chunk) => chunk,
                Err(RecvTimeoutError::Timeout) => {
                    self.chunk.clear();
                    return Ok(Heard::Silence);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(LinkError::Closed),
            };
        }
    }
}

/// Requests under consecutive numbers.
struct Window {
    /// The number of the first one.
    first: u16,
    len: usize,
    /// How many are known to have been carried out.
    done: usize,
}

impl Window {
    fn number(&self, offset: usize) -> u16 {
        self.first.wrapping_add(offset as u16)
    }

    /// How far a number lies behind the first; numbers before it come out very large.
    fn offset(&self, number: u16) -> usize {
        usize::from(number.wrapping_sub(self.first))
    }
}

fn understand(body: &mut [u8]) -> Heard {
    let Ok((number, response)) = frame::decode::<Response<'_>>(body) else { return Heard::Noise };
    let answer = match response {
        Response::OutOfStep { expected } => return Heard::OutOfStep { number, expected },
        Response::Damaged => return Heard::Damaged { number },
        Response::Hello { link, board, model } => Answer::Hello { link, board: board.to_owned(), model },
        Response::Done => Answer::Done,
        Response::Logits { total, values } => Answer::Logits { total: usize::from(total), values: values.to_vec() },
        Response::Refused(error) => Answer::Refused(error),
    };
    Heard::Answer { number, answer }
}

#[cfg(test)]
mod tests;
