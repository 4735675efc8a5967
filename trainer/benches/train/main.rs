//! What training costs: `cargo xtask bench train`.
//!
//! Each case runs in a process of its own, so that its memory is its own, a few times; what is printed are medians of
//! CPU-seconds (all threads) and the most memory. Keras and PyTorch train the same recipes on the same documents beside it,
//! each also validated after each epoch, if they can be installed.

mod cases;
mod python;

use std::{error::Error, num::NonZeroUsize, process::ExitCode};

use clap::Parser;

use cases::{Case, Measured};
use python::{Library, Python};

/// What a case may take, in CPU-seconds, on the IMDB reviews.
const BUDGETS: [(Case, f64); 4] =
    [(Case::CorpusCold, 2.5), (Case::CorpusWarm, 0.15), (Case::Baseline, 0.9), (Case::MuchBigger, 28.0)];
/// The most memory that any case may take.
const MEMORY_BUDGET_BYTES: u64 = 350 << 20;

/// Measure what training costs
#[derive(Debug, Parser)]
struct Cli {
    /// The IMDB reviews
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/aclImdb_v1.tar.gz"))]
    data: String,
    /// How many times each case runs
    #[arg(long, default_value = "3")]
    runs: NonZeroUsize,
    /// Only these cases
    #[arg(long, value_enum, value_delimiter = ',')]
    cases: Vec<Case>,
    /// A Python that has keras, tensorflow-cpu and torch, instead of a throwaway environment
    #[arg(long, value_name = "PROGRAM")]
    python: Option<String>,
    /// Leave Keras and PyTorch out
    #[arg(long, conflicts_with = "python")]
    no_python: bool,
    /// Run one case here, with the corpus cached in this folder (what the bench starts for each run)
    #[arg(long, hide = true, requires = "cases")]
    cache: Option<String>,
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

/// Whether all cases keep within their budgets.
fn run(cli: &Cli) -> Result<bool, Box<dyn Error>> {
    if let (Some(cache), [case]) = (&cli.cache, cli.cases.as_slice()) {
        println!("{}", serde_json::to_string(&case.run(&cli.data, cache)?)?);
        return Ok(true);
    }
    if !std::path::Path::new(&cli.data).exists() {
        println!("skipped: bench train needs {}; name the reviews with --data", cli.data);
        return Ok(true);
    }
    let folder = tempfile::tempdir()?;
    let mut good = true;
    let mut nets = Vec::new();
    println!("| case | CPU-seconds | budget | wall seconds | peak memory, MB |\n|---|--:|--:|--:|--:|");
    for (case, budget) in BUDGETS {
        if !(cli.cases.is_empty() || cli.cases.contains(&case)) {
            continue;
        }
        let measured = case.measure(&cli.data, folder.path(), cli.runs)?;
        println!("| {} | {:.2} | {budget} | {} |", case.title(), measured.cpu_seconds, measured.rest());
        good &= measured.cpu_seconds <= budget && measured.peak_memory_bytes <= MEMORY_BUDGET_BYTES;
        nets.extend(case.recipe().map(|recipe| (recipe, measured)));
    }
    if !(nets.is_empty() || cli.no_python) {
        match Python::set_up(cli.python.as_deref(), folder.path()) {
            Ok(python) => beside(&python, &nets, &cli.data, folder.path())?,
            Err(why) => println!("\nskipped: Keras and PyTorch: {why}"),
        }
    }
    Ok(good)
}

/// Trains the same nets in the other libraries, and prints their figures over ours.
fn beside(
    python: &Python,
    nets: &[(&'static str, Measured)],
    data: &str,
    folder: &std::path::Path,
) -> Result<(), Box<dyn Error>> {
    let corpus = folder.join("corpus");
    cases::write_corpus(data, folder, &corpus)?;
    println!(
        "\n| library | recipe | CPU-seconds | ratio | peak memory, MB | ratio | accuracy, epochs 16-20 | best loss |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|--:|");
    for (recipe, ours) in nets {
        for library in Library::ALL {
            match python.train(library, recipe, &corpus) {
                Ok(theirs) => println!(
                    "| {} | {recipe} | {:.1} | {:.1} | {:.0} | {:.1} | {:.4} | {:.4} |",
                    library.title(),
                    theirs.cpu_seconds,
                    theirs.cpu_seconds / ours.cpu_seconds,
                    theirs.peak_memory_bytes as f64 / 1e6,
                    theirs.peak_memory_bytes as f64 / ours.peak_memory_bytes as f64,
                    theirs.mean_last5_test_accuracy,
                    theirs.best_validation_loss,
                ),
                Err(why) => println!("skipped: {}, {recipe}: {why}", library.title()),
            }
        }
    }
    Ok(())
}
