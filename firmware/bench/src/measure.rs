//! Times the jobs in the file `bench.jobs` of the host: loading, row ids, texts.
//!
//! A job is four numbers (u32, little-endian): what to do (see [`Job`]), how often, the model's address relative to its
//! region, and a length; then so many bytes. Answers, a line each: `calibration INSTRUCTIONS TICKS`, then for each job
//! `job TICKS LOGIT`, the ticks of all its repetitions.
#![no_std]
#![no_main]

#[path = "../../src/region.rs"]
mod region;
mod timer;

use core::hint::black_box;

use edgefit::{Classifier, Error, Model, Scratch, seen_words};
use semihosting::{fs::File, io::Read, println, process};
use static_cell::ConstStaticCell;

/// The facts of the board, which build.rs takes from its `board.toml`.
#[allow(dead_code, clippy::unreadable_literal, clippy::doc_markdown, reason = "generated")]
mod board {
    include!(concat!(env!("OUT_DIR"), "/board.rs"));
}

/// Bytes of a text that are read at once; twice as many row ids as fit in.
const BUFFER: usize = 2_048;

type BenchScratch = Scratch<{ seen_words(10_000) }, 512>;

static SCRATCH: ConstStaticCell<BenchScratch> = ConstStaticCell::new(BenchScratch::new());
static BYTES: ConstStaticCell<[u8; BUFFER]> = ConstStaticCell::new([0; BUFFER]);
static ROWS: ConstStaticCell<[u16; BUFFER / 2]> = ConstStaticCell::new([0; BUFFER / 2]);

/// What a job does.
#[derive(Clone, Copy)]
enum Job {
    /// Loads and validates the model.
    Load,
    /// A document of row ids that are known to differ, to its decision.
    Distinct,
    /// A document of row ids in text order, repeats included, to its decision.
    Repeats,
    /// A document of text in RAM, to its decision.
    Text,
}

impl Job {
    fn of(number: u32) -> Option<Self> {
        [Self::Load, Self::Distinct, Self::Repeats, Self::Text].get(number as usize).copied()
    }
}

struct Bench {
    input: File,
    /// The model used last, and where it starts in its region.
    model: Option<(u32, Model<'static>)>,
    scratch: &'static mut BenchScratch,
    bytes: &'static mut [u8; BUFFER],
    rows: &'static mut [u16; BUFFER / 2],
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let Ok(input) = File::open(c"bench.jobs") else {
        println!("there is no file bench.jobs");
        process::exit(1)
    };
    let mut bench = Bench { input, model: None, scratch: SCRATCH.take(), bytes: BYTES.take(), rows: ROWS.take() };
    timer::start();
    println!("calibration {} {}", timer::KNOWN, timer::calibrate());
    match bench.run() {
        Ok(()) => process::exit(0),
        Err(error) => {
            println!("{error}");
            process::exit(1)
        }
    }
}

impl Bench {
    /// Does the jobs in the file, to its end.
    fn run(&mut self) -> Result<(), Error> {
        while let Some(number) = self.number() {
            let (repetitions, offset, length) = (self.number(), self.number(), self.number());
            let job = Job::of(number).ok_or(Error::BadHeader)?;
            let (Some(repetitions), Some(offset), Some(length)) = (repetitions, offset, length) else {
                return Err(Error::TooShort);
            };
            let (ticks, logit) = self.job(job, repetitions, offset, length as usize)?;
            println!("job {ticks} {logit}");
        }
        Ok(())
    }

    fn number(&mut self) -> Option<u32> {
        let mut bytes = [0; 4];
        self.input.read_exact(&mut bytes).ok()?;
        Some(u32::from_le_bytes(bytes))
    }

    /// Does one job; the ticks of all its repetitions, and the first logit.
    fn job(&mut self, job: Job, repetitions: u32, offset: u32, length: usize) -> Result<(u32, i32), Error> {
        let region = region::model().get(offset as usize..).unwrap_or_default();
        if matches!(job, Job::Load) {
            let load = || timer::ticks(|| drop(black_box(Model::from_region(black_box(region)))));
            return Ok(((0..repetitions).map(|_| load()).sum(), 0));
        }
        if !matches!(&self.model, Some((at, _)) if *at == offset) {
            self.model = Some((offset, Model::from_region(region)?));
        }
        if matches!(job, Job::Text) { self.text(length) } else { self.rows(job, repetitions, length) }
    }

    fn rows(&mut self, job: Job, repetitions: u32, length: usize) -> Result<(u32, i32), Error> {
        let bytes = self.bytes.get_mut(..length).ok_or(Error::BadLength)?;
        self.input.read_exact(bytes).map_err(|_| Error::TooShort)?;
        for (row, &pair) in self.rows.iter_mut().zip(bytes.as_chunks().0) {
            *row = u16::from_le_bytes(pair);
        }
        let rows = self.rows.get(..length / 2).unwrap_or_default();
        let (_, model) = self.model.as_ref().ok_or(Error::BadHeader)?;
        let mut classifier = Classifier::new(model, &mut *self.scratch)?;
        let (mut ticks, mut outcome) = (0, Ok(()));
        for _ in 0..repetitions {
            ticks += timer::ticks(|| {
                outcome = match job {
                    Job::Distinct => classifier.distinct_rows(black_box(rows)),
                    _ => classifier.rows(black_box(rows)),
                };
                black_box(classifier.finish().class());
            });
            outcome?;
        }
        Ok((ticks, classifier.logits().values().first().copied().unwrap_or(0)))
    }

    /// Streams a text of any length through the buffer; reading from the host is not timed.
    fn text(&mut self, length: usize) -> Result<(u32, i32), Error> {
        let (_, model) = self.model.as_ref().ok_or(Error::BadHeader)?;
        let mut classifier = Classifier::new(model, &mut *self.scratch)?;
        let (mut ticks, mut left) = (0, length);
        while left > 0 {
            let part = self.bytes.get_mut(..left.min(BUFFER)).ok_or(Error::BadLength)?;
            self.input.read_exact(part).map_err(|_| Error::TooShort)?;
            left -= part.len();
            ticks += timer::ticks(|| classifier.text(black_box(part)));
        }
        ticks += timer::ticks(|| {
            black_box(classifier.finish().class());
        });
        Ok((ticks, classifier.logits().values().first().copied().unwrap_or(0)))
    }
}
