//! The board's side of the link, apart from any transport.

use heapless::Vec;

use super::{
    Info, LINK_VERSION, MAX_LOGITS, Request, Response, Served,
    frame::{self, MAX_FRAME},
};
use crate::{Error, Model};

/// A counter that runs upwards and wraps around.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Reads it.
    pub now: fn() -> u32,
    /// Which bits of it count: a difference is taken modulo `mask + 1`.
    pub mask: u32,
    /// Ticks a second, 0 if unknown.
    pub ticks_per_second: u32,
}

impl Clock {
    const NONE: Self = Self { now: || 0, mask: 0, ticks_per_second: 0 };

    fn since(&self, before: u32) -> u32 {
        (self.now)().wrapping_sub(before) & self.mask
    }
}

/// What a board knows of itself.
#[derive(Debug, Clone, Copy)]
pub struct Device<'b> {
    /// Its name.
    pub name: &'b str,
    /// What it is and has room for; the number of documents is filled in.
    pub info: fn() -> Info<'b>,
    /// Its clock.
    pub clock: Clock,
}

/// Answers frames. It holds the state of the link and of the document; the caller moves the bytes.
#[derive(Debug)]
pub struct Board<'b, 'm, 's> {
    device: Device<'b>,
    /// The bytes of the model, validated anew by a self-test.
    region: &'m [u8],
    model: Result<(Served<'m, 's>, u32), Error>,
    /// Why the document at hand cannot be classified, if so.
    refusal: Option<Error>,
    expected: u16,
    last: Option<Outcome>,
    frame: [u8; MAX_FRAME],
    documents: u32,
    /// Ticks spent on the input of the document at hand, and on both parts of the last one.
    spent: u32,
    bench: (u32, u32),
    end: Option<End>,
}

/// Why a board stops answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Quit,
    Load(u32),
}

/// What the last request that was carried out came to. The answer to it can be given again from this alone.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Hello,
    Done,
    Logits { from: u8 },
    Refused(Error),
    Info,
    Bench,
}

impl<'b, 'm, 's> Board<'b, 'm, 's> {
    /// A board of this name, with a classifier and the CRC-32 of its model, or the reason why there is none.
    #[must_use]
    pub const fn new(name: &'b str, model: Result<(Served<'m, 's>, u32), Error>) -> Self {
        Self::on(Device { name, info: Info::default, clock: Clock::NONE }, &[], model)
    }

    /// Like [`Board::new`], on a device that tells what it is, with the region that the model was found in.
    #[must_use]
    pub const fn on(device: Device<'b>, region: &'m [u8], model: Result<(Served<'m, 's>, u32), Error>) -> Self {
        Self {
            device,
            region,
            model,
            refusal: None,
            expected: 0,
            last: None,
            frame: [0; MAX_FRAME],
            documents: 0,
            spent: 0,
            bench: (0, 0),
            end: None,
        }
    }

    /// How many documents have been classified.
    #[must_use]
    pub const fn documents(&self) -> u32 {
        self.documents
    }

    /// Whether the host has asked to leave.
    #[must_use]
    pub const fn quit(&self) -> bool {
        matches!(self.end, Some(End::Quit))
    }

    /// Where in the model region the host wants the model to be looked for from now on, if it has asked for that.
    #[must_use]
    pub const fn load(&self) -> Option<u32> {
        match self.end {
            Some(End::Load(offset)) => Some(offset),
            _ => None,
        }
    }

