//! The board's side of the link, apart from any transport.

use heapless::Vec;

use super::{
    LINK_VERSION, MAX_LOGITS, Request, Response,
    frame::{self, MAX_FRAME},
};
use crate::{Classifier, Error};

/// Answers frames. It holds the state of the link and of the document; the caller moves the bytes.
#[derive(Debug)]
pub struct Board<'b, 'm, 's> {
    name: &'b str,
    model: Result<(Classifier<'m, 's>, u32), Error>,
    /// Why the document at hand cannot be classified, if so.
    refusal: Option<Error>,
    expected: u16,
    last: Option<Outcome>,
    frame: [u8; MAX_FRAME],
    documents: u32,
    quit: bool,
}

/// What the last request that was carried out came to. The answer to it can be given again from this alone.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    Hello,
    Done,
    Logits { from: u8 },
    Refused(Error),
}

impl<'b, 'm, 's> Board<'b, 'm, 's> {
    /// A board of this name, with a classifier and the CRC-32 of its model, or the reason why there is none.
    #[must_use]
    pub const fn new(name: &'b str, model: Result<(Classifier<'m, 's>, u32), Error>) -> Self {
        Self { name, model, refusal: None, expected: 0, last: None, frame: [0; MAX_FRAME], documents: 0, quit: false }
    }

    /// How many documents have been classified.
    #[must_use]
    pub const fn documents(&self) -> u32 {
        self.documents
    }

    /// Whether the host has asked to leave.
    #[must_use]
    pub const fn quit(&self) -> bool {
        self.quit
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
            (Request::Quit, _) => {
                self.quit = true;
                return Outcome::Done;
            }
            (Request::Hello, Err(_)) => return Outcome::Hello,
            (_, Err(error)) => return Outcome::Refused(*error),
            (_, Ok((classifier, _))) => classifier,
        };
        match request {
            Request::Text(chunk) => classifier.text(chunk),
            Request::Rows(ids) => {
                if let Err(error) = rows(classifier, ids) {
                    self.refusal.get_or_insert(error);
                    return Outcome::Refused(error);
                }
            }
            Request::Finish => {
                if let Some(error) = self.refusal.take() {
                    classifier.reset();
                    return Outcome::Refused(error);
                }
                classifier.finish();
                self.documents = self.documents.wrapping_add(1);
                return Outcome::Logits { from: 0 };
            }
            Request::Logits(from) => return Outcome::Logits { from },
            Request::Hello | Request::Reset => {
                classifier.reset();
                self.refusal = None;
            }
            Request::Quit => {}
        }
        if request == Request::Hello { Outcome::Hello } else { Outcome::Done }
    }

    fn response(&self, outcome: Outcome) -> Response<'b> {
        match (outcome, &self.model) {
            (Outcome::Hello, model) => Response::Hello {
                link: LINK_VERSION,
                board: self.name,
                model: model.as_ref().map(|(_, crc)| *crc).map_err(|error| *error),
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

/// Adds the rows of these ids up to the first that is wrong.
fn rows(classifier: &mut Classifier<'_, '_>, ids: &[u8]) -> Result<(), Error> {
    let (ids, half) = ids.as_chunks::<2>();
    ids.iter().try_for_each(|id| classifier.row(u16::from_le_bytes(*id)))?;
    if half.is_empty() { Ok(()) } else { Err(Error::BadLength) }
}
