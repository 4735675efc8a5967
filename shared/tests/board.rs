//! What a board does beside answering documents: test itself, tell its time, leave.

mod common;
mod exchange;

use std::cell::Cell;

use edgefit::{
    Aligned, Error, Model, Scratch,
    link::{Board, Clock, Device, Info, Request, Response, SELF_TEST_STRIDE, Served},
    seen_words,
};
use exchange::{FILM, expect, framed, logits, send};

/// Runs `test` with a board whose classifier is of the golden model of text, and in whose flash stands this.
fn with_flash(flash: &[u8], test: impl FnOnce(&mut Board<'_, '_, '_>)) {
    with_device(flash, Clock { now: || 0, mask: 0, ticks_per_second: 0 }, test);
}

fn with_device(flash: &[u8], clock: Clock, test: impl FnOnce(&mut Board<'_, '_, '_>)) {
    let region = common::aligned_tiny_model();
    let model = Model::from_region(&region.0).unwrap();
    let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
    let classifier = Served::new(&model, &mut scratch).unwrap();
    let device = Device { name: "tiny", info: Info::default, clock };
    test(&mut Board::on(device, flash, Ok((classifier, model.crc()))));
}

#[test]
fn a_model_of_text_tests_itself_on_every_seventh_row() {
    with_flash(&common::aligned_tiny_model().0, |board| {
        let rows: Vec<u8> = (0..32u16).step_by(SELF_TEST_STRIDE).flat_map(u16::to_le_bytes).collect();
        expect(board, 0, &Request::Rows(&rows), &Response::Done);
        let expected = send(board, &framed(1, &Request::Finish), |_, response| format!("{response:?}"));
        expect(board, 2, &Request::Text(b"wonderful"), &Response::Done);
        let found = send(board, &framed(3, &Request::SelfTest), |_, response| format!("{response:?}"));
        assert_eq!(found, expected);
        expect(board, 4, &Request::Text(FILM.0), &Response::Done);
        expect(board, 5, &Request::Finish, &logits(FILM.1));
    });
}

#[test]
fn a_self_test_finds_that_the_flash_holds_another_model_or_none() {
    static OTHER: Aligned<[u8; include_bytes!("../golden/numeric.edgefit").len()]> =
        Aligned(*include_bytes!("../golden/numeric.edgefit"));
    with_flash(&OTHER.0, |board| expect(board, 0, &Request::SelfTest, &Response::Refused(Error::BadCrc)));
    let mut damaged = common::aligned_tiny_model();
    damaged.0[100] ^= 1;
    with_flash(&damaged.0, |board| expect(board, 0, &Request::SelfTest, &Response::Refused(Error::BadCrc)));
    with_flash(&[], |board| expect(board, 0, &Request::SelfTest, &Response::Refused(Error::TooShort)));
}

#[test]
fn a_board_that_is_to_load_another_model_says_where_and_does_not_quit() {
    with_flash(&[], |board| {
        assert_eq!((board.load(), board.quit()), (None, false));
        expect(board, 0, &Request::Load(4_096), &Response::Done);
        assert_eq!((board.load(), board.quit()), (Some(4_096), false));
    });
    with_flash(&[], |board| {
        expect(board, 0, &Request::Quit, &Response::Done);
        assert_eq!((board.load(), board.quit()), (None, true));
    });
}

#[test]
fn a_board_tells_the_ticks_of_the_last_document_though_its_clock_wraps() {
    thread_local!(static READS: Cell<u32> = const { Cell::new(0) });
    // Of eight bits, and a hundred ticks on at each reading: twice a request.
    let now = || (READS.replace(READS.get() + 1) * 100) & 0xff;
    let clock = Clock { now, mask: 0xff, ticks_per_second: 8_000 };
    with_device(&[], clock, |board| {
        let bench = |input, finish| Response::Bench { input, finish, ticks_per_second: 8_000 };
        expect(board, 0, &Request::Bench, &bench(0, 0));
        expect(board, 1, &Request::Text(&FILM.0[..10]), &Response::Done);
        expect(board, 2, &Request::Text(&FILM.0[10..]), &Response::Done);
        expect(board, 3, &Request::Finish, &logits(FILM.1));
        expect(board, 4, &Request::Bench, &bench(200, 100));
        // What was forgotten does not count.
        expect(board, 5, &Request::Text(FILM.0), &Response::Done);
        expect(board, 6, &Request::Reset, &Response::Done);
        expect(board, 7, &Request::Text(FILM.0), &Response::Done);
        expect(board, 8, &Request::Finish, &logits(FILM.1));
        expect(board, 9, &Request::Bench, &bench(100, 100));
    });
}

#[test]
fn a_board_tells_how_many_documents_it_has_classified() {
    with_flash(&[], |board| {
        let info = |documents| Response::Info(Info { documents, ..Info::default() });
        expect(board, 0, &Request::Info, &info(0));
        expect(board, 1, &Request::Text(FILM.0), &Response::Done);
        expect(board, 2, &Request::Finish, &logits(FILM.1));
        expect(board, 3, &Request::Info, &info(1));
    });
}
