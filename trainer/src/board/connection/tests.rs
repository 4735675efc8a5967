//! The host's side against the board's own code, over pipes that lose, double, damage and cut frames.

use std::{
    io::{PipeReader, PipeWriter, pipe},
    thread,
};

use edgefit::{
    Aligned, Classifier, Model, Scratch,
    link::{Board, Response, Served},
    seen_words,
};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::{line::Line, *};

static MODEL: Aligned<[u8; include_bytes!("../../../../shared/golden/tiny.edgefit").len()]> =
    Aligned(*include_bytes!("../../../../shared/golden/tiny.edgefit"));

/// So much that only a host that is stuck runs out of it.
const PATIENT: Pace = Pace { silence: Duration::from_millis(20), attempts: 500, ..Pace::PIPE };

fn model() -> Model<'static> {
    Model::from_bytes(&MODEL.0).unwrap()
}

/// What the board's end of a test saw.
struct Seen {
    documents: u32,
    faults: u32,
    quit: bool,
}

fn run_board(mut from_host: PipeReader, mut to_host: PipeWriter, seed: u64, one_in: u32) -> Seen {
    let model = model();
    let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
    let classifier = Served::new(&model, &mut scratch).unwrap();
    let mut board = Board::new("tiny", Ok((classifier, model.crc())));
    let (mut there, mut back) = (Line::new(seed, one_in), Line::new(seed + 1, one_in));
    let (mut sent, mut arrived) = (Deframer::new(), Deframer::new());
    let mut chunk = [0; 4_096];
    while let Ok(len @ 1..) = from_host.read(&mut chunk) {
        let mut answers = vec![];
        for &byte in &chunk[..len] {
            let Some(body) = sent.push(byte) else { continue };
            for byte in there.carry(&[&*body, &[0]].concat()) {
                if let Some(body) = arrived.push(byte) {
                    answers.extend(back.carry(board.handle(body)));
                }
            }
        }
        // The host may have left with what it wanted.
        if to_host.write_all(&answers).is_err() || board.quit() {
            break;
        }
    }
    Seen { documents: board.documents(), faults: there.faults + back.faults, quit: board.quit() }
}

/// Runs `test` with a connection to a board at the end of such lines.
fn with_board(seed: u64, one_in: u32, pace: Pace, test: impl FnOnce(&mut Connection<PipeWriter>)) -> Seen {
    let ((board_reads, host_writes), (host_reads, board_writes)) = (pipe().unwrap(), pipe().unwrap());
    let board = thread::spawn(move || run_board(board_reads, board_writes, seed, one_in));
    let mut connection = Connection::new(host_reads, host_writes, pace);
    test(&mut connection);
    drop(connection);
    board.join().unwrap()
}

/// Texts from nothing to several windows, of the golden model's words and others.
fn texts() -> Vec<Vec<u8>> {
    let words = ["wonderful", "awful", "film", "plot", "nobody", "caf\u{e9}", "It's", "great", "<br />", "worst"];
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut text = |len: usize| {
        (0..len).flat_map(|_| [words[random.next_u32() as usize % words.len()].as_bytes(), b" "].concat()).collect()
    };
    [0, 1, 3, 40, 200, 1, 2_000, 5].map(&mut text).to_vec()
}

fn on_host(text: &[u8]) -> Vec<i32> {
    let model = model();
    let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
    let mut classifier = Classifier::new(&model, &mut scratch).unwrap();
    classifier.text(text);
    classifier.finish().values().to_vec()
}

#[test]
fn texts_and_rows_get_the_answers_of_the_host() {
    let seen = with_board(0, 0, PATIENT, |connection| {
        connection.hello("tiny", model().crc()).unwrap();
        for text in texts() {
            assert_eq!(connection.classify_document(Document::Text(&text)), Ok(on_host(&text)));
        }
        // Row 31 is that of unknown words.
        let rows = [31; 500];
        assert_eq!(connection.classify_rows(&rows), Ok(on_host(b"nobody")));
        connection.quit().unwrap();
    });
    assert_eq!((seen.documents, seen.faults, seen.quit), (9, 0, true));
}

