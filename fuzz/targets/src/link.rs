//! The board's side of the link.
//!
//! The first byte says what the rest is: a stream of bytes as they come from a wire, to a board with a model or without, or a
//! list of operations, each of which becomes a right frame, whose answers are compared with those of a board that keeps the
//! whole document.

use std::collections::BTreeSet;

use edgefit::{
    Error, Model,
    link::{
        Board, Clock, Device, Info, LINK_VERSION, MAX_CHUNK, MAX_LOGITS, Request, Response, SELF_TEST_STRIDE, Served,
        frame::{self, Deframer, MAX_FRAME},
    },
};

use crate::{
    buffer::{Buffer, Room},
    model::{Decoded, decode},
    pieces,
    reference::{Network, numeric::NumericNetwork},
};

const MODELS: [&[u8]; 2] =
    [include_bytes!("../../../shared/golden/tiny.edgefit"), include_bytes!("../../../shared/golden/numeric.edgefit")];

/// See the module.
pub fn run(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let file = MODELS[usize::from(first / 2 % 2)];
    let buffer = Buffer::new(file);
    let model = Model::from_bytes(buffer.bytes()).expect("a golden model");
    let mut room = Room::new(&model);
    let served = Served::new(&model, room.view()).expect("the room is made for the model");
    let device = Device { name: "any", info: Info::default, clock: Clock { now: || 0, mask: 0, ticks_per_second: 0 } };
    if first % 8 == 4 {
        return noise(&mut Board::new("any", Err(Error::BadCrc)), Err(Error::BadCrc), rest);
    }
    let mut board = Board::on(device, buffer.bytes(), Ok((served, model.crc())));
    if first % 2 == 0 {
        noise(&mut board, Ok(model.crc()), rest);
    } else {
        operations(&mut board, &mut Expected::of(file, model.crc()), rest);
    }
}

/// What the fuzzer starts from.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let session: [(u16, Request<'_>); 12] = [
        (9, Request::Hello),
        (10, Request::Text(b"A truly won")),
        (11, Request::Text(b"derful film")),
        (12, Request::Finish),
        (13, Request::Logits(0)),
        (14, Request::Rows(&[3, 0, 31, 0])),
        (15, Request::Numbers(&[0; 16])),
        (16, Request::Reset),
        (17, Request::SelfTest),
        (18, Request::Info),
        (19, Request::Bench),
        (20, Request::Load(16)),
    ];
    let wire = session.iter().flat_map(|(number, request)| framed(*number, request).expect("it fits"));
    let wire: Vec<u8> = wire.collect();
    let mut all = vec![[&[0], &wire[..]].concat(), [&[2], &wire[..]].concat(), [&[4], &wire[..]].concat()];
    // Every kind of request in turn, now and then under a wrong number.
    for model in [1, 3] {
        for wrong in [255, 5, 3] {
            let operation = |i: u8| [i, if i % wrong == wrong - 1 { i } else { 0 }, 7, i, 0, b'a', b' ', 31, 0, i];
            all.push([&[model], (0..60).flat_map(operation).collect::<Vec<u8>>().as_slice()].concat());
        }
    }
    all
}

/// A request as a whole frame, if there is room for it.
fn framed(number: u16, request: &Request<'_>) -> Option<Vec<u8>> {
    let mut out = [0; MAX_FRAME];
    let len = frame::encode(number, request, &mut out).ok()?;
    Some(out[..len].to_vec())
}

