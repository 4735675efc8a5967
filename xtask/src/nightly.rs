//! The verbs that need a nightly compiler: the fuzzer and the interpreter.

use std::{env, fs, path::Path, process::Command};

use crate::{
    Failure, coverage,
    steps::{output, root, step, succeeds},
};

/// The version that the figures in `fuzz/README.md` come from.
const CARGO_FUZZ: &str = "0.13.2";
/// The targets of the runtime crate, which are built in a minute, and those of the trainer, which are built with burn.
const RUNTIME: [&str; 3] = ["model", "words", "link"];
const READERS: [&str; 5] = ["archive", "npz", "table", "recipe", "resume"];

/// What the fuzzer is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fuzz {
    /// To run for so many minutes, all targets together.
    Minutes(u32),
    /// To say which lines its corpora reach.
    Coverage,
}

/// Runs all targets in turn, each for its share of the time, or on their corpora alone. A target that finds something ends the
/// verb: the bytes are in `fuzz/artifacts`, and what was found on the way stays in `fuzz/corpus`.
pub(crate) fn fuzz(what: Fuzz, target: Option<&str>, runtime: bool) -> Result<(), Failure> {
    let all: Vec<&str> = if runtime { RUNTIME.to_vec() } else { [&RUNTIME[..], &READERS].concat() };
    let chosen: Vec<&str> = all.iter().copied().filter(|name| target.is_none_or(|target| target == *name)).collect();
    if chosen.is_empty() {
        return Err(Failure::missing(format!("there is no such target; the targets are: {}", all.join(", "))));
    }
    toolchain(if matches!(what, Fuzz::Coverage) { &["llvm-tools"] } else { &[] })?;
    if !succeeds("cargo", &["+nightly", "fuzz", "--version"]) {
        step(".", &["install", "--locked", "cargo-fuzz", "--version", CARGO_FUZZ], &[])?;
    }
    // The runtime's targets alone are built without burn.
    let with_readers = chosen.iter().any(|name| READERS.contains(name));
    let features: &[&str] = if with_readers { &["--features", "readers"] } else { &[] };
    // cargo-fuzz has no `--locked`.
    step("fuzz", &["fetch", "--locked"], &[])?;
    let minutes = match what {
        Fuzz::Minutes(minutes) => minutes,
        Fuzz::Coverage => return coverage::run(&chosen, features),
    };
    let seeds = if with_readers { &[][..] } else { &["--no-default-features"] };
    let write_seeds = ["run", "--release", "--locked", "--package", "edgefit-fuzz-targets", "--bin", "seeds"];
    step(".", &[&write_seeds, seeds, &["--", "fuzz/corpus"]].concat(), &[])?;

    // Safe code has no use for the address sanitiser, which makes it half as fast.
    let build = ["+nightly", "fuzz", "build", "--sanitizer", "none", "--release"];
    step("fuzz", &[&build[..], features].concat(), &[])?;
    // What is written there for a moment is not written to a disk, where there is a place in memory.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { env::temp_dir() };
    let time = format!("-max_total_time={}", u64::from(minutes) * 60 / chosen.len() as u64);
    for name in chosen {
        fs::create_dir_all(root().join("fuzz/corpus").join(name))
            .map_err(|error| Failure::missing(format!("fuzz/corpus: {error}")))?;
        let run = ["+nightly", "fuzz", "run", "--sanitizer", "none", "--release"];
        let of_fuzzer = ["--", &time, "-timeout=20", "-print_final_stats=1", "-max_len=40000"];
        step(
            "fuzz",
            &[&run[..], features, &[name], &of_fuzzer].concat(),
            &[("TMPDIR", &place.to_string_lossy()), ("RUST_BACKTRACE", "0")],
        )?;
    }
    Ok(())
}

/// Interprets the tests of the runtime crate, with the kernels in plain Rust, as on any machine that has no others.
pub(crate) fn miri(target: Option<&str>) -> Result<(), Failure> {
    toolchain(&["miri", "rust-src"])?;
    let flags = "-Zmiri-strict-provenance -Zmiri-disable-isolation";
    // In a folder of its own, since it is another compiler; one case a property, since each takes seconds.
    let environment = [("MIRIFLAGS", flags), ("PROPTEST_CASES", "1"), ("CARGO_TARGET_DIR", "target/miri")];
    let arguments = ["+nightly", "miri", "test", "--locked", "--package", "edgefit", "--lib", "--tests"];
    let mut arguments = [&arguments[..], &["--features", "portable", "--no-fail-fast"]].concat();
    arguments.extend(target.into_iter().flat_map(|target| ["--target", target]));
    step(".", &arguments, &environment)
}

/// Makes sure of the nightly compiler and of parts of it.
fn toolchain(components: &[&str]) -> Result<(), Failure> {
    let components: Vec<&str> = components.iter().flat_map(|part| ["--component", part]).collect();
    let arguments = [&["toolchain", "install", "nightly", "--profile", "minimal", "--no-self-update"], &components[..]];
    let has = |part: &&str| {
        let installed = output("rustup", &["component", "list", "--installed", "--toolchain", "nightly"]);
        installed.is_ok_and(|installed| installed.lines().any(|line| line.starts_with(*part)))
    };
    if succeeds("cargo", &["+nightly", "--version"])
        && components.iter().filter(|part| **part != "--component").all(has)
    {
        return Ok(());
    }
    let line = format!("rustup {}", arguments.concat().join(" "));
    eprintln!("setup: {line}");
    match Command::new("rustup").args(arguments.concat()).status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::missing(format!("the nightly compiler is missing\n  run: {line}"))),
    }
}
