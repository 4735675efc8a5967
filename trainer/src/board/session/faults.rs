//! The real firmware under QEMU against noise, floods, and a line that loses, doubles, cuts and damages frames.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use edgefit::{
    Aligned, Classifier, Model, Scratch,
    link::frame::{Deframer, MAX_FRAME},
    seen_words,
};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::*;
use crate::board::connection::line::Line;

static MODEL: Aligned<[u8; include_bytes!("../../../../shared/golden/tiny.edgefit").len()]> =
    Aligned(*include_bytes!("../../../../shared/golden/tiny.edgefit"));

const TEXT: &[u8] = b"A truly wonderful film, and nobody in it is awful";

fn board() -> Board {
    Board::parse("qemu:mps2-an386").unwrap()
}

fn on_host(text: &[u8]) -> Vec<i32> {
    let model = Model::from_bytes(&MODEL.0).unwrap();
    let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
    let mut classifier = Classifier::new(&model, &mut scratch).unwrap();
    classifier.text(text);
    classifier.finish().values().to_vec()
}

/// How many frames a board hears in these bytes.
fn frames(bytes: &[u8]) -> usize {
    let mut deframer = Deframer::new();
    let mut rest = bytes;
    std::iter::from_fn(|| deframer.feed(&mut rest).map(|_| ())).count()
}

#[test]
fn ten_thousand_random_frames_are_answered_by_errors_and_change_nothing() {
    let board = board();
    let mut session = Session::start(&board, &MODEL.0).unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let (mut sent, mut documents) = (0, 0);
    while sent < 10_000 {
        let mut noise = Vec::new();
        for _ in 0..50 {
            let mut frame = vec![0; random.next_u32() as usize % (MAX_FRAME + 20)];
            random.fill_bytes(&mut frame);
            noise.extend(frame);
            noise.push(0);
        }
        let count = frames(&noise);
        session.connection.to_board.write_all(&noise).unwrap();
        for _ in 0..count {
            assert!(session.connection.hears_damage(), "after {sent} frames");
        }
        sent += count;
        assert_eq!(session.classify_text(TEXT).unwrap(), on_host(TEXT), "after {sent} frames");
        documents += 1;
    }
    assert_eq!(session.info().unwrap().documents, documents);
    let logs = session.finish().unwrap();
    assert_eq!(logs.len(), 2, "it has started and ended once: {logs:?}");
}

#[test]
fn floods_are_survived() {
    let board = board();
    let mut session = Session::start(&board, &MODEL.0).unwrap();
    for byte in [0, 1, 0x55, 0xff] {
        session.connection.to_board.write_all(&vec![byte; 2_000_000]).unwrap();
        assert_eq!(session.classify_text(TEXT).unwrap(), on_host(TEXT), "{byte:#04x}");
    }
    assert_eq!(session.finish().unwrap().len(), 2);
}

/// One direction of a line with a fault in some frames.
struct Faulty<F> {
    file: F,
    line: Line,
    frame: Vec<u8>,
    ready: Vec<u8>,
}

impl<F> Faulty<F> {
    fn new(file: F, seed: u64) -> Self {
        Self { file, line: Line::new(seed, 15), frame: Vec::new(), ready: Vec::new() }
    }

    fn carry(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.frame.push(byte);
            if byte == 0 {
                self.ready.extend(self.line.carry(&std::mem::take(&mut self.frame)));
            }
        }
    }
}

impl<F: Write> Write for Faulty<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.carry(bytes);
        self.file.write_all(&std::mem::take(&mut self.ready))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<F: Read> Read for Faulty<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() {
            let mut chunk = [0; 4_096];
            let len = self.file.read(&mut chunk)?;
            if len == 0 {
                return Ok(0);
            }
            self.carry(&chunk[..len]);
        }
        let len = self.ready.len().min(into.len());
        into[..len].copy_from_slice(&self.ready[..len]);
        self.ready.drain(..len);
        Ok(len)
    }
}

#[test]
fn every_answer_is_right_over_a_line_that_loses_doubles_cuts_and_damages_frames() {
    let board = board();
    let qemu = board.facts.qemu.as_ref().unwrap();
    let (process, ends) = Process::start(&board, qemu, board.image().unwrap(), &MODEL.0, false).unwrap();
    let pace = Pace { silence: Duration::from_millis(20), attempts: 2_000, ..Pace::PIPE };
    let (there, back) = (Faulty::new(ends.to_board, 1), Faulty::new(ends.from_board, 2));
    let mut connection = Connection::new(back, there, pace);
    let model = Model::from_bytes(&MODEL.0).unwrap();
    connection.hello(&board.facts.name, model.crc()).unwrap();
    let texts: Vec<Vec<u8>> = (0..300).map(|i| TEXT.repeat(i % 40)).collect();
    for text in &texts[..100] {
        assert_eq!(connection.classify_document(Document::Text(text)).unwrap(), on_host(text));
    }
    let documents: Vec<Document<'_>> = texts[100..].iter().map(|text| Document::Text(text)).collect();
    let mut answered = 0;
    connection
        .classify_documents(&documents, |i, logits| {
            assert_eq!(logits, on_host(&texts[100 + i]));
            answered += 1;
        })
        .unwrap();
    assert_eq!(answered, documents.len());
    assert!(connection.to_board.line.faults > 100, "{} faults", connection.to_board.line.faults);
    connection.quit().unwrap();
    let ended = Box::new(process).wait().unwrap();
    assert!(ended.status.success() && ended.logs.len() == 2, "{ended:?}");
}
