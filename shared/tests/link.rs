//! The rules of the link, one by one, on the board's side of it.

mod common;
mod exchange;

use edgefit::{
    Aligned, Error, Model, Scratch,
    link::{
        Board, Clock, Device, Info, LINK_VERSION, MAX_CHUNK, MAX_LOGITS, Request, Response, Served,
        frame::{self, Deframer, FrameError, MAX_FRAME},
    },
    seen_words,
};
use exchange::{FILM, expect, framed, logits, send};
use proptest::prelude::*;

type TinyScratch = Scratch<{ seen_words(64) }, 4>;

/// Runs `test` with a board that holds the golden model.
fn with_board(test: impl FnOnce(&mut Board<'_, '_, '_>, u32)) {
    let region = common::aligned_tiny_model();
    let model = Model::from_region(&region.0).unwrap();
    let mut scratch = TinyScratch::new();
    let classifier = Served::new(&model, &mut scratch).unwrap();
    test(&mut Board::new("tiny", Ok((classifier, model.crc()))), model.crc());
}

#[test]
fn hello_is_answered_with_version_name_and_model() {
    with_board(|board, crc| {
        let hello = Response::Hello { link: LINK_VERSION, board: "tiny", model: Ok(crc) };
        expect(board, 40_000, &Request::Hello, &hello);
        expect(board, 7, &Request::Hello, &hello);
        expect(board, 8, &Request::Reset, &Response::Done);
    });
}

#[test]
fn text_in_chunks_and_rows_are_classified() {
    with_board(|board, _| {
        expect(board, 0, &Request::Text(&FILM.0[..10]), &Response::Done);
        expect(board, 1, &Request::Text(&FILM.0[10..]), &Response::Done);
        expect(board, 2, &Request::Finish, &logits(FILM.1));
        // Row 31 is that of unknown words.
        expect(board, 3, &Request::Rows(&[31, 0]), &Response::Done);
        expect(board, 4, &Request::Finish, &logits(130));
        assert_eq!(board.documents(), 2);
    });
}

#[test]
fn a_repeated_number_gets_the_same_answer_without_effect() {
    with_board(|board, _| {
        expect(board, 0, &Request::Text(FILM.0), &Response::Done);
        expect(board, 0, &Request::Reset, &Response::Done);
        for _ in 0..3 {
            expect(board, 1, &Request::Finish, &logits(FILM.1));
        }
        assert_eq!(board.documents(), 1);
        expect(board, 2, &Request::Quit, &Response::Done);
        assert!(board.quit());
    });
}

#[test]
fn any_other_number_is_out_of_step_and_without_effect() {
    with_board(|board, _| {
        // Nothing came before the first request, so there is no answer to repeat.
        for number in [1, 2, 500, u16::MAX] {
            expect(board, number, &Request::Quit, &Response::OutOfStep { expected: 0 });
        }
        expect(board, 0, &Request::Text(FILM.0), &Response::Done);
        expect(board, 1, &Request::Text(b""), &Response::Done);
        for number in [0, 3, 4, u16::MAX] {
            expect(board, number, &Request::Reset, &Response::OutOfStep { expected: 2 });
        }
        expect(board, 2, &Request::Finish, &logits(FILM.1));
        assert!(!board.quit());
    });
}

#[test]
fn numbers_wrap_around() {
    with_board(|board, crc| {
        let hello = Response::Hello { link: LINK_VERSION, board: "tiny", model: Ok(crc) };
        expect(board, u16::MAX - 1, &Request::Hello, &hello);
        expect(board, u16::MAX, &Request::Text(FILM.0), &Response::Done);
        expect(board, 0, &Request::Finish, &logits(FILM.1));
        expect(board, 0, &Request::Finish, &logits(FILM.1));
    });
}

#[test]
fn hello_forgets_the_document_and_sets_the_board_in_step() {
    with_board(|board, crc| {
        expect(board, 0, &Request::Text(b"awful"), &Response::Done);
        let hello = Response::Hello { link: LINK_VERSION, board: "tiny", model: Ok(crc) };
        expect(board, 300, &Request::Hello, &hello);
        expect(board, 0, &Request::Text(b"awful"), &Response::OutOfStep { expected: 301 });
        expect(board, 301, &Request::Text(FILM.0), &Response::Done);
        expect(board, 302, &Request::Finish, &logits(FILM.1));
    });
}

#[test]
fn every_single_bit_flip_and_every_truncation_is_damage() {
    with_board(|board, _| {
        expect(board, 0, &Request::Text(b"A truly WON"), &Response::Done);
        let good = framed(1, &Request::Text(b"DERFUL film, \x80 and much more"));
        let flips = (0..good.len() * 8).map(|bit| {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            bad
        });
        let cuts = (0..good.len()).map(|len| good[..len].to_vec());
        for bad in flips.chain(cuts) {
            send(board, &bad, |number, response| assert_eq!((number, response), (1, Response::Damaged), "{bad:?}"));
        }
        expect(board, 1, &Request::Text(b"DERFUL film"), &Response::Done);
        expect(board, 2, &Request::Finish, &logits(FILM.1));
    });
}

#[test]
fn an_unknown_message_and_bytes_after_a_message_are_damage() {
    with_board(|board, _| {
        let mut out = [0; MAX_FRAME];
        let len = frame::encode(0, &200u8, &mut out).unwrap();
        send(board, &out[..len - 1], |n, response| assert_eq!((n, response), (0, Response::Damaged)));
        let len = frame::encode(0, &(Request::Quit, 0u8), &mut out).unwrap();
        send(board, &out[..len - 1], |n, response| assert_eq!((n, response), (0, Response::Damaged)));
        assert!(!board.quit());
    });
}

#[test]
fn frames_hold_the_longest_chunk_and_refuse_longer_messages() {
    assert!(framed(u16::MAX, &Request::Text(&[1; MAX_CHUNK])).len() < MAX_FRAME);
    let mut out = [0; MAX_FRAME];
    assert_eq!(frame::encode(0, &Request::Text(&[1; MAX_FRAME]), &mut out), Err(FrameError::TooLong));
    let longest: Response<'_> = Response::Logits { total: 64, values: [i32::MIN; MAX_LOGITS].into_iter().collect() };
    assert!(frame::encode(u16::MAX, &longest, &mut out).is_ok());
}

/// A body of `len` bytes that begins as a good frame would.
fn long_body(good: &[u8], len: usize) -> Vec<u8> {
    good.iter().copied().chain(std::iter::repeat(0x55)).take(len).collect()
}

#[test]
fn a_frame_that_is_too_long_is_damage_and_the_next_one_is_read() {
    with_board(|board, _| {
        let good = framed(0, &Request::Quit);
        let mut deframer = Deframer::new();
        for len in [MAX_FRAME - 1, MAX_FRAME, MAX_FRAME + 1, 10 * MAX_FRAME] {
            let mut bodies = vec![];
            for byte in long_body(&good, len).into_iter().chain([0, 0, 0]) {
                bodies.extend(deframer.push(byte).map(|body| body.to_vec()));
            }
            assert_eq!(bodies.len(), 1, "empty frames are no frames");
            assert_eq!(bodies[0], if len < MAX_FRAME { long_body(&good, len) } else { vec![0xff] });
            // As a whole it is the same as byte by byte.
            let whole = [&long_body(&good, len)[..], &[0]].concat();
            assert_eq!(Deframer::new().feed(&mut &whole[..]).map(|body| body.to_vec()), bodies.first().cloned());
            send(board, &bodies[0], |n, response| assert_eq!((n, response), (0, Response::Damaged)));
            assert!(!board.quit());
        }
        let mut body = None;
        for byte in good.into_iter().chain([0]) {
            body = deframer.push(byte).map(|body| body.to_vec());
        }
        send(board, &body.unwrap(), |n, response| assert_eq!((n, response), (0, Response::Done)));
        assert!(board.quit());
    });
}

#[test]
fn a_board_without_a_model_says_so_and_refuses() {
    let mut board = Board::new("bare", Err(Error::BadMagic));
    let hello = Response::Hello { link: LINK_VERSION, board: "bare", model: Err(Error::BadMagic) };
    expect(&mut board, 9, &Request::Hello, &hello);
    let requests =
        [Request::Text(b"film"), Request::Rows(&[0, 0]), Request::Finish, Request::Logits(0), Request::Reset];
    for (request, number) in requests.iter().zip(10..) {
        expect(&mut board, number, request, &Response::Refused(Error::BadMagic));
        expect(&mut board, number, request, &Response::Refused(Error::BadMagic));
    }
    expect(&mut board, 15, &Request::Quit, &Response::Done);
    assert!(board.quit());
    assert_eq!(board.documents(), 0);
}

#[test]
fn a_refused_row_refuses_the_document_and_no_other() {
    with_board(|board, _| {
        let refused = Response::Refused(Error::RowOutOfRange);
        expect(board, 0, &Request::Rows(&[0, 0, 32, 0]), &refused);
        expect(board, 1, &Request::Rows(&[1, 0]), &Response::Done);
        expect(board, 2, &Request::Rows(&[1, 0, 1]), &Response::Refused(Error::BadLength));
        expect(board, 3, &Request::Finish, &refused);
        expect(board, 3, &Request::Finish, &refused);
        expect(board, 4, &Request::Text(FILM.0), &Response::Done);
        expect(board, 5, &Request::Finish, &logits(FILM.1));
        // `Reset` starts a document anew, its refusal included.
        expect(board, 6, &Request::Rows(&[32, 0]), &refused);
        expect(board, 7, &Request::Reset, &Response::Done);
        expect(board, 8, &Request::Finish, &logits(93));
        assert_eq!(board.documents(), 2);
    });
}

#[test]
fn logits_are_given_again_from_any_number_on() {
    with_board(|board, _| {
        expect(board, 0, &Request::Text(FILM.0), &Response::Done);
        expect(board, 1, &Request::Finish, &logits(FILM.1));
        expect(board, 2, &Request::Logits(0), &logits(FILM.1));
        for (from, number) in [1, 200, u8::MAX].into_iter().zip(3..) {
            let none = Response::Logits { total: 1, values: [].into_iter().collect() };
            expect(board, number, &Request::Logits(from), &none);
        }
    });
}

proptest! {
    #[test]
    fn a_board_survives_any_bytes_and_answers_the_next_good_request(noise: Vec<u8>, number: u16) {
        with_board(|board, crc| {
            let mut deframer = Deframer::new();
            for byte in noise.into_iter().chain([0]) {
                if let Some(body) = deframer.push(byte) {
                    assert_eq!(board.handle(body).last(), Some(&0));
                }
            }
            let hello = Response::Hello { link: LINK_VERSION, board: "tiny", model: Ok(crc) };
            expect(board, number, &Request::Hello, &hello);
            expect(board, number.wrapping_add(1), &Request::Text(FILM.0), &Response::Done);
            expect(board, number.wrapping_add(2), &Request::Finish, &logits(FILM.1));
        });
    }

    #[test]
    fn messages_come_through_frames_unchanged(number: u16, chunk in proptest::collection::vec(any::<u8>(), 0..=MAX_CHUNK)) {
        let mut body = framed(number, &Request::Text(&chunk));
        prop_assert!(!body.contains(&0));
        prop_assert_eq!(frame::decode(&mut body), Ok((number, Request::Text(&chunk[..]))));
    }
}

/// Runs `test` with a board that holds the golden model of numbers.
fn with_numeric_board(test: impl FnOnce(&mut Board<'_, '_, '_>)) {
    static FILE: Aligned<[u8; include_bytes!("../golden/numeric.edgefit").len()]> =
        Aligned(*include_bytes!("../golden/numeric.edgefit"));
    let model = Model::from_bytes(&FILE.0).unwrap();
    let mut scratch = TinyScratch::new();
    let classifier = Served::new(&model, &mut scratch).unwrap();
    let device = Device { name: "iris", info: Info::default, clock: Clock { now: || 0, mask: 0, ticks_per_second: 0 } };
    test(&mut Board::on(device, &FILE.0, Ok((classifier, model.crc()))));
}

/// A vector as it travels.
fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The answer of the golden model of numbers, as `golden.rs` pins it.
fn iris_answer() -> Response<'static> {
    Response::Logits { total: 3, values: [-5_764, 185, 10_221].into_iter().collect() }
}

#[test]
fn a_vector_of_numbers_may_come_in_parts() {
    with_numeric_board(|board| {
        let vector = bytes(&[6.3, 3.3, 6.0, 2.5]);
        expect(board, 0, &Request::Numbers(&vector), &Response::Done);
        expect(board, 1, &Request::Finish, &iris_answer());
        expect(board, 2, &Request::Numbers(&vector[..12]), &Response::Done);
        expect(board, 3, &Request::Numbers(&vector[12..]), &Response::Done);
        expect(board, 3, &Request::Numbers(&vector[12..]), &Response::Done);
        expect(board, 4, &Request::Finish, &iris_answer());
        assert_eq!(board.documents(), 2);
    });
}

#[test]
fn a_vector_that_is_none_is_refused_and_the_next_one_answered() {
    with_numeric_board(|board| {
        let whole = bytes(&[6.3, 3.3, 6.0, 2.5]);
        let cases = [
            (bytes(&[6.3, f32::NAN, 6.0, 2.5]), Error::NotFinite),
            (bytes(&[6.3, 3.3, 6.0, f32::NEG_INFINITY]), Error::NotFinite),
            (bytes(&[1.0; 5]), Error::WrongFeatures),
            (whole[..15].to_vec(), Error::BadLength),
        ];
        let mut number = 0..;
        let mut next = || number.next().unwrap();
        for (vector, error) in cases {
            expect(board, next(), &Request::Numbers(&vector), &Response::Refused(error));
            expect(board, next(), &Request::Finish, &Response::Refused(error));
            expect(board, next(), &Request::Numbers(&whole), &Response::Done);
            expect(board, next(), &Request::Finish, &iris_answer());
        }
        expect(board, next(), &Request::Numbers(&whole[..12]), &Response::Done);
        expect(board, next(), &Request::Finish, &Response::Refused(Error::WrongFeatures));
        expect(board, next(), &Request::Numbers(&whole), &Response::Done);
        expect(board, next(), &Request::Finish, &iris_answer());
    });
}

#[test]
fn text_and_rows_are_not_for_models_of_numbers_nor_numbers_for_those_of_text() {
    with_numeric_board(|board| {
        for (number, request) in [(0, Request::Text(b"film")), (2, Request::Rows(&[1, 0]))] {
            expect(board, number, &request, &Response::Refused(Error::NoVocabulary));
            expect(board, number + 1, &Request::Finish, &Response::Refused(Error::NoVocabulary));
        }
    });
    with_board(|board, _| {
        expect(board, 0, &Request::Numbers(&bytes(&[1.0])), &Response::Refused(Error::NoFeatures));
        expect(board, 1, &Request::Finish, &Response::Refused(Error::NoFeatures));
        expect(board, 2, &Request::Finish, &logits(93));
    });
}

#[test]
fn a_model_of_numbers_tests_itself_on_the_numbers_of_its_features() {
    with_numeric_board(|board| {
        expect(board, 0, &Request::Numbers(&bytes(&[0.0, 1.0, 2.0, 3.0])), &Response::Done);
        let expected = send(board, &framed(1, &Request::Finish), |_, response| format!("{response:?}"));
        expect(board, 2, &Request::Numbers(&bytes(&[9.0])), &Response::Done);
        let found = send(board, &framed(3, &Request::SelfTest), |_, response| format!("{response:?}"));
        assert_eq!(found, expected);
        expect(board, 4, &Request::Numbers(&bytes(&[6.3, 3.3, 6.0, 2.5])), &Response::Done);
        expect(board, 5, &Request::Finish, &iris_answer());
    });
}

#[test]
fn a_zero_byte_within_a_frame_is_damage() {
    let body = framed(3, &Request::Hello);
    for at in 0..=body.len() {
        let mut frame = body.clone();
        frame.insert(at, 0);
        assert_eq!(frame::decode::<Request<'_>>(&mut frame), Err(FrameError::Damaged), "at {at}");
    }
}