    /// Carries out one frame (without its zero byte; decoded in place) and returns the frame to send.
    pub fn handle(&mut self, bytes: &mut [u8]) -> &[u8] {
        let (number, response) = match frame::decode::<Request<'_>>(bytes) {
            Err(_) => (self.expected, Response::Damaged),
            Ok((number, request)) if number == self.expected || request == Request::Hello => {
                let outcome = self.carry_out(request);
                self.last = Some(outcome);
                self.expected = number.wrapping_add(1);
                (number, self.response(outcome))
            }
            Ok((number, _)) => match self.last {
                Some(outcome) if number == self.expected.wrapping_sub(1) => (number, self.response(outcome)),
                _ => (number, Response::OutOfStep { expected: self.expected }),
            },
        };
        // Every response fits in a frame: the longest, MAX_LOGITS logits, takes 204 bytes of payload.
        let len = frame::encode(number, &response, &mut self.frame).unwrap_or(0);
        self.frame.get(..len).unwrap_or_default()
    }

    fn carry_out(&mut self, request: Request<'_>) -> Outcome {
        let classifier = match (request, &mut self.model) {
            (Request::Quit, _) => return self.end(End::Quit),
            (Request::Load(offset), _) => return self.end(End::Load(offset)),
            (Request::Info, _) => return Outcome::Info,
            (Request::Hello, Err(_)) => return Outcome::Hello,
            (_, Err(error)) => return Outcome::Refused(*error),
            (_, Ok((classifier, _))) => classifier,
        };
        let before = (self.device.clock.now)();
        let taken = match request {
            Request::Text(chunk) => classifier.text(chunk),
            Request::Rows(ids) => classifier.rows(ids),
            Request::Numbers(numbers) => classifier.numbers(numbers),
            Request::Finish => {
                if let Some(error) = self.refusal.take() {
                    classifier.reset();
                    return Outcome::Refused(error);
                }
                if let Err(error) = classifier.finish() {
                    return Outcome::Refused(error);
                }
                self.documents = self.documents.wrapping_add(1);
                self.bench = (core::mem::take(&mut self.spent), self.device.clock.since(before));
                return Outcome::Logits { from: 0 };
            }
            Request::Logits(from) => return Outcome::Logits { from },
            Request::Bench => return Outcome::Bench,
            Request::SelfTest => return self.self_test(),
            Request::Hello | Request::Reset => {
                classifier.reset();
                self.refusal = None;
                self.spent = 0;
                return if request == Request::Hello { Outcome::Hello } else { Outcome::Done };
            }
            Request::Quit | Request::Load(_) | Request::Info => Ok(()),
        };
        if let Err(error) = taken {
            self.refusal.get_or_insert(error);
            return Outcome::Refused(error);
        }
        self.spent = self.spent.wrapping_add(self.device.clock.since(before));
        Outcome::Done
    }

    fn end(&mut self, end: End) -> Outcome {
        self.end = Some(end);
        Outcome::Done
    }

    /// The model's bytes must still be those that were loaded; its answer is for the host to compare.
    fn self_test(&mut self) -> Outcome {
        let Ok((classifier, crc)) = &mut self.model else { return Outcome::Refused(Error::BadMagic) };
        self.refusal = None;
        let answer = match Model::from_region(self.region) {
            Err(error) => Err(error),
            Ok(model) if model.crc() != *crc => Err(Error::BadCrc),
            Ok(model) => classifier.self_test(&model).map(|_| ()),
        };
        classifier.reset();
        answer.map_or_else(Outcome::Refused, |()| Outcome::Logits { from: 0 })
    }

    fn response(&self, outcome: Outcome) -> Response<'b> {
        match (outcome, &self.model) {
            (Outcome::Hello, model) => Response::Hello {
                link: LINK_VERSION,
                board: self.device.name,
                model: model.as_ref().map(|(_, crc)| *crc).map_err(|error| *error),
            },
            (Outcome::Info, _) => Response::Info(Info { documents: self.documents, ..(self.device.info)() }),
            (Outcome::Bench, _) => Response::Bench {
                input: self.bench.0,
                finish: self.bench.1,
                ticks_per_second: self.device.clock.ticks_per_second,
            },
            (Outcome::Refused(error), _) | (Outcome::Logits { .. }, &Err(error)) => Response::Refused(error),
            (Outcome::Logits { from }, Ok((classifier, _))) => {
                let logits = classifier.logits().values();
                let rest = logits.get(usize::from(from)..).unwrap_or_default();
                let shown = rest.get(..rest.len().min(MAX_LOGITS)).unwrap_or_default();
                let values = Vec::from_slice(shown).unwrap_or_default();
                Response::Logits { total: logits.len() as u8, values }
            }
            (Outcome::Done, _) => Response::Done,
        }
    }
}