#[test]
fn a_stream_of_texts_gets_the_answers_of_the_host() {
    let texts = vec![texts(); 20].concat();
    let documents: Vec<Document<'_>> = texts.iter().map(|text| Document::Text(text)).collect();
    for one_in in [0, 200] {
        let seen = with_board(3, one_in, PATIENT, |connection| {
            connection.hello("tiny", model().crc()).unwrap();
            let mut answered = 0;
            let each = |i: usize, logits| {
                assert_eq!((i, logits), (answered, on_host(&texts[i])), "one in {one_in}");
                answered += 1;
            };
            connection.classify_documents(&documents, each).unwrap();
            assert_eq!(answered, texts.len());
        });
        assert_eq!(seen.faults > 0, one_in > 0, "{} faults", seen.faults);
    }
}

#[test]
fn a_refused_text_ends_the_stream() {
    let ((board_reads, host_writes), (host_reads, board_writes)) = (pipe().unwrap(), pipe().unwrap());
    let bare = thread::spawn(move || {
        let (mut from_host, mut to_host) = (board_reads, board_writes);
        let mut board = Board::new("bare", Err(edgefit::Error::BadMagic));
        let (mut deframer, mut byte) = (Deframer::new(), [0]);
        while let Ok(1) = from_host.read(&mut byte) {
            if let Some(body) = deframer.push(byte[0]) {
                to_host.write_all(board.handle(body)).unwrap();
            }
        }
    });
    let mut connection = Connection::new(host_reads, host_writes, PATIENT);
    assert_eq!(connection.hello("bare", 0), Err(LinkError::NoModel(edgefit::Error::BadMagic)));
    assert!(connection.classify_documents(&[Document::Text(b"film")], |_, _| panic!("no answer")).is_err());
    drop(connection);
    bare.join().unwrap();
}

#[test]
fn every_answer_is_right_over_a_bad_line() {
    let mut faults = 0;
    for seed in 0..40 {
        let seen = with_board(2 * seed, 12, PATIENT, |connection| {
            connection.hello("tiny", model().crc()).unwrap();
            for text in texts() {
                assert_eq!(connection.classify_document(Document::Text(&text)), Ok(on_host(&text)), "seed {seed}");
            }
            let refused = Err(LinkError::Refused(edgefit::Error::RowOutOfRange));
            assert_eq!(connection.classify_rows(&[&[32][..], &[0; 5_000]].concat()), refused, "seed {seed}");
            assert_eq!(connection.classify_rows(&[31]), Ok(on_host(b"nobody")), "seed {seed}");
        });
        assert_eq!(seen.documents, 9, "each document counts once, seed {seed}");
        faults += seen.faults;
    }
    assert!(faults > 400, "the line was hardly bad: {faults} faults");
}

#[test]
fn numbers_may_wrap_around_within_a_window() {
    with_board(0, 0, PATIENT, |connection| {
        connection.next = u16::MAX - 10;
        connection.hello("tiny", model().crc()).unwrap();
        for text in texts() {
            assert_eq!(connection.classify_document(Document::Text(&text)), Ok(on_host(&text)));
        }
    });
}

#[test]
fn another_board_and_another_model_are_noticed() {
    with_board(0, 0, PATIENT, |connection| {
        let crc = model().crc();
        assert_eq!(connection.hello("other", crc), Err(LinkError::OtherBoard("tiny".to_owned())));
        assert_eq!(connection.hello("tiny", 7), Err(LinkError::OtherModel { found: crc, expected: 7 }));
        assert_eq!(connection.hello("tiny", crc), Ok(()));
    });
}

