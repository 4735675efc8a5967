//! The host's side of the link, apart from any transport.
//!
//! Requests go out in windows: all frames of a window in one write, then their answers are read. Answers come in
//! order, and an answer shows that all requests before it were carried out; so only the answer to the last request
//! of a window must arrive. If it does not, the window is repeated from the first request that is not known to have
//! been carried out. The board's rules make that harmless: it carries out every number once. Many documents go out in
//! a [stream] instead, so that neither side waits for the other.

use std::{
    io::{Read, Write},
    sync::mpsc::{self, Receiver, RecvTimeoutError, TrySendError},
    thread,
    time::Duration,
};

use edgefit::link::{
    LINK_VERSION, MAX_CHUNK, Request,
    frame::{self, Deframer, MAX_FRAME},
};

use self::answer::{Answer, Heard, understand};
pub use self::answer::{BoardInfo, Timing};
use super::Document;

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

/// How fast to go, how long to wait for a board, and how often to ask again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// How long the board may be silent.
    pub(super) silence: Duration,
    /// How many attempts without progress are made.
    pub(super) attempts: u32,
    /// The most requests in a window: 1 for a line without flow control.
    pub(super) window: usize,
    /// The most bytes under way in a stream: they must fit in the transport. Nothing is streamed if 0.
    pub(super) under_way: usize,
}

impl Pace {
    /// For a pipe. A window and a stream fit in it (64 KiB), so that writing never waits for the board. The silence is
    /// generous, since the machine may be busy; a board whose process has ended is noticed at once.
    pub(super) const PIPE: Self =
        Self { silence: Duration::from_secs(4), attempts: 5, window: 32, under_way: 48 << 10 };
    /// For a serial line without flow control: a request goes out when the answer to the last one is there.
    pub(super) const SERIAL: Self = Self { window: 1, under_way: 0, ..Self::PIPE };
}

/// How many frames an attempt hears beyond two a request that may still be answered. A board answers each request once; a
/// bad line doubles a frame or cuts it in two. One that goes on for longer is as good as silent: silence alone would never
/// come.
const SPARE_FRAMES: usize = 64;
/// How many bytes are read at a time.
const CHUNK: usize = 4 << 10;
/// How many chunks wait to be heard: more than the answers to a stream, each in a chunk of its own.
const WAITING_CHUNKS: usize = 8 << 10;

/// A link to a board.
#[derive(Debug)]
pub(super) struct Connection<W> {
    pub(super) to_board: W,
    from_board: Receiver<Vec<u8>>,
    pace: Pace,
    /// The bytes being read, and how many of them have been.
    chunk: Vec<u8>,
    read: usize,
    deframer: Deframer,
    /// How many bytes have come since the last frame ended.
    unframed: usize,
    /// How many requests have been sent whose answers may still come, wanted or not.
    unanswered: usize,
    /// The number of the next request.
    next: u16,
    /// The frames being written.
    frames: Vec<u8>,
    /// The name and the model's CRC-32 that the board has to have.
    expected: Option<(String, u32)>,
}

impl<W: Write> Connection<W> {
    /// A link over these two halves. A thread reads `from_board` to its end. What it cannot put down, since too much waits to
    /// be heard, is lost as on a bad line: to wait would stop those who end a board by reading it to its end.
    pub(super) fn new(mut from_board: impl Read + Send + 'static, to_board: W, pace: Pace) -> Self {
        let (sender, receiver) = mpsc::sync_channel(WAITING_CHUNKS);
        thread::spawn(move || {
            let mut chunk = [0; CHUNK];
            while let Ok(len @ 1..) = from_board.read(&mut chunk) {
                if let Err(TrySendError::Disconnected(_)) = sender.try_send(chunk[..len].to_vec()) {
                    break;
                }
            }
        });
        Self {
            to_board,
            from_board: receiver,
            pace,
            chunk: Vec::new(),
            read: 0,
            deframer: Deframer::new(),
            unframed: 0,
            unanswered: 0,
            next: 0,
            frames: Vec::new(),
            expected: None,
        }
    }

    /// Waits for a byte, for as long as the pace allows. A board without a connection says by one that it is ready, and
    /// by another one that it has come to its end.
    pub(super) fn listen(&mut self) -> Result<(), LinkError> {
        match self.from_board.recv_timeout(self.pace.silence * self.pace.attempts) {
            Ok(chunk) => {
                (self.chunk, self.read) = (chunk, 0);
                Ok(())
            }
            Err(RecvTimeoutError::Timeout) => Err(LinkError::Silent(1)),
            Err(RecvTimeoutError::Disconnected) => Err(LinkError::Closed),
        }
    }