/// The number and the response of an answer, which is one whole frame.
fn answered<T>(answer: &[u8], read: impl FnOnce(u16, Response<'_>) -> T) -> T {
    let mut answer = answer.to_vec();
    assert_eq!(answer.pop(), Some(0), "an answer is a whole frame");
    assert!(!answer.contains(&0) && answer.len() < MAX_FRAME);
    let (number, response) = frame::decode(&mut answer).expect("the board's frames are sound");
    read(number, response)
}

/// Any bytes: whatever comes out of the stream is answered, and the board is in step again at the next greeting.
fn noise(board: &mut Board<'_, '_, '_>, model: Result<u32, Error>, bytes: &[u8]) {
    let (mut in_pieces, mut whole) = (Deframer::new(), Deframer::new());
    let (mut frames, mut rest) = (Vec::new(), bytes);
    while let Some(body) = whole.feed(&mut rest) {
        frames.push(body.to_vec());
    }
    let mut byte_by_byte = Deframer::default();
    let pushed = bytes.iter().filter_map(|byte| byte_by_byte.push(*byte).map(|body| body.to_vec()));
    assert!(pushed.eq(frames.iter().cloned()), "the same frames byte by byte");
    let mut expected = frames.into_iter();
    for mut piece in pieces(bytes) {
        while let Some(body) = in_pieces.feed(&mut piece) {
            assert_eq!(Some(&*body), expected.next().as_deref(), "the same frames for any pieces");
            answered(board.handle(body), |_, _| ());
            assert!(!(board.quit() && board.load().is_some()), "the program ends in one way");
        }
    }
    assert_eq!(expected.next(), None);
    let mut hello = framed(77, &Request::Hello).expect("it fits");
    hello.pop();
    answered(board.handle(&mut hello), |number, response| {
        assert_eq!((number, response), (77, Response::Hello { link: LINK_VERSION, board: "any", model }));
    });
}

/// What a board is to answer, from the whole document.
struct Expected {
    network: Decoded,
    crc: u32,
    number: u16,
    last: Option<Response<'static>>,
    text: Vec<u8>,
    rows: BTreeSet<usize>,
    numbers: Vec<f32>,
    refusal: Option<Error>,
    logits: Vec<i32>,
    documents: u32,
}

fn operations(board: &mut Board<'_, '_, '_>, expected: &mut Expected, mut bytes: &[u8]) {
    let mut deframer = Deframer::new();
    while let Some((&[kind, step, length], rest)) = bytes.split_first_chunk() {
        let (payload, rest) = rest.split_at(usize::from(length).min(MAX_CHUNK).min(rest.len()));
        bytes = rest;
        let request = match kind % 12 {
            0 => Request::Hello,
            1 | 2 => Request::Text(payload),
            3 => Request::Rows(payload),
            4 => Request::Numbers(payload),
            5 | 6 => Request::Finish,
            7 => Request::Logits(payload.first().copied().unwrap_or(0)),
            8 => Request::Reset,
            9 => Request::SelfTest,
            10 => Request::Info,
            _ => [Request::Bench, Request::Quit, Request::Load(payload.len() as u32)][usize::from(step % 3)],
        };
        // Most numbers are the next one, some the one before, few any other.
        let number = expected.number.wrapping_sub(if step < 128 { 0 } else { u16::from(step - 127) });
        let Some(frame) = framed(number, &request) else { continue };
        let mut wire = &frame[..];
        let body = deframer.feed(&mut wire).expect("a whole frame");
        let due = expected.answer(number, request);
        answered(board.handle(body), |n, response| assert_eq!((n, response), (number, due), "{request:?}"));
        assert_eq!(board.documents(), expected.documents);
    }
}

impl Expected {
    fn of(file: &[u8], crc: u32) -> Self {
        let network = decode(file);
        let logits = match &network {
            Decoded::Text(network) => vec![0; network.logits(&BTreeSet::new()).len()],
            Decoded::Numbers(network) => vec![0; network.logits(&network.means).len()],
        };
        Self {
            network,
            crc,
            number: 0,
            last: None,
            text: Vec::new(),
            rows: BTreeSet::new(),
            numbers: Vec::new(),
            refusal: None,
            logits,
            documents: 0,
        }
    }

    fn answer(&mut self, number: u16, request: Request<'_>) -> Response<'static> {
        if number == self.number || request == Request::Hello {
            self.number = number.wrapping_add(1);
            let answer = self.carry_out(request);
            self.last = Some(answer.clone());
            return answer;
        }
        match &self.last {
            // What is told of the logits from a place on is told of them as they are.
            Some(last) if number == self.number.wrapping_sub(1) => last.clone(),
            _ => Response::OutOfStep { expected: self.number },
        }
    }

    fn carry_out(&mut self, request: Request<'_>) -> Response<'static> {
        let taken = match request {
            Request::Hello => {
                self.forget();
                return Response::Hello { link: LINK_VERSION, board: "any", model: Ok(self.crc) };
            }
            Request::Reset => {
                self.forget();
                return Response::Done;
            }
            Request::Quit | Request::Load(_) => return Response::Done,
            Request::Info => return Response::Info(Info { documents: self.documents, ..Info::default() }),
            Request::Bench => return Response::Bench { input: 0, finish: 0, ticks_per_second: 0 },
            Request::Logits(from) => return self.told(from),
            Request::SelfTest => {
                self.forget();
                self.logits = match &self.network {
                    Decoded::Text(network) => network.logits(&(0..network.rows()).step_by(SELF_TEST_STRIDE).collect()),
                    Decoded::Numbers(network) => {
                        network.logits(&(0..network.means.len()).map(|feature| feature as f32).collect::<Vec<_>>())
                    }
                };
                return self.told(0);
            }
            Request::Finish => {
                let answer = self.finish();
                self.forget();
                return answer.map_or_else(Response::Refused, |()| self.told(0));
            }
            Request::Text(chunk) => self.take_text(chunk),
            Request::Rows(ids) => self.take_rows(ids),
            Request::Numbers(numbers) => self.take_numbers(numbers),
        };
        match taken {
            Ok(()) => Response::Done,
            Err(error) => {
                self.refusal.get_or_insert(error);
                Response::Refused(error)
            }
        }
    }

    fn forget(&mut self) {
        self.text.clear();
        self.rows.clear();
        self.numbers.clear();
        self.refusal = None;
    }

    fn told(&self, from: u8) -> Response<'static> {
        let values = self.logits.iter().skip(from.into()).take(MAX_LOGITS).copied().collect();
        Response::Logits { total: self.logits.len() as u8, values }
    }

    fn take_text(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let Decoded::Text(_) = self.network else { return Err(Error::NoVocabulary) };
        self.text.extend(chunk);
        Ok(())
    }

    fn take_rows(&mut self, ids: &[u8]) -> Result<(), Error> {
        let Decoded::Text(network) = &self.network else { return Err(Error::NoVocabulary) };
        let (pairs, rest) = ids.as_chunks::<2>();
        for pair in pairs {
            let row = usize::from(u16::from_le_bytes(*pair));
            if row >= network.rows() {
                return Err(Error::RowOutOfRange);
            }
            self.rows.insert(row);
        }
        if rest.is_empty() { Ok(()) } else { Err(Error::BadLength) }
    }

    fn take_numbers(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Decoded::Numbers(NumericNetwork { means, .. }) = &self.network else { return Err(Error::NoFeatures) };
        let (numbers, rest) = bytes.as_chunks::<4>();
        for number in numbers {
            if self.numbers.len() == means.len() {
                return Err(Error::WrongFeatures);
            }
            let number = f32::from_le_bytes(*number);
            if !number.is_finite() {
                return Err(Error::NotFinite);
            }
            self.numbers.push(number);
        }
        if rest.is_empty() { Ok(()) } else { Err(Error::BadLength) }
    }

    fn finish(&mut self) -> Result<(), Error> {
        if let Some(error) = self.refusal {
            return Err(error);
        }
        self.logits = match &self.network {
            Decoded::Text(network) => network.logits(&self.rows_of_document(network)),
            Decoded::Numbers(network) if self.numbers.len() == network.means.len() => network.logits(&self.numbers),
            Decoded::Numbers(_) => return Err(Error::WrongFeatures),
        };
        self.documents = self.documents.wrapping_add(1);
        Ok(())
    }

    fn rows_of_document(&self, network: &Network) -> BTreeSet<usize> {
        network.rows_of(&self.text).into_iter().chain(self.rows.iter().copied()).collect()
    }
}
