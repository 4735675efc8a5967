//! What classifying costs on this machine: `cargo xtask bench host`.
//!
//! The same code as on a board, on one core: the reviews of the test half as raw text, and as row ids.

use std::{error::Error, hint::black_box, path::PathBuf, process::ExitCode};

use clap::Parser;
use edgefit::{Classifier, Scratch, seen_words};
use edgefit_trainer::{
    data::{Corpus, Dataset},
    model_file::ModelFile,
    timing::Stopwatch,
};

const ARCHIVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/aclImdb_v1.tar.gz");
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/baseline.edgefit");

/// The fewest megabytes of raw text a CPU-second.
const TEXT_BUDGET: f64 = 250.0;
/// The most CPU-milliseconds for the 25,000 reviews as row ids.
const IDS_BUDGET: f64 = 25.0;
/// The fastest of so many passes counts: it is the one that others disturbed least.
const PASSES: usize = 7;

/// Measure what classifying costs on this machine
#[derive(Debug, Parser)]
struct Cli {
    /// The IMDB reviews; without them nothing is measured
    #[arg(long, default_value = ARCHIVE)]
    data: PathBuf,
    /// The model
    #[arg(long, default_value = MODEL)]
    model: PathBuf,
    /// What cargo tells every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// The CPU-seconds of the fastest pass.
fn fastest(mut pass: impl FnMut()) -> Result<f64, Box<dyn Error>> {
    let mut best = f64::INFINITY;
    for _ in 0..PASSES {
        let watch = Stopwatch::start();
        pass();
        best = best.min(watch.timing().cpu_seconds.ok_or("this system does not tell CPU time")?);
    }
    Ok(best)
}

/// Whether both budgets are kept.
fn run(cli: &Cli) -> Result<bool, Box<dyn Error>> {
    if !cli.data.exists() {
        println!("skipped: bench host needs {}; name the reviews with --data", cli.data.display());
        return Ok(true);
    }
    let test = Dataset::open(&cli.data.to_string_lossy())?.test;
    let file = ModelFile::read(&cli.model)?;
    let model = file.model()?;
    let mut scratch = Box::new(Scratch::<{ seen_words(65_535) }, 1_024>::new());
    let mut classifier = Classifier::new(&model, &mut *scratch)?;

    let bytes: usize = (0..test.len()).map(|i| test.text(i).len()).sum();
    let mut positive = 0;
    let text = fastest(|| {
        positive = (0..test.len())
            .map(|i| {
                classifier.text(black_box(test.text(i)));
                classifier.finish().class()
            })
            .sum();
    })?;
    let corpus = Corpus::of_model(&test, &model);
    let mut again = 0;
    let rows = fastest(|| {
        again = (0..corpus.len())
            .map(|i| {
                // They are the model's own.
                let _ = classifier.distinct_rows(black_box(corpus.rows_of_file(i)));
                classifier.finish().class()
            })
            .sum();
    })?;
    if positive != again {
        return Err(format!("from text {positive} reviews are positive, from row ids {again}").into());
    }

    let speed = bytes as f64 / text / 1e6;
    let milliseconds = rows * 1e3 * 25_000.0 / test.len() as f64;
    println!("{} documents, {bytes} bytes, one core, the fastest of {PASSES} passes", test.len());
    println!("| from | measured | budget |\n|---|--:|--:|");
    println!("| raw text | {speed:.0} MB/s | {TEXT_BUDGET} MB/s |");
    println!("| row ids, 25,000 reviews | {milliseconds:.1} CPU-ms | {IDS_BUDGET} CPU-ms |");
    Ok(speed >= TEXT_BUDGET && milliseconds <= IDS_BUDGET)
}