    /// Meets the board, which must have this name and hold the model with this CRC-32.
    pub(super) fn hello(&mut self, name: &str, crc: u32) -> Result<(), LinkError> {
        self.expected = Some((name.to_owned(), crc));
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

    /// The integer logits of a document.
    pub(super) fn classify_document(&mut self, document: Document<'_>) -> Result<Vec<i32>, LinkError> {
        self.classify(document.requests())
    }

    /// The integer logits of a document of these rows.
    pub(super) fn classify_rows(&mut self, rows: &[u16]) -> Result<Vec<i32>, LinkError> {
        let ids: Vec<u8> = rows.iter().flat_map(|row| row.to_le_bytes()).collect();
        self.classify(ids.chunks(MAX_CHUNK).map(Request::Rows))
    }

    /// What the board is and has room for.
    pub(super) fn info(&mut self) -> Result<BoardInfo, LinkError> {
        match self.exchange(&[Request::Info])? {
            Answer::Info(info) => Ok(info),
            _ => Err(LinkError::Unexpected),
        }
    }

    /// How long the last document took.
    pub(super) fn bench(&mut self) -> Result<Timing, LinkError> {
        match self.exchange(&[Request::Bench])? {
            Answer::Bench(timing) => Ok(timing),
            Answer::Refused(error) => Err(LinkError::Refused(error)),
            _ => Err(LinkError::Unexpected),
        }
    }

    /// Has the board validate its model anew and returns its logits of the self-test's document.
    pub(super) fn self_test(&mut self) -> Result<Vec<i32>, LinkError> {
        let answer = self.exchange(&[Request::SelfTest])?;
        self.logits(answer)
    }

    /// Has the board serve what lies at this offset of its model region; says hello to it.
    pub(super) fn load(&mut self, offset: u32, name: &str, crc: u32) -> Result<(), LinkError> {
        match self.exchange(&[Request::Load(offset)])? {
            Answer::Done => self.hello(name, crc),
            _ => Err(LinkError::Unexpected),
        }
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
        for window in requests.chunks(self.pace.window) {
            answer = self.exchange(window)?;
        }
        self.logits(answer)
    }

    /// All logits of an answer, of which a frame holds only some.
    fn logits(&mut self, mut answer: Answer) -> Result<Vec<i32>, LinkError> {
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
        while attempts < self.pace.attempts {
            let before = window.done;
            self.send(&window, requests)?;
            if let Some(answer) = self.answer(&mut window)? {
                self.next = window.number(window.len);
                // Answers come in order: none to an earlier request is under way any more.
                self.unanswered = 0;
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
            self.unanswered += 1;
        }
        self.to_board.write_all(&self.frames).map_err(|_| LinkError::Closed)
    }

    /// Reads until the last answer of the window has come, or it is clear that it will not: by silence, or by more frames than
    /// there can be.
    fn answer(&mut self, window: &mut Window) -> Result<Option<Answer>, LinkError> {
        let last = window.len - 1;
        let mut silence = self.pace.silence;
        for _ in 0..SPARE_FRAMES + 2 * self.unanswered {
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
                Heard::Damaged { .. } | Heard::Noise => silence = self.pace.silence / 8,
                Heard::Silence => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Whether the next answer is that a frame was damaged.
    #[cfg(test)]
    pub(super) fn hears_damage(&mut self) -> bool {
        matches!(self.hear(self.pace.silence), Ok(Heard::Damaged { .. }))
    }

    /// The next frame. Bytes that are more than one and end none are noise at once, and not only once they end.
    fn hear(&mut self, silence: Duration) -> Result<Heard, LinkError> {
        loop {
            let mut bytes = &self.chunk[self.read..];
            let heard = self.deframer.feed(&mut bytes).map(understand);
            let taken = self.chunk.len() - bytes.len() - self.read;
            self.read += taken;
            self.unframed = if heard.is_some() { 0 } else { self.unframed + taken };
            if let Some(heard) = heard {
                return Ok(heard);
            }
            if self.unframed > MAX_FRAME {
                self.unframed = 0;
                return Ok(Heard::Noise);
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

mod answer;
#[cfg(test)]
pub(super) mod line;
mod stream;
#[cfg(test)]
mod tests;
