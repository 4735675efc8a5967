//! What firmware calls of the link.

use core::hint::black_box;

use edgefit::{
    Error, Model, Scratch,
    link::{
        Board, Clock, Device, Info, Request, Response, Served,
        frame::{self, Deframer, MAX_FRAME},
    },
    seen_words,
};

use crate::calls::{any, any_bytes};

/// The server of the link: any frames to a board with any model, or none.
pub(crate) fn serve() {
    let region = any_bytes();
    let model = Model::from_region(region);
    let mut scratch = Scratch::<{ seen_words(10_000) }, 16>::new();
    let classifier = match &model {
        Ok(model) => Served::new(model, black_box(&mut scratch)).map(|served| (served, model.crc())),
        Err(error) => Err(*error),
    };
    let info = || Info { firmware: black_box("0"), target: black_box("t"), ..Info::default() };
    let clock = Clock { now: || any(), mask: any(), ticks_per_second: any() };
    let mut board = Board::on(Device { name: black_box("board"), info, clock }, region, classifier);
    let mut deframer = Deframer::new();
    while black_box(true) {
        let mut bytes = any_bytes();
        while let Some(frame) = deframer.feed(&mut bytes) {
            black_box(board.handle(frame));
        }
        if let Some(frame) = deframer.push(any()) {
            black_box(board.handle(frame));
        }
        black_box((board.documents(), board.quit(), board.load()));
    }
    black_box(board.handle(black_box(&mut [0; 64][..])));
}

/// Frames of any message, made and read.
pub(crate) fn frames() {
    let mut out = [0; MAX_FRAME];
    black_box(frame::encode(any(), &Request::Text(any_bytes()), &mut out).is_ok());
    black_box(frame::encode(any(), &Response::Refused(Error::BadCrc), &mut out).is_ok());
    black_box(frame::decode::<Response<'_>>(black_box(&mut out[..])).is_ok());
}