#[test]
fn a_closed_link_and_a_silent_board_are_told_apart() {
    let ((board_reads, host_writes), (host_reads, board_writes)) = (pipe().unwrap(), pipe().unwrap());
    let pace = Pace { silence: Duration::from_millis(1), attempts: 3, ..Pace::PIPE };
    let mut connection = Connection::new(host_reads, host_writes, pace);
    assert_eq!(connection.hello("tiny", 0), Err(LinkError::Silent(3)));
    drop(board_writes);
    assert_eq!(connection.hello("tiny", 0), Err(LinkError::Closed));
    drop(board_reads);
    assert_eq!(connection.classify_document(Document::Text(b"film")), Err(LinkError::Closed));
}

#[test]
fn a_full_window_fits_in_a_pipe_as_often_as_it_is_repeated() {
    let frames = Pace::PIPE.window * MAX_FRAME + 1;
    assert!(frames * 5 <= 1 << 16, "{frames} bytes");
    assert!(Pace::PIPE.under_way + frames <= 1 << 16);
}

/// A board that says the same over and over, without ever being asked.
struct Chatter {
    bytes: Vec<u8>,
    at: usize,
}

impl Read for Chatter {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        for byte in &mut *buffer {
            *byte = self.bytes[self.at];
            self.at = (self.at + 1) % self.bytes.len();
        }
        Ok(buffer.len())
    }
}

#[test]
fn a_board_that_never_stops_talking_and_never_answers_is_given_up() {
    let stale = |number| {
        let mut out = [0; MAX_FRAME];
        let len = frame::encode(number, &Response::Done, &mut out).unwrap();
        out[..len].to_vec()
    };
    let out_of_step = {
        let mut out = [0; MAX_FRAME];
        let len = frame::encode(9, &Response::OutOfStep { expected: 40_000 }, &mut out).unwrap();
        out[..len].to_vec()
    };
    for (what, bytes) in [
        ("noise", vec![1, 2, 3, 0]),
        ("a stale answer", stale(7)),
        ("out of step", out_of_step),
        ("no zero byte", vec![b'x']),
        ("zero bytes alone", vec![0]),
        ("frames that are too long", [&[b'x'; 1_000][..], &[0]].concat()),
    ] {
        let mut connection = Connection::new(Chatter { bytes, at: 0 }, std::io::sink(), Pace::PIPE);
        assert_eq!(connection.hello("tiny", 0), Err(LinkError::Silent(Pace::PIPE.attempts)), "{what}");
    }
}

#[test]
fn answers_to_a_stream_that_was_given_up_are_no_reason_to_give_up_the_board() {
    with_board(0, 0, PATIENT, |connection| {
        connection.hello("tiny", model().crc()).unwrap();
        // As if a stream of so many requests had ended with all of them under way.
        let many = 20 * SPARE_FRAMES;
        let (mut under_way, first) = (vec![], connection.next);
        for _ in 0..many {
            let mut out = [0; MAX_FRAME];
            let len = frame::encode(connection.next, &Request::Text(b"film"), &mut out).unwrap();
            under_way.extend_from_slice(&out[..len]);
            connection.next = connection.next.wrapping_add(1);
        }
        assert_eq!(usize::from(connection.next.wrapping_sub(first)), many);
        connection.to_board.write_all(&under_way).unwrap();
        connection.unanswered = many;
        connection.pace = Pace { attempts: 1, ..Pace::PIPE };
        connection.hello("tiny", model().crc()).unwrap();
        assert_eq!(connection.unanswered, 0);
    });
}

#[test]
fn what_nobody_hears_does_not_pile_up() {
    struct Flood(usize, mpsc::Sender<()>);
    impl Read for Flood {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 -= 1;
            Ok(if self.0 > 0 { buffer.len() } else { 0 })
        }
    }
    impl Drop for Flood {
        fn drop(&mut self) {
            self.1.send(()).unwrap();
        }
    }
    let (sender, is_over) = mpsc::channel();
    let connection = Connection::new(Flood(4 * WAITING_CHUNKS, sender), std::io::sink(), Pace::PIPE);
    is_over.recv().unwrap();
    assert_eq!(connection.from_board.try_iter().count(), WAITING_CHUNKS);
}
