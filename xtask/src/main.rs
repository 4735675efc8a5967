//! The project's verbs, the same for a newcomer, a developer and CI: `cargo xtask demo`, `cargo xtask test`,
//! `cargo xtask bench`, `cargo xtask fuzz`, `cargo xtask miri`, `cargo xtask mutants`, `cargo xtask audit`.

mod audit;
mod coverage;
mod mutants;
mod nightly;
mod setup;
mod steps;
mod tally;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use nightly::Fuzz;
use setup::Needs;

/// Sets up what a verb needs, then carries it out
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Train, quantise, run on an emulated board and give a verdict, on the embedded synthetic corpus
    Demo {
        /// Arguments for `trainer demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Every check and every test: format, lints, documentation, unit, property, parity on QEMU, and the whole story
    Test {
        /// Instead, train the same recipes on a second backend, burn-ndarray; it builds burn anew
        #[arg(long)]
        ndarray: bool,
    },
    /// What edgefit costs, compared with the figures that are kept
    Bench {
        /// Where: on emulated cores, or on this machine
        #[arg(value_enum)]
        place: steps::Bench,
        /// Arguments for the bench, such as `--update`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Give every parser bytes that nobody thought of; needs a nightly compiler, and installs cargo-fuzz
    Fuzz {
        /// For how long, all targets together
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
        minutes: u32,
        /// One target instead of all in turn
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
        /// Only the targets of the runtime crate, which are built without burn
        #[arg(long)]
        runtime: bool,
        /// Instead, say which lines of the code under attack are reached by what the fuzzer has found so far
        #[arg(long, conflicts_with = "minutes")]
        coverage: bool,
    },
    /// The runtime crate's tests in an interpreter that sees undefined behaviour; needs a nightly compiler
    Miri {
        /// Instead of this machine: another one, such as `i686-unknown-linux-gnu`
        #[arg(long, value_name = "TRIPLE")]
        target: Option<String>,
    },
    /// Change the runtime crate and the statistics in one place after another: a test must notice; installs cargo-mutants
    Mutants {
        /// One package instead of both
        #[arg(long, value_enum)]
        package: Option<mutants::Package>,
        /// A share of the mutants, every N-th from the K-th on, counted from 0
        #[arg(long, value_name = "K/N")]
        shard: Option<String>,
        /// How many at once
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
        jobs: u32,
    },
    /// Licences, sources and advisories of all dependencies, and the bill of materials; installs cargo-deny and others
    Audit {
        /// Without the advisories, whose database is fetched
        #[arg(long)]
        offline: bool,
    },
    /// Install what the other verbs need: the Rust targets of the boards, QEMU, and Chromium for the report's test
    Setup,
}

fn main() -> ExitCode {
    let verb = Cli::parse().verb;
    let needs = match verb {
        Verb::Demo { .. } => Needs::DefaultBoard,
        Verb::Bench { .. } => Needs::AllBoards,
        Verb::Fuzz { .. } | Verb::Miri { .. } | Verb::Mutants { .. } | Verb::Audit { .. } => Needs::Nothing,
        Verb::Test { .. } | Verb::Setup => Needs::Tests,
    };
    let outcome = setup::run(needs).and_then(|()| match verb {
        Verb::Demo { arguments } => steps::demo(&arguments),
        Verb::Test { ndarray: false } => steps::test(),
        Verb::Test { ndarray: true } => steps::test_ndarray(),
        Verb::Bench { place, arguments } => steps::bench(place, &arguments),
        Verb::Fuzz { minutes, target, runtime, coverage } => {
            let what = if coverage { Fuzz::Coverage } else { Fuzz::Minutes(minutes) };
            nightly::fuzz(what, target.as_deref(), runtime)
        }
        Verb::Miri { target } => nightly::miri(target.as_deref()),
        Verb::Mutants { package, shard, jobs } => mutants::run(package, shard.as_deref(), jobs),
        Verb::Audit { offline } => audit::run(offline),
        Verb::Setup => Ok(()),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(failure.code)
        }
    }
}

/// Why a verb stopped, and the exit code for it: 1 a check failed, 2 something is missing.
#[derive(Debug)]
struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    fn check(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    fn missing(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
